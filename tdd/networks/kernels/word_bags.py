"""The front of a bag of words: sentences of vectors become weights of known words, exact and fast.

The bag b of a sentence is the sum over its positions of how far each is read as every known word (`word_shares`). Its
features are those of TF-IDF, brought to a common length:

    f = length q / sqrt(|q|^2 + floor^2)      with q_v = b_v log(1 + v) for the v-th known word

A sample's bag is made in parts, and again on the way back, so that no graph holds a number for every position and word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tdd.data.text import TextSplit
from tdd.data.text_batch import TextBatch
from tdd.networks.kernels.word_shares import AT_ONCE, KEPT, KnownWords, TokenShares


class WordBags(nn.Module):
    """See `tdd.networks.kernels.protocol.Front`.

    Args:
        table: (V, d) vectors of the known words, most frequent first.
        sharpness: see `word_shares`.
        length: Euclidean length of the features.
        floor: that of weights below which features are shorter, and zero where there are none.
    """

    table: Tensor

    def __init__(self, table: Tensor, sharpness: float, length: float, floor: float):
        super().__init__()
        self.register_buffer("table", table)
        self.sharpness, self.length, self.floor = sharpness, length, floor
        self.tokens: TokenShares | None = None

    def positions(self, length: int) -> int:
        """One vector for a text of any `length`."""
        return 1

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, 1, V) of sentences (N, L, d), and their mask; positions of zeros are no words."""
        if x.is_meta:  # nobody knows where there are words
            words, texts = x.flatten(0, 1), torch.arange(len(x), device=x.device).repeat_interleave(x.shape[1])
        else:
            texts, places = (mask & x.any(2)).nonzero(as_tuple=True)
            words = x[texts, places]
        known = KnownWords.of(self.table.to(x.device), self.sharpness)
        bags = _Bags.apply(words, texts, len(x), known)
        return self.features(bags)[:, None], mask[:, :1]

    def features(self, bags: Tensor) -> Tensor:
        """Features (N, V) of bags (N, V)."""
        weights = bags * torch.arange(1, 1 + len(self.table), device=bags.device, dtype=bags.dtype).log1p()
        return self.length * weights / (weights.square().sum(1, keepdim=True) + self.floor**2).sqrt()

    def batch_bytes(self, split: TextSplit) -> int:
        """Bytes of what is kept of the tokens of a split, and of what is added up at once."""
        return 8 * min(2 * KEPT, split.distinct_words() * len(self.table)) + 40 * AT_ONCE

    def of_batch(self, batch: TextBatch) -> BagBatch:
        """A real batch as what is above this front reads it."""
        known = KnownWords.of(self.table, self.sharpness)
        if batch.tokens is None:
            return BagBatch(batch, self, TokenShares(known), torch.arange(len(batch.words)))
        kept = self.tokens
        if kept is None or (kept.values.dtype, kept.values.device) != (self.table.dtype, self.table.device):
            kept = self.tokens = TokenShares(known)
        return BagBatch(batch, self, kept, batch.tokens)


@dataclass(frozen=True)
class BagBatch:
    """Real sentences as their features: what a kernel asks of a `RealBatch`.

    Attributes:
        batch: the sentences.
        front: makes features of bags.
        shares: those of tokens.
        tokens: (U,) what `shares` knows the batch's distinct words by.
    """

    batch: TextBatch
    front: WordBags
    shares: TokenShares
    tokens: Tensor

    @property
    def labels(self) -> Tensor:
        """See `RealBatch`."""
        return self.batch.labels

    def __len__(self) -> int:
        return len(self.batch)

    def width(self, row: int) -> int:
        """See `RealBatch`: one vector."""
        return 1

    def inputs(self, rows: slice = slice(None), padded: bool = True) -> tuple[Tensor, Tensor]:
        """Features (B, 1, V) of these rows, and their mask; see `RealBatch`."""
        ids, words = self.batch.ids[rows], self.batch.words
        bags = words.new_zeros(len(ids), len(self.front.table))
        texts, places = ids.nonzero(as_tuple=True)
        distinct, which = ids[texts, places].long().unique(return_inverse=True)
        if len(distinct):
            self.shares.add_up(bags, texts, self.shares.rows(self.tokens[distinct.cpu()], words[distinct])[which])
        return self.front.features(bags)[:, None], torch.ones(len(bags), 1, dtype=torch.bool, device=bags.device)


class _Bags(torch.autograd.Function):
    """Bags (N, V) of vectors (P, d) that stand in `texts` (P,); it has a first derivative, to the vectors."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, texts: Tensor, count: int, known: KnownWords) -> Tensor:
        ctx.save_for_backward(x, texts)
        ctx.known = known
        bags = x.new_zeros(count, len(known.directions))
        for part in known.parts(x):
            bags.index_add_(0, texts[part], known.softmax(x[part]).sub_(known.chance).clamp_(min=0))
        return bags

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """That of a softmax p: the directions, weighted by p (g - <p, g>), with no g where there is no share."""
        (x, texts), known = ctx.saved_tensors, ctx.known
        parts = [x[:0]]
        for part in known.parts(x):
            p = known.softmax(x[part])
            g = gradient[texts[part]].mul_(p > known.chance)
            mean = torch.einsum("pv,pv->p", p, g)[:, None]
            parts.append(g.sub_(mean).mul_(p) @ known.directions)
        return torch.cat(parts), None, None, None
