"""Binary files of word2vec, as its own program and gensim write them: a word, a space, d numbers of four bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from tdd.embeddings.blocks import Block, decoded, rows_at_once

# What follows a vector: word2vec's line end or none, then the UTF-8 of the next word up to a space.
_NEXT_WORD = re.compile(
    rb"\n?(?:[\x21-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+ "
)
_NOTHING = re.compile(rb"\n?\Z")
# Numbers of a vector that are looked at, and the sizes that they have; four letters, read as a number, have another.
_LOOKED_AT, _LEAST, _MOST = 8, 1e-15, 1e9
# Bytes of a word, at most.
_LONGEST = 4096


def read_binary(path: Path, file: IO[bytes], count: int, dim: int) -> Iterator[Block]:
    """The words of a binary file, opened behind its first line, which names their number and d.

    Raises:
        EOFError: there are fewer.
    """
    reader = _Reader(file, 4 * dim)
    for first in range(0, count, rows_at_once(dim)):
        size = min(rows_at_once(dim), count - first)
        words, vectors = zip(*(reader.next(first + row == count - 1) for row in range(size)), strict=True)
        yield list(map(decoded, words)), np.frombuffer(b"".join(vectors), dtype="<f4").reshape(size, dim)


class _Reader:
    """Reads a word and the `width` bytes of its vector at a time.

    Where the word ends is not written: it may hold spaces itself. It ends at the first one behind which there are
    numbers of the usual size, and behind these another word.
    """

    def __init__(self, file: IO[bytes], width: int):
        self.file, self.width = file, width
        self.buffer, self.at = b"", 0

    def next(self, last: bool) -> tuple[bytes, bytes]:
        """The next word and its vector; `last`: no other follows."""
        needed = 2 * _LONGEST + self.width
        if len(self.buffer) - self.at < needed:
            self.buffer = self.buffer[self.at :] + self.file.read(max(2**22, needed))
            self.at = 0
        start = self.at + (self.buffer[self.at : self.at + 1] == b"\n")
        ends = self._ends(start)
        first = next(ends, None)
        if first is None:
            raise EOFError
        end = first
        if not self._may_end(first, last):
            end = next((other for other in ends if self._may_end(other, last)), first)
        self.at = end + 1 + self.width
        if self.at > len(self.buffer):
            raise EOFError
        return self.buffer[start:end], self.buffer[end + 1 : self.at]

    def _ends(self, start: int) -> Iterator[int]:
        """Places of spaces where a word that begins at `start` may end."""
        end = self.buffer.find(b" ", start, start + _LONGEST)
        while end != -1:
            yield end
            end = self.buffer.find(b" ", end + 1, start + _LONGEST)

    def _may_end(self, end: int, last: bool) -> bool:
        behind = end + 1 + self.width
        follows = _NOTHING if last else _NEXT_WORD
        if behind > len(self.buffer) or follows.match(self.buffer, behind) is None:
            return False
        numbers = struct.unpack_from(f"<{min(_LOOKED_AT, self.width // 4)}f", self.buffer, end + 1)
        return all(number == 0 or _LEAST < abs(number) < _MOST for number in numbers)
