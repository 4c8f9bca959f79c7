"""Tell the class of texts, given one by one or in a file, by a network that is trained on a run's set."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tdd.data.columns import column_of
from tdd.data.files import read_file
from tdd.data.formats.dialect import DELIMITERS
from tdd.data.formats.fasttext_lines import holds_labels
from tdd.data.formats.packed import data_suffix, lines_of
from tdd.data.formats.plain_text import plain_text
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.predictor import Predictor, Text
from tdd.publishing.saved_model import SavedModel
from tdd.settings.column_names import pair_of
from tdd.settings.data_parts import DataSettings
from tdd.system.formatting import aligned, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_TEXT = 60
"""Characters of a text that a table shows."""


@dataclass(frozen=True)
class Predictions:
    """The classes of N texts.

    Attributes:
        texts: the texts, or pairs of them.
        classes: C names.
        probabilities: (N, C).
    """

    texts: list[Text]
    classes: list[str]
    probabilities: NDArray[np.float64]

    def rows(self) -> list[dict[str, Any]]:
        """Of each text "text" (of a pair a list of two), "label" and "probabilities" by class."""
        best = self.probabilities.argmax(1)
        return [
            {
                "text": text if isinstance(text, str) else list(text),
                "label": self.classes[place],
                "probabilities": dict(zip(self.classes, map(float, row), strict=True)),
            }
            for text, place, row in zip(self.texts, best, self.probabilities, strict=True)
        ]

    def table(self) -> str:
        """A line for each text: its class, how likely that is, and how it begins."""
        cells = []
        for row in self.rows():
            text = row["text"] if isinstance(row["text"], str) else " | ".join(row["text"])
            shown = printable(" ".join(text.split()))
            shown = shown if len(shown) <= LONGEST_TEXT else f"{shown[: LONGEST_TEXT - 3]}..."
            cells.append([printable(row["label"]), f"{100 * max(row['probabilities'].values()):.1f} %", shown])
        return aligned(cells, left=(0, 2))

    def json_lines(self) -> str:
        """`rows` as JSON, one a line."""
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in self.rows())

    def csv(self) -> str:
        """A row for each text: its text or texts, its label, and a column for the probability of each class."""
        buffer = io.StringIO()
        pairs = bool(self.texts) and not isinstance(self.texts[0], str)
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow([*(("text", "text 2") if pairs else ("text",)), "label", *self.classes])
        for row in self.rows():
            texts = row["text"] if pairs else [row["text"]]
            writer.writerow([*texts, row["label"], *(f"{value:.6f}" for value in row["probabilities"].values())])
        return buffer.getvalue()


def predict(distilled: DistilledSet, texts: Sequence[Text], network: str | None = None, seed: int = 0) -> Predictions:
    """The classes of texts by a network trained on a set, see `Predictor`."""
    predictor = Predictor(distilled, network=network, seed=seed)
    return Predictions(list(texts), predictor.classes, predictor.probabilities(texts))


def predict_by_model(folder: Path, texts: Sequence[Text]) -> Predictions:
    """The classes of texts by a model that `tdd train` saved, see `SavedModel`."""
    model = SavedModel(folder)
    return Predictions(list(texts), model.classes, model.probabilities(texts))


def texts_of_file(
    path: Path, own: str | None = None, column: str | None = None, reading: Mapping[str, Any] | None = None
) -> list[Text]:
    """The texts of a file: one a line (.txt), or those of a column of a table, of all its splits.

    A file ``.txt`` is a table where it is one of fastText's, or where the set's own columns stand in its first line.

    Args:
        path: the file.
        own: the column of the set's data, which is taken where the file has it; None: not known.
        column: the column, two of pairs; None: `own`, or else the one column there is.
        reading: settings that say how the file is written; None: that is recognised.

    Raises:
        UsageError: a file of another kind, without such a column, or without a text in a row.
        TddError: it is damaged.
    """
    reading = reading or {}
    if data_suffix(path) == ".txt" and column is None and "delimiter" not in reading:
        encoding = reading.get("encoding")
        lines = [line.rstrip("\r\n") for line in lines_of(plain_text(path, encoding)[0]) if line.strip()]
        if not lines:
            raise UsageError(f"{path} is empty: it holds no texts")
        if not holds_labels(path, encoding) and not _is_head(lines[0], own):
            return list(lines)
    asked = column or own
    read = read_file(path, DataSettings(text_column=asked, **reading))
    texts: list[Text] = []
    for split in read.splits.values():
        columns = _columns(path, split.column_names, asked)
        parts = [_texts(path, column_of(split, name).to_pylist(), name) for name in columns]
        texts += parts[0] if len(parts) == 1 else list(zip(*parts, strict=True))
    return texts


def _is_head(line: str, own: str | None) -> bool:
    """Whether the columns that a set was made of stand in the first line of a file, as in that of a table."""
    if own is None:
        return False
    cells = [{cell.strip(" \"'") for cell in line.split(one)} for one in DELIMITERS if one in line]
    return any(set(pair_of(own) or [own]) <= found for found in cells)


def _texts(path: Path, values: list[Any], column: str) -> list[str]:
    """The values of a column as texts.

    Raises:
        UsageError: one is missing, blank, or no text.
    """
    for row, value in enumerate(values, 1):
        if value is None or not str(value).strip() or (isinstance(value, float) and isnan(value)):
            raise UsageError(f"{path}: row {row} has no text in column '{column}'; leave it out")
        if not isinstance(value, str | int | float):
            raise UsageError(f"{path}: column '{column}' holds {type(value).__name__}s, not texts; name another one")
    return list(map(str, values))


def _columns(path: Path, present: list[str], asked: str | None) -> list[str]:
    wanted = [*(pair_of(asked, present) or ([asked] if asked else []))]
    if wanted and all(name in present for name in wanted):
        return wanted
    if len(present) == 1:
        return present
    raise UsageError(f"{path} has the columns {', '.join(present)}: name that of the text with --text-column")
