"""How an outer gradient reaches the latent vector of a word: as if the word were a mixture of its neighbours.

The forward pass shows one word; the backward pass takes a softmax over the words around it in its place (the
straight-through form of Jang et al. 1611.01144, without noise). It turns the gradient g into Cov(e) g / temperature,
with the covariance of the neighbours' vectors e: a latent vector moves along what tells these words apart.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Words compared with all others at once.
WORDS_AT_ONCE = 2048


class Neighbourhoods:
    """The words around every word of a vocabulary.

    Args:
        table: (V, d) vectors of the words, which the networks train on.
        points: (V, d) where the words lie for distances.
        count: words of a neighbourhood, the word itself included.
        temperature: of the softmax over -|latent - word|^2 / 2, in units of that value at a typical nearest word.
    """

    def __init__(self, table: Tensor, points: Tensor, count: int, temperature: float):
        self.table, self.points = table, points
        half_squares = points.square().sum(1) / 2
        found = [
            torch.addmm(-half_squares, part, points.T).topk(min(count, len(points)), dim=1).indices
            for part in points.split(WORDS_AT_ONCE)
        ]
        self.members = torch.cat(found)
        nearest = (points - points[self.members[:, 1]]).square().sum(1) / 2
        self.temperature = temperature * nearest.mean()

    def reach(self, places: Tensor, words: Tensor, gradient: Tensor) -> Tensor:
        """Gradient (P, d) to latent vectors at `places` (P, d), where `words` (P,) are shown and have `gradient`."""
        members = self.members[words]
        distances = (places[:, None] - self.points[members]).square().sum(2) / 2
        weights = (-distances / self.temperature).softmax(1)
        vectors = self.table[members]
        along = torch.einsum("pkd,pd->pk", vectors, gradient)
        centred = weights * (along - (weights * along).sum(1, keepdim=True))
        return torch.einsum("pk,pkd->pd", centred, vectors) / self.temperature
