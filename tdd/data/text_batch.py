"""Batches of sentences that carry the vectors of their distinct words only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.data.protocols import Augmentation
from tdd.system.memory import moved
from tdd.system.seeds import generator


@dataclass(frozen=True)
class TextBatch:
    """Real sentences, shortest first.

    Attributes:
        ids: (B, P) int32 rows of `words`; P tokens in the longest sentence, 0 past the end of a shorter one.
        lengths: (B,) tokens of each sentence, at most `length`.
        labels: (B,) classes, or (B, C) probabilities.
        words: (U, d) vectors of the batch's distinct words in the order of the table; row 0 is zero.
        length: L, to which every sentence counts as padded.
        tokens: (U,) token ids of `words`, on the host; None: not known.
        whole: whether no token was dropped at random.
    """

    ids: Tensor
    lengths: Tensor
    labels: Tensor
    words: Tensor
    length: int
    tokens: Tensor | None = None
    whole: bool = True

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device) -> TextBatch:
        """The batch on `device`; lengths stay on the host, which cuts sentences by them."""
        ids, labels, words = (moved(part, device) for part in (self.ids, self.labels, self.words))
        return replace(self, ids=ids, labels=labels, words=words)

    def inputs(self, rows: slice = slice(None), padded: bool = True) -> tuple[Tensor, Tensor]:
        """The embedded sentences (B, L, d) and where they have a token (B, L), one without a vector too."""
        ids, lengths = self.ids[rows], self.lengths[rows]
        width = self.length if padded else max(int(lengths.max()), 1)
        mask = torch.arange(width, device=ids.device) < lengths[:, None].to(ids.device)
        return self.words[F.pad(ids, (0, width - ids.shape[1])).long()], mask

    def width(self, row: int) -> int:
        """See `RealBatch`."""
        return max(int(self.lengths[row]), 1)

    def keys(self, rows: slice) -> list[bytes | None]:
        """See `RealBatch`: a hash of the token ids."""
        if self.tokens is None or not self.whole:
            return [None] * len(self.lengths[rows])
        ids = self.tokens[self.ids[rows].cpu().long()].numpy()
        return [
            hashlib.blake2b(row[:length].tobytes(), digest_size=16).digest()
            for row, length in zip(ids, self.lengths[rows].tolist(), strict=True)
        ]

    def shard(self, index: int, count: int) -> TextBatch:
        """See `RealBatch.shard`; lengths stay balanced, since the sentences lie in their order.

        The shard has the vectors of its own words alone: what is computed for each of them is shared out too.
        """
        if count == 1:
            return self
        ids, lengths = self.ids[index::count], self.lengths[index::count]
        occurs = torch.zeros(len(self.words), dtype=torch.bool, device=ids.device)
        occurs[ids.flatten().long()] = occurs[0] = True
        place = occurs.cumsum(0, dtype=torch.int32) - 1
        tokens = None if self.tokens is None else self.tokens[occurs.to(self.tokens.device)]
        labels, words = self.labels[index::count], self.words[occurs]
        return replace(self, ids=place[ids.long()], lengths=lengths, labels=labels, words=words, tokens=tokens)

    def augmented(self, augmentation: Augmentation, seed: int, step: int) -> TextBatch:
        """The batch with each word replaced by one without a vector, with probability `word_dropout`.

        Word dropout of Iyyer et al., Deep Unordered Composition (2015): each token for itself, where Gal and Ghahramani
        (1512.05287) drop all occurrences of a word.
        """
        if not augmentation.word_dropout:
            return self
        draw = torch.rand(self.ids.shape, generator=generator(seed, "word_dropout", step))
        return replace(self, ids=self.ids.masked_fill(draw < augmentation.word_dropout, 0), whole=False)
