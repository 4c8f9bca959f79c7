"""Files of fastText's own program, ``.bin``: words, and the parts of words that their vectors are made of."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.blocks import Block, rows_at_once
from tdd.errors import TddError

MAGIC = (793712314).to_bytes(4, "little")
"""How every such file begins."""
_VERSION = 12
# Behind two numbers and twelve settings, the ninth of which is the number of parts, and a last one of eight bytes.
_PARTS_AT, _WORDS_AT = 4 * (2 + 8), 4 * (2 + 12) + 8


def read_fasttext(path: Path) -> Iterator[Block]:
    """The words of an unquantised model, each with its own vector: the mean of the word's row and those of its parts.

    Words that were not met in training, which fastText makes of their parts alone, are none here.

    Raises:
        EOFError: the file is cut off.
        TddError: it is of another version, or quantised.
    """
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            words, parts, place, dim = _contents(path, content)
            shortest, longest = struct.unpack_from("<2i", content, _PARTS_AT + 4)
    except (struct.error, ValueError):  # ValueError: nothing to map
        raise EOFError from None
    table = np.memmap(path, dtype="<f4", mode="r", offset=place, shape=(len(words) + parts, dim))
    yield from composed(words, table[: len(words)], table[len(words) :], shortest, longest)


def _contents(path: Path, content: mmap.mmap) -> tuple[list[str], int, int, int]:
    """The words, the number of rows for their parts, the place of the table behind these, and d."""
    (version,), (bucket,) = (struct.unpack_from("<i", content, at) for at in (4, _PARTS_AT))
    if version != _VERSION:
        raise TddError(f"{path} is fastText's version {version}, not {_VERSION}; save its words as a text file (.vec)")
    entries, count, _, _, pruned = struct.unpack_from("<3i2q", content, _WORDS_AT)
    at = _WORDS_AT + struct.calcsize("<3i2q")
    words = []
    for _ in range(entries):
        end = content.find(b"\0", at)
        if end == -1:
            raise EOFError
        words.append(content[at:end].decode(errors="backslashreplace"))
        at = end + 1 + struct.calcsize("<qb")
    at += max(pruned, 0) * struct.calcsize("<2i")
    quantised, rows, dim = struct.unpack_from("<?2q", content, at)
    if quantised:
        raise TddError(f"{path} is quantised, which keeps no vectors; save its words as a text file (.vec)")
    if not 0 <= count <= entries or bucket < 0 or dim < 1 or rows != count + bucket:
        raise TddError(f"{path} is damaged; fetch it again")
    at += struct.calcsize("<?2q")
    if at + 4 * rows * dim > len(content):
        raise EOFError
    return words[:count], bucket, at, dim  # labels of a classifier stand behind the words


def composed(
    words: Sequence[str], own: NDArray[Any], parts: NDArray[Any], shortest: int, longest: int
) -> Iterator[Block]:
    """Words with the mean of their own row (V, d) and those of the parts that they are hashed to, of `parts` (B, d).

    Args:
        words: V words.
        own: the row of each.
        parts: the rows of all parts.
        shortest: characters of a part, at least.
        longest: at most.
    """
    from gensim.models.fasttext import ft_ngram_hashes

    for first in range(0, len(words), size := rows_at_once(own.shape[1])):
        some = words[first : first + size]
        table = np.array(own[first : first + size], dtype=np.float32)
        for row, word in enumerate(some) if len(parts) else ():
            hashes = ft_ngram_hashes(word, shortest, longest, len(parts))
            for part in hashes:  # one by one, as gensim adds them, to the last bit
                table[row] += parts[part]
            table[row] /= len(hashes) + 1
        yield some, table
