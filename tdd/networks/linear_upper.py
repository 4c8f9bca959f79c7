"""The upper part of a network whose lower part is frozen down to one vector a text: a linear layer alone."""

from __future__ import annotations

from torch import Tensor, nn

from tdd.networks.kernels.linear import LinearKernel


class LinearUpper(nn.Module):
    """A linear layer on one vector for each text.

    Args:
        features: h.
        classes: C, number of logits.
    """

    def __init__(self, features: int, classes: int):
        super().__init__()
        self.classifier = nn.Linear(features, classes)

    def forward(self, x: Tensor, mask: Tensor, attention: int = 0) -> Tensor:
        """Logits (N, C) of features (N, 1, h); it pays no attention, however much is asked for."""
        logits: Tensor = self.classifier(x[:, 0])
        return logits

    def closed_form(self) -> LinearKernel:
        """This part's exact fast path; its parameters have the names of the whole network."""
        return LinearKernel(self.classifier.in_features, self.classifier.out_features, "upper.")
