"""How many tokens of a data set have a vector, by kind: words, numbers and punctuation marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.spelling import KINDS, kind_of

WORDS = KINDS.index("words")
LEAST_COVERAGE = 0.2
"""Share of training words with a vector below which the vectors are for another language."""


@dataclass(frozen=True)
class Coverage:
    """Counts of tokens, by `KINDS`.

    Attributes:
        known: those with a vector.
        unknown: those without one.
    """

    known: tuple[int, ...]
    unknown: tuple[int, ...]

    @classmethod
    def of(
        cls, ids: NDArray[np.int32], unknown: NDArray[np.integer], words: Sequence[str], separator: Sequence[int] = ()
    ) -> Coverage:
        """Of texts with these token ids, row of `words` + 1, and tokens without a vector, counted by kind.

        The ids of a `separator` of pairs do not count: they are no part of a text. Word pieces without a vector of
        their own have the id of one all the same, and count once, as unknown.
        """
        counts = np.bincount(ids, minlength=1)
        counts[[0, *(id_ for id_ in separator if id_ < len(counts))]] = 0
        known = np.zeros(len(KINDS), dtype=np.int64)
        for id_ in np.flatnonzero(counts).tolist():
            known[kind_of(words[id_ - 1])] += counts[id_]
        surplus = int(known.sum() + unknown.sum()) - int(np.isin(ids, separator, invert=True).sum())
        known[WORDS] -= surplus
        return cls(tuple(known.tolist()), tuple(unknown.tolist()))

    def share(self, *kinds: int) -> float | None:
        """Share of the tokens of some kinds that have a vector; None: there are no such tokens."""
        known = sum(self.known[kind] for kind in kinds)
        total = known + sum(self.unknown[kind] for kind in kinds)
        return known / total if total else None

    @property
    def of_words(self) -> float:
        """Share of the words that have a vector; of all tokens where there are none with a letter."""
        words = self.share(WORDS)
        return (self.share(*range(len(KINDS))) or 0.0) if words is None else words

    def shares(self) -> dict[str, float]:
        """Share of the tokens of each kind that have a vector, of the kinds that there are."""
        shares = {name: self.share(kind) for kind, name in enumerate(KINDS)}
        return {name: share for name, share in shares.items() if share is not None}

    def __str__(self) -> str:
        """In a line."""
        return line_of(self.shares())


def line_of(shares: Mapping[str, float]) -> str:
    """`Coverage.shares` in a line, that of words first."""
    first, *others = [(name, f"{share:.1%}") for name, share in shares.items()]
    more = f" ({', '.join(f'{name} {share}' for name, share in others)})" if others else ""
    return f"{first[1]} of {first[0]} have a vector{more}"
