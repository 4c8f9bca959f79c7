"""The usable part of a file of word vectors: each word once, with a name and a vector, all numbers finite."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.blocks import Block
from tdd.errors import TddError
from tdd.system.formatting import counted

# Share of words that may be no UTF-8 before the file is taken for one in another encoding.
_UNREADABLE = 0.01


class UsableWords:
    """Takes blocks of a file and hands on the rows that can be used, in their order.

    Args:
        name: of the vectors, for what is told.
        write: called with each block of usable rows (n, d), float32.

    Attributes:
        words: those whose rows were handed on.
        dim: d; 0: none yet.
        notes: what a user should know about the others, a line each, once all blocks were added.
    """

    def __init__(self, name: str, write: Callable[[NDArray[np.float32]], None]):
        self.name, self.write = name, write
        self.words: list[str] = []
        self.dim = 0
        self.notes: list[str] = []
        self._met: set[str] = set()
        self._read = 0
        self._repeated: list[str] = []
        self._without_vector: list[str] = []
        self._without_name = self._unreadable = 0

    def add_all(self, blocks: Iterable[Block]) -> None:
        """Add every block of a file.

        Raises:
            TddError: a number is not finite, or no word can be used, or too many are not UTF-8.
        """
        for words, table in blocks:
            self._add(words, table)
        if not self.words or not self.dim:
            zero = f" but vectors of zeros ('{self._without_vector[0]}' first)" if self._without_vector else ""
            raise TddError(f"{self.name} holds no word vectors{zero}; pass the path of another vectors file")
        if self._unreadable > _UNREADABLE * self._read:
            raise TddError(
                f"{self.name}: {self._unreadable} of {self._read} words are not UTF-8; "
                "save the file in UTF-8, e.g. iconv -f latin1 -t utf-8"
            )
        self._met.clear()
        self.notes = list(self._told())

    def _add(self, words: Iterable[str | None], numbers: NDArray[np.generic]) -> None:
        with np.errstate(over="ignore"):  # a number too large for float32 is found below
            table = np.ascontiguousarray(numbers, dtype=np.float32)
        self.dim = table.shape[1]
        finite, some = (np.asarray(each) for each in (np.isfinite(table).all(axis=1), table.any(axis=1)))
        kept = np.zeros(len(table), dtype=bool)
        for row, word in enumerate(words):
            self._read += 1
            if not finite[row]:
                raise TddError(f"{self.name} holds NaN or infinite values (word {self._read}, '{word}')")
            if word is None:
                self._unreadable += 1
            elif not word:
                self._without_name += 1
            elif word in self._met:
                self._repeated.append(word)
            elif not some[row]:
                self._without_vector.append(word)
            else:
                kept[row] = True
                self._met.add(word)
                self.words.append(word)
        self.write(table if kept.all() else table[kept])

    def _told(self) -> Iterable[str]:
        if again := self._repeated:
            words = f"{counted(len(set(again)), 'word')} more than once ('{again[0]}' first)"
            yield f"{self.name} has {words}: the first vector of each counts"
        if zeros := self._without_vector:
            vectors = f"{counted(len(zeros), 'vector')} of zeros ('{zeros[0]}' first)"
            yield f"{self.name} has {vectors}, as good as none: left out"
        if left_out := self._unreadable + self._without_name:
            yield f"{self.name} has {left_out:,} lines that name no word in UTF-8: left out"
