"""A file of texts and labels from elsewhere, for the classes of a data set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.data.files import read_file
from tdd.data.usual_columns import LABEL_COLUMNS, TEXT_COLUMNS
from tdd.errors import UsageError, nearest
from tdd.hub.quiet import quiet
from tdd.settings.column_names import pair_of
from tdd.settings.data_parts import DataSettings

if TYPE_CHECKING:
    from datasets import Dataset

MOST_LISTED = 12
"""Classes that a line names."""
SOFT_COLUMNS = ("soft_label", "soft_labels", "probabilities")


@dataclass(frozen=True)
class LabelledTexts:
    """Texts of a file.

    Attributes:
        texts: each as its parts: one, or two of a pair.
        labels: (n, C) soft ones, any numbers, or one-hot.
        notes: what a user should know of how labels were read, a line each.
    """

    texts: list[tuple[str, ...]]
    labels: Tensor
    notes: list[str] = field(default_factory=list)


def read_labelled_texts(
    path: Path, classes: Sequence[str], pair: Sequence[str] = (), reading: Mapping[str, Any] | None = None
) -> LabelledTexts:
    """The texts and labels of a csv, tsv, json, jsonl or parquet file.

    The column of texts has a usual name, the two of pairs those of the data set. Labels are soft ones, a list of C
    numbers in a column "soft_label", or else classes: their names, or their numbers from 0 in the order of `classes`.
    `reading` may name other columns; that of labels then holds soft ones where its values are lists.

    Args:
        path: the file.
        classes: C names.
        pair: the data set's two columns, where its examples are pairs of texts.
        reading: settings that say how it is written, and "text_column" and "label_column"; None: that is recognised.

    Raises:
        UsageError: there are no such columns, a text is missing, or a label is not one of the classes.
        TddError: the file is damaged.
    """
    with quiet():
        how = DataSettings(dataset=str(path), **(reading or {}))
        rows = next(iter(read_file(path, how).splits.values()))
    asked = pair_of(how.text_column, rows.column_names)
    if how.text_column and bool(asked) != bool(pair):
        two = "pairs of texts: name two columns" if pair else "single texts: name one column"
        raise UsageError(f"text_column: {how.text_column}, and the data are {two}")
    pair = asked or pair
    if pair and not set(pair) <= set(rows.column_names):
        raise UsageError(
            f"{path}: the data are pairs of texts, {' and '.join(pair)}, and it has {', '.join(rows.column_names)}; "
            "give it these two columns"
        )
    columns = list(pair) or [_column(path, rows, TEXT_COLUMNS, "text", how.text_column)]
    texts = list(zip(*(rows[column] for column in columns), strict=True))
    for number, text in enumerate(texts, 1):
        for column, part in zip(columns, text, strict=True):
            if not isinstance(part, str) or not part.strip():
                raise UsageError(f"{path}: row {number} has no text in column '{column}'; leave it out")
    named = how.label_column and _column(path, rows, LABEL_COLUMNS, "label", how.label_column)
    soft = [named] if named and _are_lists(rows[named]) else []
    if not named:
        soft = [name for name in rows.column_names if name.lower() in SOFT_COLUMNS]
    if soft:
        labels = torch.stack([_soft(path, place, row, classes) for place, row in enumerate(rows[soft[0]], 1)])
        return LabelledTexts(texts, labels, _notes_on_soft(path, rows, soft[0], labels, classes))
    values = _classes_of(rows, named or _column(path, rows, LABEL_COLUMNS, "label"))
    places = [_place(path, row, value, classes) for row, value in enumerate(values, 1)]
    notes = []
    if any(_named(str(value).strip(), classes) is None for value in values):
        _check_order(path, rows, places, classes)
        notes = [f"{path}: numbers of classes are counted from 0 in the order {_listed(classes)}"]
    return LabelledTexts(texts, F.one_hot(torch.tensor(places), len(classes)).float(), notes)


def _check_order(path: Path, rows: Dataset, places: Sequence[int], classes: Sequence[str]) -> None:
    """Raise UsageError where another column names the classes, and mostly others than their numbers."""
    for column in rows.column_names:
        named = [str(value).strip() for value in _classes_of(rows, column)]
        if not set(named) <= set(classes):
            continue
        wrong = [row for row, (name, place) in enumerate(zip(named, places, strict=True)) if name != classes[place]]
        if 2 * len(wrong) > len(named):
            row = wrong[0]
            raise UsageError(
                f"{path}: row {row + 1} is of class {places[row]}, {classes[places[row]]} in the order of the classes, "
                f"and '{column}' says {named[row]}: name that column (--label-column {column})"
            )


def _notes_on_soft(path: Path, rows: Dataset, column: str, labels: Tensor, classes: Sequence[str]) -> list[str]:
    """The order in which soft labels are read, and where the file's own labels tell of another one."""
    notes = [f"{path}: the numbers of '{column}' are those of {_listed(classes)}, in this order"]
    for hard in [name for name in rows.column_names if name.lower() in LABEL_COLUMNS][:1]:
        largest = [classes[place] for place in labels.argmax(1).tolist()]
        named = [str(value).strip() for value in _classes_of(rows, hard)]
        other = sum(one != two for one, two in zip(largest, named, strict=True) if two in classes)
        if 2 * other > len(named):
            notes.append(
                f"{path}: in {other} of {len(named)} rows the largest of them is another class than '{hard}' names: is "
                "that their order?"
            )
    return notes


