"""The paper's text network: parallel convolutions over word vectors, max over time, one linear layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tdd.networks.kernels.text_cnn import TextCNNKernel


class TextCNN(nn.Module):
    """Kim's convolutional sentence classifier (arXiv 1408.5882) on embedded input.

    A sentence is a one-channel image L x d (paper 3.3) and a filter spans all of d. Its Xavier fan is that of this
    two-dimensional convolution, which starts the filters small; distillation learns much faster for it.

    Args:
        dim: d, length of a word vector.
        classes: C, number of logits.
        widths: words spanned by each bank of filters.
        filters: filters in each bank.
        dropout: probability of dropping a pooled feature in training mode.
    """

    def __init__(
        self, dim: int, classes: int, widths: Sequence[int] = (3, 4, 5), filters: int = 100, dropout: float = 0.5
    ):
        super().__init__()
        self.widths, self.filters = list(widths), filters
        self.convs = nn.ModuleList(nn.Conv2d(1, filters, (width, dim)) for width in widths)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(len(widths) * filters, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, C) of embedded sentences (N, L, d)."""
        pooled = torch.cat([conv(x[:, None]).squeeze(3).max(dim=2).values for conv in self.convs], dim=1)
        logits: Tensor = self.classifier(self.dropout(pooled.relu()))
        return logits

    def closed_form(self) -> TextCNNKernel:
        """This network's exact fast path."""
        return TextCNNKernel(self.widths, self.filters, self.dropout.p)
