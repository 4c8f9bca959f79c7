"""Samples that are real training examples and stay as they are: labels and learning rates alone are learned."""

from __future__ import annotations

import torch
from torch import Tensor

from tdd.distilled_set.sentences import Sentences


class RealSamples:
    """Real examples, which nothing changes (labels learned for them: Bohdal et al., arXiv 2006.08572).

    Args:
        sentences: the words of texts; None: they are images.

    Attributes:
        stay: whether they are never others.
    """

    stay = True

    def __init__(self, sentences: Sentences | None):
        self.sentences = sentences

    def identity(self) -> list[int]:
        """The token ids of texts."""
        tokens: list[int] = [] if self.sentences is None else self.sentences.tokens.flatten().tolist()
        return tokens

    def start(self, samples: Tensor) -> Tensor:
        """See `Parametrisation`."""
        return samples

    def samples(self, raw: Tensor) -> Tensor:
        """See `Parametrisation`."""
        return raw

    def gradient(self, raw: Tensor, gradient: Tensor) -> Tensor:
        """See `Parametrisation`; nothing is learned."""
        return torch.zeros_like(raw)

    def finished(self, raw: Tensor) -> tuple[Tensor, Sentences | None]:
        """See `Parametrisation`."""
        return raw, self.sentences
