"""Rows that can be used, and the splits that a data set lacks, drawn from its training examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from tdd.data.labels import Labels
from tdd.data.protocols import Encoder
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray


TEST_SHARE = 0.2
"""Share of the training examples that becomes the test split of a data set without one."""


def without(split: Dataset, column: str, classes: tuple[str, ...]) -> Dataset:
    """The rows of a split that are of none of these `classes`."""
    return split.filter(lambda values: [v not in classes for v in values], input_columns=[column], batched=True)


def usable_rows(
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


def complete(
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
