"""The texts of a split as they were written, so that another table of vectors can read them too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class RawTexts:
    """Where the texts of a split stand.

    Attributes:
        rows: an official split, whole, mapped into memory.
        columns: the column of texts, or the two of pairs.
        places: (N,) the rows that the split is made of.
        name: that of the official split.
    """

    rows: Dataset
    columns: list[str]
    places: Tensor
    name: str

    @property
    def are_pairs(self) -> bool:
        """Whether an example is two texts."""
        return len(self.columns) > 1

    def texts(self, indices: Tensor) -> list[tuple[str, ...]]:
        """The text of each of the examples at `indices`, or its two."""
        rows = self.rows.select(self.places[indices].tolist())
        return list(zip(*([str(text) for text in rows[column]] for column in self.columns), strict=True))
