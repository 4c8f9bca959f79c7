"""How an outer gradient reaches the latent vector of a word: as if the word were a mixture of its neighbours.

The forward pass shows one word; the backward pass takes a softmax over the words around it in its place (the
straight-through form of Jang et al. 1611.01144, without noise). It turns the gradient g into Cov(e) g / temperature,
with the covariance of the neighbours' vectors e: a latent vector moves along what tells these words apart.
"""

from __future__ import annotations

import torch
from torch import Tensor

PRODUCTS_AT_ONCE = 2**24
"""Vectors times words compared at once: 64 MB of products."""


class WordMixtures:
    """The words around every word of a vocabulary.

    Args:
        table: (V, d) vectors of the words.
        count: words of a neighbourhood, the word itself included.
        temperature: of the softmax over -|latent - word|^2 / 2, in units of that value at a typical nearest word.
    """

    def __init__(self, table: Tensor, count: int, temperature: float):
        self.table = table
        half_squares = table.square().sum(1) / 2
        parts = [
            torch.addmm(-half_squares, part, table.T).topk(min(count, len(table)), dim=1).indices
            for part in table.split(max(1, PRODUCTS_AT_ONCE // len(table)))
        ]
        self.members = torch.cat(parts)
        nearest = (table - table[self.members[:, 1]]).square().sum(1) / 2
        # Words with the same vector as another one say nothing about distances.
        self.temperature = temperature * nearest[nearest > 0].mean()

    def gradient(self, latent: Tensor, words: Tensor, gradient: Tensor) -> Tensor:
        """Gradient (P, d) to latent vectors (P, d) that show `words` (P,), the vectors of which have `gradient`."""
        members = self.members[words]
        vectors = self.table[members]
        distances = (latent[:, None] - vectors).square().sum(2) / 2
        weights = (-distances / self.temperature).softmax(1)
        along = torch.einsum("pkd,pd->pk", vectors, gradient)
        centred = weights * (along - (weights * along).sum(1, keepdim=True))
        return torch.einsum("pk,pkd->pd", centred, vectors) / self.temperature
