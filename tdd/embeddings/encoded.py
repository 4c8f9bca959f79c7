"""Texts as token ids, with a count of the tokens that have no vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.spelling import KINDS


def joined(
    firsts: Sequence[Sequence[int]], seconds: Sequence[Sequence[int]], separator: Sequence[int]
) -> list[list[int]]:
    """Tokens of pairs of texts, one behind the other with the separator between; none where both texts have none."""
    return [
        [*first, *separator, *second] if first or second else [] for first, second in zip(firsts, seconds, strict=True)
    ]


@dataclass(frozen=True)
class EncodedTexts:
    """Token ids of N texts, one after the other.

    Attributes:
        ids: (tokens,) int32; row + 1 of a token, 0 of one without a vector.
        offsets: (N + 1,) int64; text i is ``ids[offsets[i]:offsets[i + 1]]``.
        unknown: (N, 3) int32; tokens of each text without a vector, by `KINDS`.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    unknown: NDArray[np.int32]

    @classmethod
    def of_codes(cls, texts: Sequence[Sequence[int]]) -> EncodedTexts:
        """From ids in which -1 minus the place of its kind stands for a token without a vector."""
        offsets = np.zeros(len(texts) + 1, dtype=np.int64)
        np.cumsum([len(text) for text in texts], out=offsets[1:])
        codes = np.fromiter(chain.from_iterable(texts), dtype=np.int32, count=offsets[-1])
        (missing,) = np.nonzero(codes < 0)
        unknown = np.zeros((len(texts), len(KINDS)), dtype=np.int32)
        np.add.at(unknown, (np.searchsorted(offsets, missing, "right") - 1, -1 - codes[missing]), 1)
        codes[missing] = 0
        return cls(codes, offsets, unknown)
