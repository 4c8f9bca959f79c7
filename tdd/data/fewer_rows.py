"""A part of the rows of each official split, to try things out: the same rows every time, of each class its share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from tdd.data.label_column import Labels
from tdd.data.labels import Classes
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray

LEAST = 3
"""Rows of a class that are kept where it has them: one to learn from, one held out, one tested."""

Fewer = dict[str, dict[str, int]]
"""Rows "read" and those there are, "of", by the names of the splits that were cut."""

Rows = dict[str, "NDArray[np.int64]"]
"""Rows of splits, by their names."""


def fewer_rows(
    splits: Mapping[str, Dataset], classes: Classes, places: Rows, most: int | None
) -> tuple[dict[str, Dataset], Classes, Rows, Fewer]:
    """The splits, their classes and `places` with about `most` labelled rows each, in their order; None: all of them.

    Which rows these are has nothing to do with the seed of a run.
    """
    fewer: Fewer = {}
    places = dict(places)
    kept, labels = dict(splits), dict(classes.labels)
    for name, split in splits.items():
        if most is None or (labels[name] >= 0).sum() <= most:
            continue
        rows = _drawn(labels[name], most, name)
        fewer[name] = {"read": len(rows), "of": len(split)}
        kept[name], labels[name], places[name] = split.select(rows), labels[name][rows], places[name][rows]
    notes = [
        f"max_rows: {count['read']:,} of the {count['of']:,} rows of the {name} split are read"
        for name, count in fewer.items()
    ]
    return kept, replace(classes, labels=labels, notes=[*classes.notes, *notes]), places, fewer


def _drawn(labels: Labels, most: int, name: str) -> Labels:
    """Places of `most` labelled rows, more where a class would have fewer than `LEAST` else, sorted."""
    counts = np.bincount(labels[labels >= 0])
    share = most * counts / counts.sum()
    take = np.floor(share).astype(np.int64)
    # What rounding down has left goes to those who lost most by it.
    take[np.argsort(take - share, kind="stable")[: most - take.sum()]] += 1
    take = np.maximum(take, np.minimum(counts, LEAST))
    order = torch.randperm(len(labels), generator=generator(0, "max_rows", name)).numpy()
    of_class = [order[labels[order] == label][:count] for label, count in enumerate(take.tolist())]
    return np.sort(np.concatenate(of_class))
