"""The token between two texts of a pair, in a table of word vectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tdd.embeddings.blocks import Block

SEPARATOR = "[SEP]"
"""A word of the table, behind all others, that no text holds."""
# Words of which its size is the usual one: the most frequent ones.
_MEASURED = 1000


def with_separator(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks of vectors, and last `SEPARATOR`, whose vector is s, -s, s, -s, ...

    s is the root mean square of all numbers of the first thousand vectors, so that it is as long as they are and, with
    its changing signs, near none of them. A word of the table with this name is left out.
    """
    squares, numbers, dim = 0.0, 0, 0
    for words, table in blocks:
        kept = [row for row, word in enumerate(words) if word != SEPARATOR]
        dim = table.shape[1]
        measured = np.asarray(table[: max(0, _MEASURED - numbers // max(dim, 1))], dtype=np.float64)
        squares, numbers = squares + float(np.square(measured).sum()), numbers + measured.size
        yield [words[row] for row in kept], table if len(kept) == len(table) else table[kept]
    if numbers:
        size = (squares / numbers) ** 0.5
        yield [SEPARATOR], np.where(np.arange(dim) % 2, -size, size).astype(np.float32)[None]
