"""A named, local or Hub data set of texts or images and classes → encoded train, validation and test splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tdd.data.copies import content_keys, notes_on_copies, numbered
from tdd.data.digests import digests_of
from tdd.data.fewer_rows import fewer_rows
from tdd.data.find_columns import Columns, find_columns
from tdd.data.from_memory import source_in_memory
from tdd.data.known import KNOWN
from tdd.data.labels import read_labels
from tdd.data.official_splits import labelled_splits, official_splits
from tdd.data.protocols import Split
from tdd.data.raw_texts import RawTexts
from tdd.data.source import Source
from tdd.data.sources import open_source
from tdd.data.splitting import complete, rows_without, usable_rows
from tdd.data.text import TextSplit
from tdd.errors import UsageError, check_kind
from tdd.hub.quiet import quiet
from tdd.settings.data_parts import FOUND
from tdd.settings.found import as_said
from tdd.settings.recipe import Recipe

if TYPE_CHECKING:
    from datasets import Dataset

    from tdd.data.from_memory import Data
    from tdd.embeddings.protocol import Embedding


@dataclass(frozen=True)
class Corpus:
    """An encoded data set.

    Attributes:
        name: as asked for.
        source: where it was read: "dataset" (Hub id, file name, or the name of data given in Python), "fingerprint" (of
            the rows as `datasets` prepared them, or of those given), what the set has to know of the encoding
            (`Split.source`) and, where known, "config" and "revision" (the commit).
        classes: name of each class; the index is the label.
        train: examples to learn from.
        validation: examples for choices, in a random order, so that the first k are a fair sample.
        test: examples read once, at the end; an official test split is kept whole and in its order.
        notes: what a user should know about how the data were read, a line each.
        reading: what was read, as JSON values: see `_reading`; and "digests", see `digests_of`.
        fingerprint: hash of the classes, encoded examples, labels and splits; the same wherever the files lie.
        test_rows: (N,) int64, the rows of `test` in the data set's split "train", of which they were drawn, or in its
            own test split, of which some were left out; None: `test` is all of that.
    """

    name: str
    source: dict[str, str]
    classes: list[str]
    train: Split
    validation: Split
    test: Split
    notes: list[str]
    reading: dict[str, Any]
    fingerprint: str
    test_rows: Tensor | None = None

    def found(self) -> dict[str, Any]:
        """The settings of the data as they were found: columns, encoding, separator, quotes and length."""
        space = self.train.space
        length = {"max_length": space.shape[0]} if space.kind == "text" else {}
        return {name: self.reading[name] for name in FOUND if name in self.reading} | length

    def __repr__(self) -> str:
        return f"Corpus({self.describe()})"

    def describe(self) -> str:
        """What was read, in a line."""
        sizes = f"{len(self.train):,} train, {len(self.validation):,} validation, {len(self.test):,} test"
        return f"{self.name}: {sizes}; {len(self.classes)} classes; {self.train.describe()}"


def load_corpus(recipe: Recipe, vectors: Embedding | None = None, data: Data | None = None) -> Corpus:
    """Read, encode and split the data set of `recipe`.

    The data set is looked for as `open_source` says. The official test split is used whole; a data set without one
    gives up 20 % of its training examples, drawn stratified and whatever the seed, so that runs with other seeds are
    tested on the same examples. An official validation split is used alone; otherwise a stratified share
    `recipe.validation` of the training examples is drawn with `recipe.seed`.
    What is encoded is cached by `datasets`, so a second start encodes nothing; of `data` it stays in memory.

    Args:
        recipe: the settings.
        vectors: word vectors for text; None: those of the recipe, loaded if there is text.
        data: the data set itself, in place of the one that the recipe names: a `datasets.Dataset`, a pandas DataFrame,
            ``(texts, labels)``, or a mapping of split names to these, such as a `DatasetDict`. `recipe.dataset` is then
            only its name: columns and classes known for a data set of that name play no part. A recipe handed to
            `Distiller` with such a corpus says so by ``data_from="memory"``; `tdd.distill` sees to it itself.

    Raises:
        UsageError: an unknown data set, column, configuration or revision, or labels, text or images that cannot be
            learned from; or `data` that `source_in_memory` refuses.
        TddError: a damaged file, the Hub cannot be reached, or the disk is full.
    """
    check_kind("recipe", recipe, Recipe, "tdd.Recipe(dataset=...)")
    with quiet():
        said = as_said(recipe)
        source = open_source(said) if data is None else source_in_memory(data, said)
        known = KNOWN.get(recipe.dataset) if data is None else None
        splits, tested_on = official_splits(source, known.tested_on if known else "test")
        columns = find_columns(_with_columns_of(recipe, splits["train"]), known, splits["train"], vectors)
        encoder, label = columns.encoder, columns.label
        splits, unlabelled = labelled_splits(splits, label)
        _check_columns(splits, (*encoder.columns, label), source.reading.get("files", {}))
        official = {name: len(split) for name, split in splits.items()}
        places = {name: rows_without(split, label, known.left_out if known else ()) for name, split in splits.items()}
        splits = {
            name: split if len(places[name]) == official[name] else split.select(places[name])
            for name, split in splits.items()
        }
        classes = read_labels(splits, label, recipe.keep_labels, recipe.unlabelled)
        splits, classes, places, fewer = fewer_rows(splits, classes, places, recipe.max_rows)
        cells = {name: encoder.encode(split, name) for name, split in splits.items()}
        keys = {name: content_keys(encoder.contents(split, cells[name])) for name, split in splits.items()}
    notes = source.notes + columns.notes + unlabelled + classes.notes
    rows, left_out = {}, {}
    for name in splits:
        usable, left_out[name] = usable_rows(name, encoder, encoder.present(cells[name]), classes.labels[name], notes)
        if len(usable):
            rows[name] = usable
    notes += notes_on_copies(keys, classes.labels, {name: used.numpy() for name, used in rows.items()})
    learned_from = keys["train"][rows["train"].numpy()]  # a tensor of one row would be taken for a place
    origin = complete(rows, classes.labels["train"], keys["train"], classes.names, recipe, notes)
    chosen = {
        name: (cells[origin[name]], rows[name], torch.from_numpy(classes.labels[origin[name]])[rows[name]])
        for name in ("train", "validation", "test")
    }
    parts = encoder.splits(chosen)
    notes += encoder.notes + _notes_on_test(parts["test"], classes.names)
    for part in parts.values():
        part.classes = classes.names
    fingerprint, digests = digests_of(parts, [classes.names, *encoder.identity])
    where = source.where | parts["train"].source()
    for name, part in parts.items():
        if isinstance(part, TextSplit):
            part.raw = RawTexts(splits[origin[name]], encoder.columns, torch.as_tensor(rows[name]), origin[name])
    if (copies := numbered(keys[origin["test"]][rows["test"].numpy()])) is not None:
        parts["test"].copies = torch.from_numpy(copies)
    if origin["test"] == "test":
        parts["test"].in_train = torch.from_numpy(np.isin(keys["test"][rows["test"].numpy()], learned_from))
    is_whole = origin["test"] == "test" and len(places["test"]) == official["test"]
    return Corpus(
        recipe.dataset,
        where,
        classes.names,
        **parts,
        notes=notes,
        reading=_reading(source, columns, left_out, classes.names, parts)
        | {"tested_on": tested_on if origin["test"] == "test" else None, "class_names_column": classes.named_by}
        | {"digests": digests}
        | ({"max_rows": fewer} if fewer else {}),
        fingerprint=fingerprint,
        test_rows=None if is_whole else torch.from_numpy(places[origin["test"]])[rows["test"]],
    )


def _with_columns_of(recipe: Recipe, split: Dataset) -> Recipe:
    """The recipe without columns that were found in other data and are not in these."""
    columns = ("text_column", "image_column", "label_column")
    return as_said(recipe, [name for name in columns if getattr(recipe, name) not in split.column_names])


def _reading(
    source: Source,
    columns: Columns,
    left_out: dict[str, dict[str, int]],
    classes: list[str],
    parts: Mapping[str, Split],
) -> dict[str, Any]:
    """What was read, as JSON values, for results and card.

    "text_column" or "image_column", "pair", its two columns where there are two, and "label_column"; "left_out": rows
    of each official split by reason; "classes": examples of each class in "train", "validation" and "test"; what
    `Source.reading` says of the files; "tested_on", what the data set calls the split that is tested on, None where
    that was drawn from train; "class_names_column". Where `max_rows` left rows out, "max_rows" is added: how many of
    each official split were "read", "of" how many.
    """
    counts = {name: torch.bincount(part.labels, minlength=len(classes)).tolist() for name, part in parts.items()}
    return {
        **source.reading,
        columns.encoder.setting: columns.encoder.column,
        **({"pair": columns.encoder.columns} if len(columns.encoder.columns) > 1 else {}),
        "label_column": columns.label,
        "left_out": {name: reasons for name, reasons in left_out.items() if reasons},
        "classes": {name: {split: counts[split][label] for split in counts} for label, name in enumerate(classes)},
    }


def _notes_on_test(test: Split, classes: list[str]) -> list[str]:
    """A warning where a single class is tested, so that whoever always says it is right."""
    found = test.labels.unique().tolist()
    if len(found) > 1:
        return []
    return [f"the test split holds the class '{classes[found[0]]}' alone: its accuracy says nothing"]


def _check_columns(splits: Mapping[str, Dataset], columns: tuple[str, ...], files: Mapping[str, list[str]]) -> None:
    """Raise a UsageError if a split lacks one of the columns that are read of train."""
    for name, split in splits.items():
        for column in columns:
            if column not in split.column_names:
                where = f" ({', '.join(files[name][:3])})" if name in files else ""
                inside = name in files and files[name] == files.get("train")
                leave_out = "remove it from the file" if inside else "leave it out (--data with one file)"
                raise UsageError(
                    f"the {name} split{where} has no column '{column}' as train has: it has "
                    f"{', '.join(split.column_names)}; name the columns alike, or {leave_out}"
                )
