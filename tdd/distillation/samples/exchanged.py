"""Samples that are put together of pieces of real texts, which are exchanged for others of as many words.

A piece is a clause, or a whole training text. Which exchange would lower the outer loss most is told to first order by
the gradient to the samples' vectors; whether it is made is for the true loss to say, see `tdd.distillation.exchange`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tdd.distillation.samples.pieces import Pieces
from tdd.distillation.samples.real import RealSamples
from tdd.distilled_set.sentences import Sentences
from tdd.embeddings.protocol import Embedding

AT_ONCE = 20_000_000
"""Products of a slot's gradient with words that are computed at once."""


@dataclass(frozen=True)
class Slot:
    """Where a piece stands: in which of the n samples, and from which position."""

    sample: int
    begin: int


class ExchangedTexts(RealSamples):
    """See `Parametrisation`: the raw tensor is the samples themselves, which Adam leaves as they are.

    Args:
        sentences: those to start from.
        inside: (n, L) bool, where they have words.
        spans: of each of the n sentences, where its pieces begin and end.
        pieces: what may stand in a slot of so many words.
        own: (n, C) bool, of what classes the texts are whose pieces a sample may hold, where its label stays as it is;
            None: of any, since its label is learned.
        vectors: the word vectors.
        device: where the samples are used.
    """

    stay = False

    def __init__(
        self,
        sentences: Sentences,
        inside: Tensor,
        spans: Sequence[Sequence[tuple[int, int]]],
        pieces: dict[int, Pieces],
        own: Tensor | None,
        vectors: Embedding,
        device: torch.device,
    ):
        super().__init__(sentences)
        self.vectors = vectors
        self.slots: dict[int, list[Slot]] = {}
        for sample, found in enumerate(spans):
            for begin, end in found:
                if end - begin in pieces:
                    self.slots.setdefault(end - begin, []).append(Slot(sample, begin))
        self.pieces = {words: pieces[words].tokens.to(device) for words in self.slots}
        self.fitting = None
        if own is not None:
            # (n, P), whether a piece is of a class that the sample's label says.
            self.fitting = {
                words: (own.float() @ pieces[words].classes.T.float() > 0).to(device) for words in self.slots
            }
        tokens = sentences.tokens.long()
        self.inside = inside.view(*tokens.shape, 1).to(device)
        known = torch.cat([tokens.flatten(), *(each.flatten().cpu() for each in self.pieces.values())]).unique()
        self.known, self.table = known.to(device), vectors.embed(known).to(device)
        # Of words with equal vectors the first counts, as the most frequent one.
        self.id_of: dict[bytes, int] = {}
        for id_, vector in zip(known.tolist(), self.table.cpu().numpy(), strict=True):
            self.id_of.setdefault(vector.tobytes(), id_)

    def gradient(self, raw: Tensor, gradient: Tensor) -> Tensor:
        """That of the words; none where there is padding."""
        return gradient * self.inside

    def finished(self, raw: Tensor) -> tuple[Tensor, Sentences]:
        """See `Parametrisation`."""
        return raw, Sentences.of(self._tokens(raw).view(raw.shape[:-1]).cpu(), self.vectors)

    def exchanged(self, raw: Tensor, gradient: Tensor, most: int) -> Tensor:
        """The samples with the exchanges that would lower the loss most, to first order; a sample has one at most.

        Args:
            raw: (steps, per_step, L, d) the samples as they are.
            gradient: of the outer loss to them, as far as it is known.
            most: exchanges; fewer where fewer would lower it.
        """
        flat, slope = raw.detach().flatten(0, 1).clone(), gradient.flatten(0, 1)
        tokens = self._tokens(raw)
        gains, choices = [], []
        for words, slots in self.slots.items():
            for start in range(0, len(slots), part := max(1, AT_ONCE // (words * len(self.known)))):
                some = slots[start : start + part]
                gain, best = self._best(some, words, flat, slope)
                gains.append(gain)
                choices += [(slot, self.pieces[words][piece]) for slot, piece in zip(some, best.tolist(), strict=True)]
        found = torch.cat(gains) if gains else torch.empty(0)
        taken: set[int] = set()
        for place in found.argsort(descending=True, stable=True).tolist():
            if len(taken) == most or found[place] <= 0:
                break
            slot, piece = choices[place]
            span = slice(slot.begin, slot.begin + len(piece))
            if slot.sample in taken or torch.equal(tokens[slot.sample, span], piece):
                continue
            taken.add(slot.sample)
            flat[slot.sample, span] = self.table[torch.searchsorted(self.known, piece)]
        return flat.view_as(raw)

    def _best(self, slots: Sequence[Slot], words: int, flat: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
        """By how much the best piece of each slot would lower the loss, to first order, and which that is."""
        samples = torch.tensor([slot.sample for slot in slots], device=flat.device)[:, None]
        places = torch.tensor([slot.begin for slot in slots], device=flat.device)[:, None]
        here = samples, places + torch.arange(words, device=flat.device)
        products = slope[here] @ self.table.T  # (slots, words, known)
        index = torch.searchsorted(self.known, self.pieces[words])
        now = (slope[here] * flat[here]).sum((1, 2))
        change = torch.zeros(len(slots), len(index), device=flat.device)
        for place in range(words):
            change += products[:, place][:, index[:, place]]
        if self.fitting is not None:
            change.masked_fill_(~self.fitting[words][samples[:, 0]], torch.inf)
        gain, best = (now[:, None] - change).max(1)
        return gain, best

    def _tokens(self, raw: Tensor) -> Tensor:
        """(n, L) the token ids of samples."""
        rows = raw.detach().flatten(0, -2).cpu().numpy()
        return torch.tensor([self.id_of[row.tobytes()] for row in rows], device=raw.device).view(-1, raw.shape[-2])
