"""The splits that a data set comes with: which of them are used, and for what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tdd.data.source import Source
from tdd.data.split_words import rank, split_of
from tdd.errors import UsageError

if TYPE_CHECKING:
    from datasets import Dataset


def official_splits(source: Source, tested_on: str) -> tuple[dict[str, Dataset], str | None]:
    """The splits that are used: train, and validation and test where the data set has them; its name of the last."""
    splits = source.splits
    if not len(splits.get("train", ())):
        raise UsageError(f"{source.where['dataset']} has no examples in a split 'train'; it has {', '.join(splits)}")
    test = _called(splits, tested_on)
    validation = _called([name for name in splits if name != test], "validation")
    official = {"train": "train", "validation": validation, "test": test}
    if unused := [name for name in splits if name not in official.values() and len(splits[name])]:
        source.notes.append(f"splits that are not used: {', '.join(unused)}")
    return {name: splits[of] for name, of in official.items() if of is not None and len(splits[of])}, test


def labelled_splits(splits: dict[str, Dataset], label: str) -> tuple[dict[str, Dataset], list[str]]:
    """The splits without those that were published without labels: they have columns of train alone, but not this one.

    And a note for each of these.
    """
    known = set(splits["train"].column_names)
    hidden = [name for name, split in splits.items() if set(split.column_names) <= known - {label}]
    kept = {name: split for name, split in splits.items() if name not in hidden}
    return kept, [f"the {name} split has no labels and was not used" for name in hidden]


def _called(names: Iterable[str], split: str) -> str | None:
    """The name that speaks of a split, the most usual one first; as "validation_matched" of a card. None: none does."""
    found = [name for name in names if split_of(name) == split]
    return min(found, key=lambda name: (rank(name) is None, rank(name) or 0), default=None)
