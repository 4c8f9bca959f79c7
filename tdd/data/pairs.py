"""Texts of pairs, one behind the other with a separator between them, cut to the length that is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray


def kept_of_first(first: Tensor, second: Tensor, room: int) -> Tensor:
    """Tokens (N,) that are kept of the first texts of pairs, where both must fit into `room` tokens.

    The longer one of a pair is cut, and where both are longer than half of the room each fills a half, the first one
    the larger; as transformers does ("longest first").

    Args:
        first: (N,) tokens of the first texts.
        second: (N,) tokens of the second texts.
        room: tokens, the separator not counted.
    """
    return first.minimum((room - second).clamp(min=(room + 1) // 2)).clamp(min=0)


def cut_pairs(ids: Tensor, separator: Sequence[int], length: int) -> Tensor:
    """Tokens (N, P) of pairs of texts, padded with zeros at the end, without those that are cut off the first texts.

    The first `length` of them are those that are read; see `kept_of_first`. A row without a separator stays as it is.
    """
    columns = torch.arange(ids.shape[1], device=ids.device)
    whole = (ids > 0).sum(1)
    found = ids == separator[0]
    first = torch.where(found.any(1), found.int().argmax(1), whole)
    kept = kept_of_first(first, whole - first - len(separator), length - len(separator))
    places = columns + (first - kept)[:, None] * (columns >= kept[:, None])
    return F.pad(ids, (0, 1)).gather(1, places.clamp(max=ids.shape[1]))


def cut_row(row: NDArray[np.int32], separator: Sequence[int], length: int) -> NDArray[np.int32]:
    """At most `length` token ids of one text, or of a pair: see `kept_of_first`; 0 is a token without a vector."""
    found = np.flatnonzero(row == separator[0]).tolist() if separator else []
    if not found or len(row) <= length:
        return row[:length]
    first = found[0]
    kept, _ = kept_of_both(first, len(row) - first - len(separator), length - len(separator))
    cut: NDArray[np.int32] = np.concatenate([row[:kept], row[first:]])[:length]
    return cut


def kept_of_both(first: int, second: int, room: int) -> tuple[int, int]:
    """Tokens that are kept of the texts of one pair, see `kept_of_first`."""
    kept = int(kept_of_first(torch.tensor(first), torch.tensor(second), room))
    return kept, max(0, min(second, room - kept))
