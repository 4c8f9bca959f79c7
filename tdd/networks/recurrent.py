"""Recurrent networks: what `lstm` and `gru` have in common."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from tdd.data.protocols import InputSpace
from tdd.networks.kernels.recurrent.kernel import Cell, RecurrentKernel
from tdd.networks.source import plain_source
from tdd.settings.networks import RecurrentOptions


class PlainRecurrent(nn.Module):
    """A recurrent network on embedded sentences: its states, pooled over the words, and a linear layer.

    Words are read backwards by a layer of its own, over the sentence turned around: padding comes last either way.
    """

    def __init__(
        self,
        cell: str,
        dim: int,
        classes: int,
        hidden: int,
        layers: int,
        bidirectional: bool,
        pooling: str,
        dropout: float,
    ):
        super().__init__()
        ways = 2 if bidirectional else 1
        sizes = [dim, *[ways * hidden] * (layers - 1)]
        kind = getattr(nn, cell)
        self.forwards = nn.ModuleList(kind(size, hidden, batch_first=True) for size in sizes)
        self.backwards = nn.ModuleList(kind(size, hidden, batch_first=True) for size in sizes[: layers * (ways - 1)])
        self.pooling = pooling
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(ways * hidden, classes)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits (N, C) of sentences (N, L, d), of which `mask` (N, L) says where they have a word."""
        places = torch.arange(x.shape[1], device=x.device).expand(x.shape[:2])
        lengths = torch.full_like(places[:, :1], x.shape[1]) if mask is None else mask.sum(1, keepdim=True)
        inside = (places < lengths)[..., None]
        turned = torch.where(inside[..., 0], lengths - 1 - places, places)[..., None]  # there and back again
        states = x
        for layer, forwards in enumerate(self.forwards):
            ways = [forwards(states)[0]]
            if self.backwards:
                backwards = self.backwards[layer](states.gather(1, turned.expand_as(states)))[0]
                ways.append(backwards.gather(1, turned.expand_as(backwards)))
            states = torch.cat(ways, dim=2)
        if self.pooling == "max":
            features = states.masked_fill(~inside, -2.0).amax(1)  # below every state
        elif self.pooling == "mean":
            features = (states * inside).sum(1) / lengths.clamp(min=1)
        else:  # the last state of either way: backwards, that of the first word
            ends = [(lengths - 1).clamp(min=0), torch.zeros_like(lengths)][: len(ways)]
            features = torch.cat(
                [
                    way.gather(1, end[..., None].expand(-1, 1, way.shape[2]))[:, 0]
                    for way, end in zip(ways, ends, strict=True)
                ],
                dim=1,
            )
        logits: Tensor = self.classifier(self.dropout(features))
        return logits


class Recurrent(PlainRecurrent):
    """A `PlainRecurrent` of one kind of cells.

    Args:
        space: sentences (L, d).
        classes: C, number of logits.
        options: see `RecurrentOptions`.
    """

    cell: ClassVar[Cell]

    def __init__(self, space: InputSpace, classes: int, options: RecurrentOptions):
        self.arguments = (self.cell, space.shape[1], classes, *options.model_dump().values())
        super().__init__(*self.arguments)
        self.options = options

    def closed_form(self) -> RecurrentKernel:
        """This network's exact fast path."""
        return RecurrentKernel(self, self.cell, self.options)

    def source(self) -> str:
        """See `plain_source`."""
        return plain_source(PlainRecurrent, *self.arguments)
