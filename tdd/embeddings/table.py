"""A frozen table of token vectors in memory: looked up, and searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tdd.embeddings.nearest import Metric, nearest_rows
from tdd.errors import UsageError

UNBOUNDED = 2**31
"""Tokens of a text where nothing bounds them."""
_IN_MEMORY: WeakSet[Table] = WeakSet()


def in_memory(checksum: str) -> Table | None:
    """A table with this checksum, as long as anyone holds one; None where none is in memory."""
    return next((table for table in _IN_MEMORY if table.checksum == checksum), None)


class Table:
    """V tokens and their d-dimensional vectors.

    Attributes:
        name: as asked for.
        words: the token of every row.
        checksum: sha256 (hex) of tokens and table.
        dim: d.
    """

    def __init__(self, name: str, words: Sequence[str], table: NDArray[np.float32], checksum: str) -> None:
        self.name, self.words, self.checksum = name, words, checksum
        self.dim = int(table.shape[1])
        self._table = table
        _IN_MEMORY.add(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {len(self):,} x {self.dim})"

    def __len__(self) -> int:
        return len(self.words)

    def describe(self) -> dict[str, Any]:
        """See `Embedding`."""
        sizes = {"dimension": self.dim, "size": len(self)}
        return {"name": self.name, "kind": "word vectors", "checksum": self.checksum} | sizes

    def tokenizer(self) -> str | None:
        """See `Embedding`."""
        return None

    @property
    def longest(self) -> int:
        """See `Embedding`."""
        return UNBOUNDED

    def join(self, words: Sequence[str]) -> str:
        """See `Embedding`."""
        return " ".join(words)

    def embed(self, ids: Tensor) -> Tensor:
        """Vectors (..., d), float32, of token ids (...); zeros where the id is 0."""
        index = ids.cpu().numpy()
        rows = np.take(self._table, np.maximum(index, 1) - 1, axis=0)
        rows[index == 0] = 0
        return torch.from_numpy(rows).to(ids.device)

    def nearest(self, queries: Tensor, k: int, metric: Metric = "cosine") -> tuple[Tensor, Tensor]:
        """The k nearest tokens of every query (P, d), best first; exact, at most all V.

        Returns:
            Rows (P, k), int64, and their cosine similarity (0 for a zero query) or L2 distance (P, k), float32.

        Raises:
            UsageError: the queries have another dimension than the table, or k < 1.
        """
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise UsageError(f"the queries are {tuple(queries.shape)}, the vectors {self.name} have d = {self.dim}")
        if k < 1:
            raise UsageError(f"k is {k}; ask for at least one nearest word")
        return nearest_rows(self._table, queries.detach().float(), min(k, len(self)), metric)
