"""Samples made of real words: every position keeps a latent vector and shows the nearest word of a vocabulary.

The networks train on the words' own vectors, so that a sentence reads exactly as it trains. The nearest word has no
useful derivative; the gradient passes straight through to the latent vector, as if that had been used (straight-through
estimator: Bengio et al. 1308.3432; for nearest vectors van den Oord et al. 1711.00937). Where many steps agree, the
latent vector crosses over to another word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tdd.distillation.samples.word_mixtures import PRODUCTS_AT_ONCE, WordMixtures
from tdd.distilled_set.sentences import Sentences

if TYPE_CHECKING:
    from tdd.embeddings.protocol import Embedding

# Words whose distances are computed exactly, so that the nearest is among them however the products are rounded.
CANDIDATES = 8
# Share of a distance that is left to its rounding.
SLACK = 1e-4


@dataclass(frozen=True)
class _Nearest:
    """Words found before: latent vectors (P, d), their words (P,), and how far each may move without another one."""

    latent: Tensor
    words: Tensor
    free_radius: Tensor


class WordSamples:
    """See `Parametrisation`; positions beyond the mask are padding: their vectors are zero and stay so.

    Args:
        vocabulary: (V,) int64 token ids that a position may show.
        vectors: the word vectors.
        commitment: weight of the pull of every latent vector to its word.
        mask: (steps, per_step, L) bool, where there are words; None: everywhere.
        device: where the samples are used.
        neighbours: words that the gradient tells apart on its way to a latent vector; 0: it passes straight through.
        temperature: see `WordMixtures`.
    """

    def __init__(
        self,
        vocabulary: Tensor,
        vectors: Embedding,
        commitment: float,
        mask: Tensor | None,
        device: torch.device,
        neighbours: int = 0,
        temperature: float = 1.0,
    ):
        self.vocabulary, self.vectors, self.commitment = vocabulary.to(device), vectors, commitment
        self.inside = None if mask is None else mask[..., None].to(device)
        self.table = vectors.embed(vocabulary).to(device)
        self.half_squares = self.table.square().sum(1) / 2
        self.around = WordMixtures(self.table, neighbours, temperature) if neighbours else None
        self.shown: _Nearest | None = None

    def identity(self) -> list[int]:
        """The token ids of the vocabulary."""
        token_ids: list[int] = self.vocabulary.tolist()
        return token_ids

    def start(self, samples: Tensor) -> Tensor:
        """The latent vectors that show the words of `samples`: these words' own."""
        return samples

    def samples(self, raw: Tensor) -> Tensor:
        """The vector of the nearest word (L2) at every position."""
        return self._shown(raw, self._words(raw))

    def gradient(self, raw: Tensor, gradient: Tensor) -> Tensor:
        """`gradient`, handed on, and that of commitment x |latent - word|^2 / 2; none where there is padding."""
        words = self._words(raw)
        if self.around:
            latent = raw.detach().flatten(0, -2)
            gradient = self.around.gradient(latent, words, gradient.flatten(0, -2)).view_as(raw)
        if self.commitment:
            gradient = gradient + self.commitment * (raw.detach() - self._shown(raw, words))
        return self._masked(gradient)

    def finished(self, raw: Tensor) -> tuple[Tensor, Sentences]:
        """The samples, and the sentences that they are."""
        words = self._nearest(raw.detach().flatten(0, -2)).words
        tokens = self._masked(self.vocabulary[words].view(*raw.shape[:-1], 1))[..., 0]
        return self._shown(raw, words), Sentences.of(tokens, self.vectors)

    def _words(self, raw: Tensor) -> Tensor:
        """(P,) the nearest words, found anew where need be."""
        latent = raw.detach().flatten(0, -2)
        self.shown = self._moved(self.shown, latent) if self.shown else self._nearest(latent)
        return self.shown.words

    def _shown(self, raw: Tensor, words: Tensor) -> Tensor:
        return self._masked(self.table[words].view_as(raw))

    def _masked(self, values: Tensor) -> Tensor:
        """The values (..., L, -) of positions, with zeros where there is padding."""
        return values if self.inside is None else values * self.inside

    def _moved(self, shown: _Nearest, latent: Tensor) -> _Nearest:
        """The nearest words of `latent`, sought only where the vector has moved far enough to have another one.

        A vector may move by half of what its nearest word is nearer than the second: exact, by the triangle inequality.
        """
        far = ((latent - shown.latent).norm(dim=1) >= shown.free_radius).nonzero()[:, 0]
        new = self._nearest(latent[far])
        return _Nearest(
            shown.latent.index_copy(0, far, new.latent),
            shown.words.index_copy(0, far, new.words),
            shown.free_radius.index_copy(0, far, new.free_radius),
        )

    def _nearest(self, latent: Tensor) -> _Nearest:
        words, free_radius = [], []
        for part in latent.split(max(1, PRODUCTS_AT_ONCE // len(self.table))):
            # |x - e|^2 falls as x.e - |e|^2 / 2 grows.
            products = torch.addmm(-self.half_squares, part, self.table.T)
            # Rounding in the product depends on the other rows; that of these distances does not, so that a run that
            # was stopped finds the same words. Of words with equal vectors the first counts.
            best = products.topk(min(CANDIDATES, len(self.table)), dim=1).indices.sort(dim=1).values
            distances = (part[:, None] - self.table[best]).square().sum(2).sqrt()
            near, order = distances.sort(dim=1, stable=True)
            words.append(best.gather(1, order[:, :1])[:, 0])
            free_radius.append((near[:, 1] - near[:, 0]) / 2 - SLACK * near[:, 1])
        return _Nearest(latent.clone(), torch.cat(words), torch.cat(free_radius))
