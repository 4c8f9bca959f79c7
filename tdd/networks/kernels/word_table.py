"""Convolution over real text as sums of table rows, and the winners of max over time.

Over frozen word vectors the value of a window is the sum, over its places, of <vector of the word there, filter at that
place>. Those products are computed once for every distinct word and place, which makes a table; a window is then
`width` rows of it added up, whatever the length d of a vector. Windows that lie wholly in a sentence's trailing padding
are all equal, so one of them is kept.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.data.text_batch import TextBatch
from tdd.system.memory import part_bytes

# Windows whose values a processor holds at once: 4,096 x 100 float32 stay within a core's cache.
WINDOWS_AT_ONCE = 4096
WINDOW_BYTES = 4 * 100 * WINDOWS_AT_ONCE
# Positions in a block of the two-level arg max. `amax` runs several times faster than a search for the place, which is
# left with one block; on short sentences that does not pay.
BLOCK = 16
SHORT = 3 * BLOCK


def argmax_over_time(values: Tensor) -> Tensor:
    """First index of the largest value along dimension 1, (n, P, F) -> (n, F): equal to ``values.argmax(1)``."""
    length = values.shape[1]
    if values.device.type != "cpu":
        return _first_argmax(values)
    if length < SHORT:
        return values.max(1).indices
    whole = length - length % BLOCK
    tops = values[:, :whole].unflatten(1, (-1, BLOCK)).amax(2)
    if whole < length:
        tops = torch.cat([tops, values[:, whole:].amax(1, keepdim=True)], dim=1)
    start: Tensor = tops.max(1).indices * BLOCK
    # The last block may be short: its last position is then repeated, behind the place where it is found first.
    block = (start[:, None] + torch.arange(BLOCK, device=values.device)[:, None]).clamp_(max=length - 1)
    return torch.add(start, values.gather(1, block).max(1).indices)


def _first_argmax(values: Tensor) -> Tensor:
    """As `argmax_over_time`, where `max` does not promise the first of equal values."""
    places = torch.arange(values.shape[1], device=values.device)[:, None]
    first: Tensor = torch.where(values == values.amax(1, keepdim=True), places, values.shape[1]).amin(1)
    return first


class WordTable:
    """The windows of a real batch for one filter width, prepared once for any number of networks.

    Args:
        batch: real sentences, shortest first.
        width: words a filter spans, at most ``batch.length``.
    """

    def __init__(self, batch: TextBatch, width: int):
        self.batch, self.width = batch, width
        self.padded = F.pad(batch.ids, (0, width))
        self.chunks: list[tuple[int, int, Tensor]] = []
        places = torch.arange(width, dtype=torch.int32, device=batch.ids.device)
        lengths = batch.lengths.tolist()  # on the host
        at_once = part_bytes(batch.ids.device, WINDOW_BYTES) // WINDOW_BYTES * WINDOWS_AT_ONCE
        start = 0
        while start < len(batch):
            # All words of the chunk's longest sentence start a window, and one more stands for the padding.
            stop, windows = start, 0
            while stop < len(batch):
                needed = min(lengths[stop] + 1, batch.length - width + 1)
                if stop > start and needed * (stop - start + 1) > at_once:
                    break
                windows, stop = needed, stop + 1
            rows = self.padded[start:stop, : windows + width - 1].unfold(1, width, 1) * width + places
            self.chunks.append((windows, stop - start, rows.flatten(0, 1)))
            start = stop

    def largest(self, weight: Tensor, with_positions: bool) -> tuple[Tensor, Tensor | None]:
        """Largest window value (B, F) under filters (F, 1, width, d), without bias, and its first position (B, F)."""
        filters = len(weight)
        table = (self.batch.words @ weight[:, 0].permute(2, 1, 0).flatten(1)).view(-1, filters)
        tops, positions = [], []
        for windows, sentences, rows in self.chunks:
            values = F.embedding_bag(rows, table, mode="sum").view(sentences, windows, filters)
            if with_positions:
                positions.append(argmax_over_time(values))
                tops.append(values.gather(1, positions[-1][:, None])[:, 0])
            else:
                tops.append(values.amax(1))
        return torch.cat(tops), torch.cat(positions) if with_positions else None

    def filter_gradient(self, positions: Tensor, gradient: Tensor) -> Tensor:
        """Gradient to the filters (F, 1, width, d) when the winners' values have gradient (B, F).

        At each place of each filter it is the sum over sentences of the winner's word there, weighted.
        """
        sentences, filters = gradient.shape
        starts = positions.T[:, None] + torch.arange(self.width, device=positions.device)[:, None]
        words = self.padded[torch.arange(sentences, device=positions.device), starts]
        weights = gradient.T[:, None].expand_as(words).flatten(0, 1)
        sums = F.embedding_bag(words.flatten(0, 1), self.batch.words, mode="sum", per_sample_weights=weights)
        return sums.view(filters, 1, self.width, -1)