def _classes_of(rows: Dataset, column: str) -> list[Any]:
    """The values of a column of labels, by name where the file names them."""
    named = getattr(rows.features[column], "names", None)
    return [named[value] if named else value for value in rows[column]]


def _are_lists(values: Sequence[Any]) -> bool:
    """Whether labels are soft ones: lists, or written as such."""
    return all(isinstance(value, list) or (isinstance(value, str) and value.lstrip()[:1] == "[") for value in values)


def _column(path: Path, rows: Dataset, names: Sequence[str], what: str, asked: str | None = None) -> str:
    """The column of this name, or else the first that has a usual one."""
    if asked is not None:
        if asked not in rows.column_names:
            raise UsageError(f"{path} has no column '{asked}'{nearest(asked, rows.column_names)}")
        return asked
    found: list[str] = [name for wanted in names for name in rows.column_names if name.lower() == wanted]
    if not found:
        raise UsageError(
            f"{path} has no column of {what}s: it has {', '.join(rows.column_names)}; call one '{what}', or "
            f"name it (--{what}-column)" + ("; soft labels are a list in one column" if what == "label" else "")
        )
    return found[0]


def _soft(path: Path, row: int, value: Any, classes: Sequence[str]) -> Tensor:
    """Soft labels (C,) of a row, given as a list or written as one."""
    try:
        numbers = torch.tensor(json.loads(value) if isinstance(value, str) else value, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError):
        numbers = torch.empty(0)
    if numbers.shape != (len(classes),) or not numbers.isfinite().all():
        raise UsageError(
            f"{path}: row {row} has no soft label of {len(classes)} numbers, one for each of {_listed(classes)}"
        )
    if not (numbers > 0).any():
        raise UsageError(f"{path}: row {row} has a soft label without a number above 0; leave it out")
    return numbers


def _place(path: Path, row: int, value: Any, classes: Sequence[str]) -> int:
    """The class of a row, by its name or its number."""
    name = "" if value is None else str(value).strip()
    if not name:
        raise UsageError(f"{path}: row {row} has no label; leave it out, or give it one of {_listed(classes)}")
    if (place := _named(name, classes)) is not None:
        return place
    number = name.removesuffix(".0")  # as a column with missing values has it elsewhere
    if number.isdecimal() and int(number) < len(classes):
        return int(number)
    raise UsageError(
        f"{path}: row {row} is labelled '{name}', which is none of the classes {_listed(classes)}, and no number of "
        f"theirs, 0 to {len(classes) - 1}"
    )


def _named(name: str, classes: Sequence[str]) -> int | None:
    """The class of this name, in another case too where that is the name of one alone; None: there is none."""
    if name in classes:
        return list(classes).index(name)
    alike = [each.casefold() for each in classes]
    return alike.index(name.casefold()) if alike.count(name.casefold()) == 1 else None


def _listed(classes: Sequence[str]) -> str:
    """The classes as far as a line holds them."""
    more = len(classes) - MOST_LISTED
    return ", ".join(classes[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
