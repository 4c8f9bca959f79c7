"""The paper's text network: parallel convolutions over word vectors, max over time, one linear layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tdd.data.protocols import InputSpace
from tdd.networks.kernels.text_cnn import TextCNNKernel
from tdd.networks.source import plain_source
from tdd.settings.networks import TextCNNOptions


class PlainTextCNN(nn.Module):
    """Kim's convolutional sentence classifier (arXiv 1408.5882) on embedded sentences."""

    def __init__(self, dim: int, classes: int, widths: list[int], filters: int, dropout: float):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(1, filters, (width, dim)) for width in widths)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(len(widths) * filters, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, C) of sentences (N, L, d), padded with zeros."""
        pooled = torch.cat([conv(x[:, None]).squeeze(3).max(dim=2).values for conv in self.convs], dim=1)
        logits: Tensor = self.classifier(self.dropout(pooled.relu()))
        return logits


class TextCNN(PlainTextCNN):
    """The network of `PlainTextCNN` with its exact fast path.

    A sentence is a one-channel image L x d (paper 3.3) and a filter spans all of d. Its Xavier fan is that of this
    two-dimensional convolution, which starts the filters small; distillation learns much faster for it.

    Args:
        space: sentences (L, d).
        classes: C, number of logits.
        options: see `TextCNNOptions`; dropout is that of the pooled features.
    """

    def __init__(self, space: InputSpace, classes: int, options: TextCNNOptions):
        self.arguments = (space.shape[1], classes, options.widths, options.filters, options.dropout)
        super().__init__(*self.arguments)
        self.options = options

    def closed_form(self) -> TextCNNKernel:
        """This network's exact fast path."""
        return TextCNNKernel(self.options.widths, self.options.filters, self.options.dropout)

    def source(self) -> str:
        """See `plain_source`."""
        return plain_source(PlainTextCNN, *self.arguments)
