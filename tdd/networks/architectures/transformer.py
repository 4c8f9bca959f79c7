"""A small transformer: learned positions, self-attention, the mean over the words, a linear layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tdd.data.protocols import InputSpace
from tdd.networks.source import plain_source
from tdd.settings.networks import TransformerOptions


class PlainTransformer(nn.Module):
    """A transformer encoder (Vaswani et al., arXiv 1706.03762) on embedded sentences, normalised before each part.

    Attention is written out: the fused kernels have no second derivative.
    """

    def __init__(
        self,
        length: int,
        dim: int,
        classes: int,
        hidden: int,
        layers: int,
        heads: int,
        feedforward: int,
        dropout: float,
    ):
        super().__init__()
        self.heads = heads
        self.embedding = nn.Linear(dim, hidden)
        self.positions = nn.Parameter(torch.zeros(length, hidden))
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                {
                    "attention_norm": nn.LayerNorm(hidden),
                    "attention_in": nn.Linear(hidden, 3 * hidden),
                    "attention_out": nn.Linear(hidden, hidden),
                    "feedforward_norm": nn.LayerNorm(hidden),
                    "feedforward_in": nn.Linear(hidden, feedforward),
                    "feedforward_out": nn.Linear(feedforward, hidden),
                }
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits (N, C) of sentences (N, L, d), of which `mask` (N, L) says where they have a word."""
        if mask is None:
            mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
        states = self.dropout(self.embedding(x) + self.positions[: x.shape[1]])
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleDict)
            queries, keys, values = (
                part.unflatten(2, (self.heads, -1)).transpose(1, 2)  # (N, heads, L, hidden / heads)
                for part in layer["attention_in"](layer["attention_norm"](states)).chunk(3, dim=2)
            )
            scores = queries @ keys.transpose(2, 3) / queries.shape[3] ** 0.5
            # Finite, for sentences without a word.
            attention = scores.masked_fill(~mask[:, None, None], torch.finfo(x.dtype).min).softmax(3)
            mixed = (attention @ values).transpose(1, 2).flatten(2)
            states = states + self.dropout(layer["attention_out"](mixed))
            between = nn.functional.gelu(layer["feedforward_in"](layer["feedforward_norm"](states)))
            states = states + self.dropout(layer["feedforward_out"](between))
        inside = mask[..., None].to(x.dtype)
        features = (self.norm(states) * inside).sum(1) / inside.sum(1).clamp(min=1)
        logits: Tensor = self.classifier(features)
        return logits


class Transformer(PlainTransformer):
    """The network of `PlainTransformer`.

    Args:
        space: sentences (L, d); longer ones have no positions.
        classes: C, number of logits.
        options: see `TransformerOptions`.
    """

    def __init__(self, space: InputSpace, classes: int, options: TransformerOptions):
        self.arguments = (*space.shape, classes, *options.model_dump().values())
        super().__init__(*self.arguments)

    def source(self) -> str:
        """See `plain_source`."""
        return plain_source(PlainTransformer, *self.arguments)
