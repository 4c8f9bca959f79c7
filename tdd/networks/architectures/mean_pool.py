"""A deep averaging network: the mean of a sentence's words, hidden layers, a linear layer."""

from __future__ import annotations

from torch import Tensor, nn

from tdd.data.protocols import InputSpace
from tdd.networks.source import plain_source
from tdd.settings.networks import MeanPoolOptions


class PlainMeanPool(nn.Module):
    """Iyyer et al.'s deep averaging network (ACL 2015) on embedded sentences."""

    def __init__(self, dim: int, classes: int, hidden: int, layers: int, dropout: float):
        super().__init__()
        sizes = [dim, *[hidden] * layers]
        self.hidden = nn.ModuleList(nn.Linear(size, hidden) for size in sizes[:-1])
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(sizes[-1], classes)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits (N, C) of sentences (N, L, d), of which `mask` (N, L) says where they have a word."""
        if mask is None:
            features = x.mean(1)
        else:
            inside = mask[..., None].to(x.dtype)
            features = (x * inside).sum(1) / inside.sum(1).clamp(min=1)
        for layer in self.hidden:
            features = self.dropout(layer(features).relu())
        logits: Tensor = self.classifier(features)
        return logits


class MeanPool(PlainMeanPool):
    """The network of `PlainMeanPool`.

    Args:
        space: sentences (L, d).
        classes: C, number of logits.
        options: see `MeanPoolOptions`.
    """

    def __init__(self, space: InputSpace, classes: int, options: MeanPoolOptions):
        self.arguments = (space.shape[1], classes, options.hidden, options.layers, options.dropout)
        super().__init__(*self.arguments)

    def source(self) -> str:
        """See `plain_source`."""
        return plain_source(PlainMeanPool, *self.arguments)
