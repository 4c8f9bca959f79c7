"""A named, local or Hub data set of texts or images and classes → encoded train, validation and test splits."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from tdd.data.files import quiet
from tdd.data.images import ImageEncoder, holds_images
from tdd.data.labels import Labels, read_labels
from tdd.data.protocols import Encoder, Split
from tdd.data.sources import KNOWN, Source, open_source
from tdd.data.text import TextEncoder
from tdd.embeddings.word_vectors import load_vectors
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray

    from tdd.embeddings.word_vectors import WordVectors

TEXT_COLUMNS = ("text", "sentence", "review", "content", "question", "document", "comment", "tweet", "headline")
IMAGE_COLUMNS = ("image", "img", "picture", "photo", "jpg", "png")
LABEL_COLUMNS = ("label", "labels", "class", "category", "sentiment", "target", "topic", "intent", "coarse_label")
VALIDATION_SPLITS = ("validation", "dev", "valid", "val")
TEST_SHARE = 0.2
"""Share of the training examples that becomes the test split of a data set without one."""


@dataclass(frozen=True)
class Corpus:
    """An encoded data set.

    Attributes:
        name: as asked for.
        source: where it was read: "dataset" (Hub id or file name), "fingerprint" (of the rows as `datasets` prepared
            them), what the set has to know of the encoding (`Split.source`) and, where known, "config" and "revision"
            (the commit).
        classes: name of each class; the index is the label.
        train: examples to learn from.
        validation: examples for choices, in a random order, so that the first k are a fair sample.
        test: examples read once, at the end; an official test split is kept whole and in its order.
        notes: what a user should know about how the data were read, a line each.
        fingerprint: hash of the classes, encoded examples, labels and splits; the same wherever the files lie.
    """

    name: str
    source: dict[str, str]
    classes: list[str]
    train: Split
    validation: Split
    test: Split
    notes: list[str]
    fingerprint: str

    def describe(self) -> str:
        """What was read, in a line."""
        sizes = f"{len(self.train):,} train, {len(self.validation):,} validation, {len(self.test):,} test"
        return f"{self.name}: {sizes}; {len(self.classes)} classes; {self.train.describe()}"


def load_corpus(recipe: Recipe, vectors: WordVectors | None = None) -> Corpus:
    """Read, encode and split the data set of `recipe`.

    The data set is looked for as `open_source` says. The official test split is used whole; a data set without one
    gives up 20 % of its training examples, drawn stratified and whatever the seed, so that runs with other seeds are
    tested on the same examples. An official validation split is used alone; otherwise a stratified share
    `recipe.validation` of the training examples is drawn with `recipe.seed`.
    What is encoded is cached by `datasets`, so a second start encodes nothing.

    Args:
        recipe: the settings.
        vectors: word vectors for text; None: those of the recipe, loaded if there is text.

    Raises:
        UsageError: an unknown data set, column, configuration or revision, or labels, text or images that cannot be
            learned from.
        TddError: a damaged file, the Hub cannot be reached, or the disk is full.
    """
    with quiet():
        source = open_source(recipe)
        splits = _official(source)
        encoder, label = _columns(recipe, splits["train"], vectors)
        if recipe.dataset in KNOWN and (left_out := KNOWN[recipe.dataset].left_out):
            splits = {name: _without(split, label, left_out) for name, split in splits.items()}
        classes, labels, notes = read_labels(splits, label)
        cells = {name: encoder.encode(split, name) for name, split in splits.items()}
    notes = source.notes + notes
    rows = {}
    for name in splits:
        usable = _usable_rows(name, encoder, encoder.present(cells[name]), labels[name], label, notes)
        if len(usable):
            rows[name] = usable
    origin = _complete(rows, labels["train"], classes, recipe, notes)
    chosen = {
        name: (cells[origin[name]], rows[name], torch.from_numpy(labels[origin[name]])[rows[name]])
        for name in ("train", "validation", "test")
    }
    parts = encoder.splits(chosen)
    digest = hashlib.sha256(json.dumps([classes, *encoder.identity]).encode())
    for part in parts.values():
        for array in part.arrays():
            digest.update(array.data)
    where = source.where | parts["train"].source()
    return Corpus(recipe.dataset, where, classes, **parts, notes=notes, fingerprint=digest.hexdigest())


def _official(source: Source) -> dict[str, Dataset]:
    """The splits that are used: train, and validation and test where the data set has them."""
    splits = source.splits
    if not len(splits.get("train", ())):
        raise UsageError(f"{source.where['dataset']} has no examples in a split 'train'; it has {', '.join(splits)}")
    validation = next((name for name in VALIDATION_SPLITS if name in splits), None)
    found = {"train": splits["train"], "validation": splits.get(validation), "test": splits.get("test")}
    return {name: split for name, split in found.items() if split is not None and len(split)}


def _columns(recipe: Recipe, split: Dataset, vectors: WordVectors | None) -> tuple[Encoder, str]:
    """The encoder of the text or image column and the name of the class column.

    Columns are those that are set, else those known for the data set, else the first with a usual name.
    """
    known = KNOWN.get(recipe.dataset)
    present = split.column_names
    if any(column.startswith("__index_level_") for column in present):  # how pandas names values beyond the header
        raise UsageError("the csv has rows with more values than its first line has columns: quote text with commas")
    by_lower = {column.lower(): column for column in reversed(present)}

    def usual(names: tuple[str, ...]) -> list[str]:
        return [by_lower[name] for name in names if name in by_lower]

    def find(setting: str, asked: str | None, names: tuple[str, ...]) -> str:
        column = asked or next(iter(usual(names)), None)
        if column is None or column not in present:
            what = (
                f"there is no column '{asked}'" if asked else f"no column has a usual name of a {setting[:-7]} column"
            )
            raise UsageError(f"{what}: set {setting} to one of {', '.join(present)}")
        return column

    image, text = recipe.image_column, recipe.text_column
    if known and not (image or text):
        image, text = known.image, known.text
    if not (image or text):
        image = next((column for column in usual(IMAGE_COLUMNS) if holds_images(split, column)), None)
    content = find("image_column", image, ()) if image else find("text_column", text, TEXT_COLUMNS)
    label = find("label_column", recipe.label_column or (known.label if known else None), LABEL_COLUMNS)
    if not (holds_images(split, content) if image else _holds_text(split, content)):
        kind = getattr(split.features[content], "dtype", None) or "lists"
        setting, wanted = ("image_column", "images") if image else ("text_column", "text")
        raise UsageError(f"column '{content}' holds {kind}, not {wanted}: set {setting} to one of {', '.join(present)}")
    if image:
        return ImageEncoder(content), label
    return TextEncoder(content, vectors or load_vectors(recipe.vectors), recipe.max_length), label


def _holds_text(split: Dataset, column: str) -> bool:
    return getattr(split.features[column], "dtype", None) in ("string", "large_string", "null")


def _without(split: Dataset, column: str, classes: tuple[str, ...]) -> Dataset:
    return split.filter(lambda values: [v not in classes for v in values], input_columns=[column], batched=True)


def _usable_rows(
    name: str, encoder: Encoder, present: NDArray[np.bool_], labels: Labels, label: str, notes: list[str]
) -> Tensor:
    """Rows of a split that are whole examples; none when a split other than train was published without labels."""
    if not present.any():
        raise UsageError(
            f"column '{encoder.column}' of the {name} split holds no {encoder.holds}: "
            f"set {encoder.setting} to another one"
        )
    if empty := int((~present).sum()):
        notes.append(f"{empty} rows of the {name} split have no {encoder.holds} and were dropped")
    unlabelled = int((present & (labels < 0)).sum())
    if unlabelled == present.sum() and name != "train":
        notes.append(f"the {name} split has no labels and was not used")
        return torch.empty(0, dtype=torch.int64)
    if unlabelled:
        raise UsageError(
            f"{unlabelled} of the {len(labels)} rows of the {name} split have no label: "
            f"fill in column '{label}' or remove these rows"
        )
    return torch.from_numpy(np.flatnonzero(present))


def _complete(
    rows: dict[str, Tensor], labels: Labels, classes: list[str], recipe: Recipe, notes: list[str]
) -> dict[str, str]:
    """Draw from train the splits that `rows` lacks, shuffle validation; which official split each one's rows are of."""
    target = torch.from_numpy(labels)
    counts = torch.bincount(target[rows["train"]], minlength=len(classes))
    least = 1 if {"validation", "test"} <= rows.keys() else 3
    if counts.min() < least:
        rare = int(counts.argmin())
        raise UsageError(
            f"class '{classes[rare]}' has {counts[rare]} training examples: at least {least} are needed"
            + (" to set some aside for validation and testing" if least > 1 else "")
        )
    origin = {name: name for name in rows}
    if "test" not in rows:
        # Not the run's seed: whatever it is, runs are tested on the same examples and none of them learns from these.
        rows["train"], rows["test"] = _hold_out(rows["train"], target, TEST_SHARE, 0, "test")
        notes.append(f"no test split: {TEST_SHARE:.0%} of the training examples were set aside for testing")
    if "validation" not in rows:
        rows["train"], rows["validation"] = _hold_out(
            rows["train"], target, recipe.validation, recipe.seed, "validation"
        )
    order = torch.randperm(len(rows["validation"]), generator=generator(recipe.seed, "validation order"))
    rows["validation"] = rows["validation"][order]
    return {name: origin.get(name, "train") for name in rows}


def _hold_out(rows: Tensor, labels: Tensor, share: float, seed: int, purpose: str) -> tuple[Tensor, Tensor]:
    """Split `rows` into kept and held out, `share` of each class, at least one example of it on either side."""
    held = []
    for label in np.unique(labels[rows].numpy()).tolist():
        members = rows[labels[rows] == label]
        count = min(max(round(share * len(members)), 1), len(members) - 1)
        held.append(members[torch.randperm(len(members), generator=generator(seed, purpose, label))[:count]])
    out = torch.cat(held).sort().values
    kept = torch.ones(len(labels), dtype=torch.bool)
    kept[out] = False
    return rows[kept[rows]], out
