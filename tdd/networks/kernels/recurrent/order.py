"""The order of words that either way of a recurrent layer reads, and the pooling of its states: both linear.

Tensors are (K, T, n, s): networks, times, sentences, numbers. Of two ways the second reads a sentence turned around,
padding last; B counts networks x ways.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

# Below every state: the maximum where there is none.
NO_STATE = -2.0


@dataclass(frozen=True)
class Order:
    """Where the words of n sentences are.

    Attributes:
        ways: 1, or 2 where sentences are read backwards too.
        inside: (1, T, n, 1) bool, where a sentence has a word.
        turned: (1, T, n, 1), where the words of the sentence turned around come from; there and back are the same.
    """

    ways: int
    inside: Tensor
    turned: Tensor

    @classmethod
    def of(cls, x: Tensor, mask: Tensor | None, ways: int) -> Order:
        """That of sentences x (n, T, d) with a mask (n, T)."""
        places = torch.arange(x.shape[1], device=x.device)[:, None].expand(-1, len(x))
        lengths = torch.full_like(places[:1], x.shape[1]) if mask is None else mask.sum(1)[None]
        inside = places < lengths
        return cls(ways, inside[None, ..., None], torch.where(inside, lengths - 1 - places, places)[None, ..., None])

    @property
    def times(self) -> int:
        """T."""
        return self.inside.shape[1]

    def around(self, values: Tensor) -> Tensor:
        """Each sentence (K, T, n, s) turned around."""
        return values.gather(1, self.turned.expand(values.shape))

    def both_ways(self, inputs: Tensor) -> Tensor:
        """Inputs (K, T, n, s) as either way reads them, (K, W, T x n, s)."""
        if self.ways == 1:
            return inputs[:, None].flatten(2, 3)
        return torch.stack([inputs, self.around(inputs)], dim=1).flatten(2, 3)

    def both_ways_back(self, read_bar: Tensor) -> Tensor:
        """Gradients (K, T, n, s) to the inputs from those to what either way read, (K, W, T x n, s)."""
        parts: tuple[Tensor, ...] = read_bar.unflatten(2, (self.times, -1)).unbind(1)
        return parts[0] if self.ways == 1 else parts[0] + self.around(parts[1])

    def joined(self, states: Tensor) -> Tensor:
        """States (B, T, n, h) of both ways at each word side by side, (K, T, n, W x h)."""
        if self.ways == 1:
            return states
        return torch.cat([states[::2], self.around(states[1::2])], dim=-1)

    def parted(self, outputs: Tensor) -> Tensor:
        """The opposite of `joined`, which takes gradients back too."""
        if self.ways == 1:
            return outputs
        forwards, backwards = outputs.chunk(2, dim=-1)
        return torch.stack([forwards, self.around(backwards)], dim=1).flatten(0, 1)


@dataclass(frozen=True)
class Pooling:
    """How outputs (K, T, n, F) become features (n, K, F), winners known.

    Attributes:
        times: T.
        chosen: (K, 1, n, F) the time of each feature; None: the mean.
        weights: what outputs are multiplied by.
        empty: what is added to the features of sentences without a word, (n, 1, 1).
    """

    times: int
    chosen: Tensor | None
    weights: Tensor
    empty: Tensor | float = 0.0

    @classmethod
    def of(cls, kind: str, outputs: Tensor, order: Order) -> Pooling:
        """By the options' "max", "mean" or "last" (of the backwards way: at the first word)."""
        inside, times = order.inside, order.times
        lengths = inside.sum(1, keepdim=True)
        if kind == "mean":
            return cls(times, None, inside / lengths.clamp(min=1).to(outputs))
        if kind == "max":
            chosen = outputs.masked_fill(~inside, NO_STATE).max(1, keepdim=True).indices
            some = (lengths > 0).to(outputs)
            return cls(times, chosen, some, NO_STATE * (1 - some[0, 0, :, :, None]))
        ends = [(lengths - 1).clamp(min=0), torch.zeros_like(lengths)][: order.ways]
        shape = (len(outputs), 1, outputs.shape[2], outputs.shape[3] // order.ways)
        chosen = torch.cat([end.expand(shape) for end in ends], dim=-1)
        return cls(times, chosen, torch.ones_like(lengths).to(outputs))

    def features(self, outputs: Tensor) -> Tensor:
        """Those of outputs."""
        return self.linear(outputs) + self.empty

    def linear(self, outputs: Tensor) -> Tensor:
        """The tangents of the features from those of outputs."""
        weighed = outputs * self.weights if self.chosen is None else outputs.gather(1, self.chosen) * self.weights
        return weighed.sum(1).transpose(0, 1)

    def back(self, features_bar: Tensor) -> Tensor:
        """Gradients to the outputs."""
        bar = features_bar.transpose(0, 1)[:, None] * self.weights
        if self.chosen is None:
            return bar
        return bar.new_zeros(len(bar), self.times, *bar.shape[2:]).scatter_(1, self.chosen, bar)
