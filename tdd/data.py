"""A named, local or Hub data set of texts and classes → train, validation and test splits of token ids."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from tdd.errors import TddError, UsageError
from tdd.labels import Labels, column_of, read_labels
from tdd.readers import quiet
from tdd.recipe import Recipe
from tdd.seeds import generator
from tdd.sources import KNOWN, Source, open_source
from tdd.text import TextSplit
from tdd.tokens import TOKENIZER_VERSION

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from tdd.vectors import WordVectors

TEXT_COLUMNS = ("text", "sentence", "review", "content", "question", "document", "comment", "tweet", "headline")
LABEL_COLUMNS = ("label", "labels", "class", "category", "sentiment", "target", "topic", "intent", "coarse_label")
VALIDATION_SPLITS = ("validation", "dev", "valid", "val")
TEST_SHARE = 0.2
"""Share of the training examples that becomes the test split of a data set without one."""
LEAST_COVERAGE = 0.2
"""Share of training tokens with a vector below which the vectors are for another language."""


@dataclass(frozen=True)
class Corpus:
    """An encoded data set.

    Attributes:
        name: as asked for.
        source: where it was read: "dataset" (Hub id or file name), "fingerprint" (of the rows as `datasets` prepared
            them), "vectors" and "vectors_checksum" and, where known, "config" and "revision" (the commit).
        classes: name of each class; the index is the label.
        train: examples to learn from.
        validation: examples for choices, in a random order, so that the first k are a fair sample.
        test: examples read once, at the end; an official test split is kept whole and in its order.
        coverage: share of the training tokens that have a vector.
        notes: what a user should know about how the data were read, a line each.
        fingerprint: hash of the classes, ids, labels and splits; the same wherever the files lie.
    """

    name: str
    source: dict[str, str]
    classes: list[str]
    train: TextSplit
    validation: TextSplit
    test: TextSplit
    coverage: float
    notes: list[str]
    fingerprint: str


def load_corpus(recipe: Recipe, vectors: WordVectors) -> Corpus:
    """Read, encode and split the data set of `recipe`.

    The data set is looked for as `open_source` says. The official test split is used whole; a data set without one
    gives up 20 % of its training examples, drawn stratified and whatever the seed, so that runs with other seeds are
    tested on the same examples. An official validation split is used alone; otherwise a stratified share
    `recipe.validation` of the training examples is drawn with `recipe.seed`.
    Encoded text is cached by `datasets`, so a second start encodes nothing.

    Raises:
        UsageError: an unknown data set, column, configuration or revision, labels or text that cannot be learned from.
        TddError: a damaged file, the Hub cannot be reached, or the disk is full.
    """
    with quiet():
        source = open_source(recipe)
        splits = _official(source)
        text, label = _columns(recipe, splits["train"])
        if recipe.dataset in KNOWN and (left_out := KNOWN[recipe.dataset].left_out):
            splits = {name: _without(split, label, left_out) for name, split in splits.items()}
        classes, labels, notes = read_labels(splits, label)
        encoded = {name: _encode(split, name, text, vectors) for name, split in splits.items()}
    notes = source.notes + notes
    rows = {}
    for name in splits:
        usable = _usable_rows(name, encoded[name], labels[name], text, label, notes)
        if len(usable):
            rows[name] = usable
    origin = _complete(rows, labels["train"], classes, recipe, notes)

    digest = hashlib.sha256(json.dumps([classes, vectors.checksum, TOKENIZER_VERSION]).encode())
    parts = {}
    for name in ("train", "validation", "test"):
        ids, offsets = _gather(encoded[origin[name]], rows[name])
        chosen = torch.from_numpy(labels[origin[name]])[rows[name]]
        for part in (ids, offsets, chosen):
            digest.update(part.numpy().data)
        if name == "train":
            coverage = int(ids.count_nonzero()) / len(ids)
        parts[name] = TextSplit(ids, offsets, chosen, vectors, recipe.max_length)
    if coverage < LEAST_COVERAGE:
        raise UsageError(
            f"the vectors {vectors.name} have {coverage:.1%} of the words of {recipe.dataset}: "
            f"choose vectors for its language"
        )
    where = source.where | {"vectors": vectors.name, "vectors_checksum": vectors.checksum}
    return Corpus(
        recipe.dataset, where, classes, **parts, coverage=coverage, notes=notes, fingerprint=digest.hexdigest()
    )


def _official(source: Source) -> dict[str, Dataset]:
    """The splits that are used: train, and validation and test where the data set has them."""
    splits = source.splits
    if not len(splits.get("train", ())):
        raise UsageError(f"{source.where['dataset']} has no examples in a split 'train'; it has {', '.join(splits)}")
    validation = next((name for name in VALIDATION_SPLITS if name in splits), None)
    found = {"train": splits["train"], "validation": splits.get(validation), "test": splits.get("test")}
    return {name: split for name, split in found.items() if split is not None and len(split)}


def _columns(recipe: Recipe, split: Dataset) -> tuple[str, str]:
    """Names of the text and the class column: as set, as known for the data set, else the first usual name."""
    known = KNOWN.get(recipe.dataset)
    present = split.column_names
    if any(column.startswith("__index_level_") for column in present):  # how pandas names values beyond the header
        raise UsageError("the csv has rows with more values than its first line has columns: quote text with commas")
    by_lower = {column.lower(): column for column in reversed(present)}
    chosen: list[str] = []
    for setting, asked, usual in (
        ("text_column", recipe.text_column or (known and known.text), TEXT_COLUMNS),
        ("label_column", recipe.label_column or (known and known.label), LABEL_COLUMNS),
    ):
        column = asked or next((by_lower[name] for name in usual if name in by_lower), None)
        if column is None or column not in present:
            what = (
                f"there is no column '{asked}'" if asked else f"no column has a usual name of a {setting[:-7]} column"
            )
            raise UsageError(f"{what}: set {setting} to one of {', '.join(present)}")
        chosen.append(column)
    kind = getattr(split.features[chosen[0]], "dtype", None)
    if kind not in ("string", "large_string", "null"):
        raise UsageError(
            f"column '{chosen[0]}' holds {kind or 'lists'}, not text: set text_column to one of {', '.join(present)}"
        )
    return chosen[0], chosen[1]


def _without(split: Dataset, column: str, classes: tuple[str, ...]) -> Dataset:
    return split.filter(lambda values: [v not in classes for v in values], input_columns=[column], batched=True)


def _encode(split: Dataset, name: str, column: str, vectors: WordVectors) -> pa.ChunkedArray:
    """Token ids of each row, whole, from the cache when this text was encoded before."""
    import datasets

    # An explicit fingerprint: `datasets` would hash the function, and with it the table of vectors, at every start.
    key = json.dumps([split._fingerprint, column, vectors.checksum, TOKENIZER_VERSION])
    try:
        encoded = split.map(
            lambda texts: {"ids": [vectors.encode(text) if text else [] for text in texts]},
            batched=True,
            input_columns=[column],
            remove_columns=split.column_names,
            features=datasets.Features({"ids": datasets.LargeList(datasets.Value("int32"))}),
            new_fingerprint=hashlib.sha256(key.encode()).hexdigest()[:32],
            desc=f"Encoding {name}",
        )
    except OSError as error:
        raise TddError(
            f"cannot keep the encoded text under {datasets.config.HF_DATASETS_CACHE}: {error.strerror or error}; "
            f"free some space or set HF_DATASETS_CACHE"
        ) from error
    return column_of(encoded, "ids")


def _usable_rows(name: str, ids: pa.ChunkedArray, labels: Labels, text: str, label: str, notes: list[str]) -> Tensor:
    """Rows of a split that have text and a label; none when a split other than train was published without labels."""
    import pyarrow.compute as pc

    has_text = pc.greater(pc.list_value_length(ids), 0).to_numpy()
    if not has_text.any():
        raise UsageError(f"column '{text}' of the {name} split holds no text: set text_column to another one")
    if empty := int((~has_text).sum()):
        notes.append(f"{empty} rows of the {name} split have no text and were dropped")
    unlabelled = int((has_text & (labels < 0)).sum())
    if unlabelled == has_text.sum() and name != "train":
        notes.append(f"the {name} split has no labels and was not used")
        return torch.empty(0, dtype=torch.int64)
    if unlabelled:
        raise UsageError(
            f"{unlabelled} of the {len(labels)} rows of the {name} split have no label: "
            f"fill in column '{label}' or remove these rows"
        )
    return torch.from_numpy(np.flatnonzero(has_text))


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
    return rows[~torch.isin(rows, out)], out


def _gather(column: pa.ChunkedArray, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Token ids of `rows`, flat, and their offsets (N + 1,)."""
    import pyarrow as pa

    array = column.combine_chunks()
    if not torch.equal(rows, torch.arange(len(array))):
        array = array.take(pa.array(rows.numpy()))
    offsets = from_dlpack(array.offsets)
    return from_dlpack(array.flatten()), offsets - offsets[0]
