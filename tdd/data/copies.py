"""Examples that are copies of each other, and splits that share them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Keys = NDArray[np.int64]
"""(rows,): a number for what a row holds, the same for copies."""

_READ_AT_ONCE = 4096  # rows


def content_keys(cells: pa.ChunkedArray) -> Keys:
    """Keys of texts, alike but for case and white space around them, or of bytes.

    They are good in one process alone: Python's hashes differ between processes.
    """
    keys = np.empty(len(cells), dtype=np.int64)
    place = 0
    for chunk in cells.chunks:
        for start in range(0, len(chunk), _READ_AT_ONCE):
            values = [hash(_plain(value)) for value in chunk[start : start + _READ_AT_ONCE].to_pylist()]
            keys[place : place + len(values)] = values
            place += len(values)
    return keys


def _plain(value: Any) -> Any:
    return value.lower().strip() if isinstance(value, str) else value


def notes_on_copies(
    keys: Mapping[str, Keys], labels: Mapping[str, NDArray[np.int64]], rows: Mapping[str, NDArray[np.int64]]
) -> list[str]:
    """A line for each thing that a user should know about copies within and between the official splits.

    Args:
        keys: of each official split, of all its rows.
        labels: of each, of all its rows.
        rows: of each, those that are used.
    """
    notes = []
    for name, used in rows.items():
        places, counts = np.unique(keys[name][used], return_inverse=True, return_counts=True)[1:]
        if copies := len(used) - len(counts):
            several = _with_several_labels(places, labels[name][used])
            told = (
                f"; {several:,} of those repeated {'has' if several == 1 else 'have'} different labels"
                if several
                else ""
            )
            are = "is a copy of another" if copies == 1 else "are copies of others"
            notes.append(f"{copies:,} of the {len(used):,} examples of the {name} split {are}{told}")
    for name in ("validation", "test"):
        if name in rows and (shared := np.isin(keys[name][rows[name]], keys["train"][rows["train"]])).any():
            are = "is" if shared.sum() == 1 else "are"
            own, in_train = (_labelled(keys[split], labels[split], rows[split]) for split in (name, "train"))
            alike = np.isin(own, in_train)
            others = int((shared & ~alike).sum())
            told = f", {others:,} with another label" if others else ""
            notes.append(f"{shared.sum():,} of the {len(rows[name]):,} {name} examples {are} also in train{told}")
    return notes


def _labelled(keys: Keys, labels: NDArray[np.int64], rows: NDArray[np.int64]) -> Keys:
    """Keys of contents with their labels, hashed into one number."""
    mixed = keys[rows].view(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + labels[rows].astype(np.uint64)
    return mixed.view(np.int64)


def numbered(keys: Keys) -> NDArray[np.int64] | None:
    """(rows,): a number from 0 on for what each row holds; None where no two rows are copies."""
    found, numbers = np.unique(keys, return_inverse=True)
    return None if len(found) == len(keys) else numbers.astype(np.int64)


def _with_several_labels(places: NDArray[np.int64], labels: NDArray[np.int64]) -> int:
    """Contents whose copies do not all have the same label."""
    lowest = np.full(places.max() + 1, np.iinfo(np.int64).max)
    highest = np.full(places.max() + 1, -1)
    np.minimum.at(lowest, places, labels)
    np.maximum.at(highest, places, labels)
    return int((lowest != highest).sum())
