"""Words and their vectors as they come out of a file, block by block, so that no table need fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Block: TypeAlias = "tuple[Sequence[str | None], NDArray[Any]]"
"""Some words (n) of a file, None for one that is not UTF-8, and their vectors (n, d), of any kind of number."""

NUMBERS_AT_ONCE = 2**18
"""Numbers of a block, about: 1 MB of float32."""


def rows_at_once(dim: int) -> int:
    """Words of a block of vectors of `dim` numbers."""
    return max(1, NUMBERS_AT_ONCE // max(dim, 1))


def blocks_of(words: Sequence[str], table: NDArray[Any]) -> Iterator[Block]:
    """A table that is in memory, or mapped into it, block by block."""
    size = rows_at_once(table.shape[1])
    for first in range(0, len(words), size):
        yield words[first : first + size], np.asarray(table[first : first + size])


def decoded(word: bytes) -> str | None:
    """A word as text; None: it is not UTF-8."""
    try:
        return word.decode()
    except UnicodeDecodeError:
        return None
