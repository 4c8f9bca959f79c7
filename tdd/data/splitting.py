"""Rows that can be used, and the splits that a data set lacks, drawn from its training examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from tdd.data.columns import column_of
from tdd.data.copies import Keys
from tdd.data.label_column import Labels
from tdd.data.protocols import Encoder
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe
from tdd.system.formatting import counted
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray


TEST_SHARE = 0.2
"""Share of the training examples that becomes the test split of a data set without one."""


def rows_without(split: Dataset, column: str, classes: tuple[str, ...]) -> NDArray[np.int64]:
    """The rows of a split that are of none of these `classes`."""
    if not classes:
        return np.arange(len(split))
    return np.flatnonzero([value not in classes for value in column_of(split, column).to_pylist()])


def usable_rows(
    name: str, encoder: Encoder, present: NDArray[np.bool_], labels: Labels, notes: list[str]
) -> tuple[Tensor, dict[str, int]]:
    """Rows of a split that are whole examples, and how many rows were left out for which reason.

    There are none when a split other than train was published without labels.
    """
    if not present.any():
        raise UsageError(
            f"column '{encoder.column}' of the {name} split holds no {encoder.holds}: "
            f"set {encoder.setting} to another one"
        )
    left_out = {f"no {encoder.holds}": int((~present).sum()), "no label": int((present & (labels < 0)).sum())}
    whole = present & (labels >= 0)
    if not whole.any() and name != "train":
        notes.append(f"the {name} split has no labels and was not used")
    else:
        for reason, count in left_out.items():
            has = "has" if count == 1 else "have"
            if count:
                notes.append(f"{count:,} of the {len(labels):,} rows of the {name} split {has} {reason}: left out")
    return torch.from_numpy(np.flatnonzero(whole)), {reason: count for reason, count in left_out.items() if count}


def complete(
    rows: dict[str, Tensor], labels: Labels, keys: Keys, classes: list[str], recipe: Recipe, notes: list[str]
) -> dict[str, str]:
    """Draw from train the splits that `rows` lacks, shuffle validation; which official split each one's rows are of.

    Args:
        rows: of each official split, those that are used; the drawn ones are added.
        labels, keys: of all rows of the official training split; copies, rows of one key, fall into one part.
        classes: their names.
        recipe: shares and seed.
        notes: what could not be done is added.

    Raises:
        UsageError: a class without enough training examples.
    """
    target = torch.from_numpy(labels)
    counts = torch.bincount(target[rows["train"]], minlength=len(classes))
    least = 1 if "test" in rows else 3
    if counts.min() < least:
        rare = int(counts.argmin())
        raise UsageError(
            f"class '{classes[rare]}' has {counted(int(counts[rare]), 'training example')}: at least {least} are needed"
            + (
                " to set some aside for validation and testing; remove its rows, or give a test split"
                if least > 1
                else ""
            )
        )
    origin = {name: name for name in rows}
    # Not the run's seed for the test split: whatever it is, runs are tested on the same examples and none of them
    # learns from these.
    for name, share, seed in (("test", TEST_SHARE, 0), ("validation", recipe.validation, recipe.seed)):
        if name in rows:
            continue
        rows["train"], rows[name] = _hold_out(rows["train"], target, torch.from_numpy(keys), share, seed, name)
        if not len(rows[name]):
            raise UsageError(f"the training examples are too few different ones to set any aside for {name}")
        if name == "test":
            notes.append(f"no test split: {share:.0%} of the training examples were set aside for testing")
        missing = sorted(set(range(len(classes))) - set(target[rows[name]].tolist()))
        if missing:
            listed = ", ".join(f"'{classes[label]}'" for label in missing[:5]) + (" ..." if len(missing) > 5 else "")
            notes.append(f"too few different examples to set any aside for {name}: {listed}")
    order = torch.randperm(len(rows["validation"]), generator=generator(recipe.seed, "validation order"))
    rows["validation"] = rows["validation"][order]
    return {name: origin.get(name, "train") for name in rows}


def _hold_out(
    rows: Tensor, labels: Tensor, keys: Tensor, share: float, seed: int, purpose: str
) -> tuple[Tensor, Tensor]:
    """Split `rows` into kept and held out: `share` of each class, at least one example of it kept, copies together."""
    classes = labels[rows]
    _, group = torch.unique(keys[rows], return_inverse=True)
    sizes = torch.bincount(group)
    # Copies with several labels count for the class of the first of them.
    first = torch.full((len(sizes),), len(rows)).scatter_reduce_(0, group, torch.arange(len(rows)), "amin")
    owner = classes[first][group]
    held = torch.zeros(len(sizes), dtype=torch.bool)
    for label in classes.unique().tolist():
        members = (owner == label).nonzero().flatten()
        drawn = group[members[torch.randperm(len(members), generator=generator(seed, purpose, label))]]
        place = torch.full((len(sizes),), len(drawn)).scatter_reduce_(0, drawn, torch.arange(len(drawn)), "amin")
        different = drawn[place[drawn] == torch.arange(len(drawn))]
        if len(different) < 2:
            continue
        wanted = max(round(share * len(members)), 1)
        taken = sizes[different].cumsum(0) <= max(wanted, int(sizes[different[0]]))
        taken[-1] = False
        held[different[taken]] = True
    for label in classes.unique().tolist():  # none is held out altogether, with copies that have other labels
        of_class = group[classes == label]
        if held[of_class].all():
            held[of_class[0]] = False
    return rows[~held[group]], rows[held[group]]
