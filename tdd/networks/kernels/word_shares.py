"""How far a vector is read as each of the known words: of any vectors, and of real tokens, which come again and again.

With the mean m of the known words' vectors, the directions u_v of these from there and the root r of their mean squared
distance, a vector x is read as the known word v to the share

    p_v = max(softmax over v of (sharpness <x - m, u_v> / r) - 1 / V, 0)

A known word is read as itself above all, a rare word as the known ones that lie in its direction. The farther a vector
lies from the mean, the sharper it is read, and distilled ones learn how far. A share no larger than by chance is none,
so that few shares of a real token have to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize, pad

from tdd.system.memory import part_bytes

# Bytes of the shares that a processor works on at once.
IN_CACHE = 2**21
# Rows that a processor works on alike, whichever they are, are a divisor of this.
ALIKE = 64
# Most shares of real tokens that are kept, at 8 bytes each, and most that are added up at once.
KEPT, AT_ONCE = 2**23, 2**20


@dataclass(frozen=True)
class KnownWords:
    """The known words.

    Attributes:
        mean: (d,) m.
        directions: (V, d) sharpness u_v / r.
    """

    mean: Tensor
    directions: Tensor

    @classmethod
    def of(cls, table: Tensor, sharpness: float) -> KnownWords:
        """Those with vectors (V, d)."""
        mean = table.mean(0)
        centred = table - mean
        return cls(mean, normalize(centred) * sharpness / centred.square().sum(1).mean().sqrt())

    def softmax(self, x: Tensor) -> Tensor:
        """Shares (P, V) of vectors (P, d), before `chance` is taken off."""
        scores = (x - self.mean) @ self.directions.T
        # In place: memory that is taken and given back in turn falls to pieces.
        weights = scores.sub_(scores.amax(1, keepdim=True)).exp_()
        return weights.div_(weights.sum(1, keepdim=True))

    @property
    def chance(self) -> float:
        """Share of a word where all have the same."""
        return 1 / len(self.directions)

    def at_once(self, x: Tensor) -> int:
        """Vectors like those of x (P, d) that are worked on at once."""
        size = part_bytes(x.device, IN_CACHE) // (len(self.directions) * x.element_size())
        return max(1, size - size % ALIKE)

    def parts(self, x: Tensor) -> list[slice]:
        """The rows of x (P, d) that are worked on at once."""
        size = self.at_once(x)
        return [slice(start, start + size) for start in range(0, len(x), size)]


class TokenShares:
    """The shares of real tokens; those of tokens met before are kept, within a budget.

    Attributes:
        known: the known words.
        places: row of each token id that was met; -1: of none.
        starts: (R + 1,) where the shares of each row begin, and where they all end.
        words, values: known words, and the shares of them; there is room for more.
    """

    places: Tensor
    starts: Tensor
    words: Tensor
    values: Tensor

    def __init__(self, known: KnownWords):
        self.known = known
        self._forget()

    def _forget(self) -> None:
        device = self.known.mean.device
        self.places = torch.empty(0, dtype=torch.long)
        self.starts = torch.zeros(1, dtype=torch.long, device=device)
        # A processor takes no memory for room before it is used.
        self.words = torch.empty(2 * KEPT, dtype=torch.int32, device=device)
        self.values = self.known.mean.new_empty(2 * KEPT)

    def rows(self, tokens: Tensor, vectors: Tensor) -> Tensor:
        """Rows (U,) of distinct tokens: of their ids (U,), on the host, and their vectors (U, d)."""
        if int(self.starts[-1]) > KEPT:
            self._forget()
        unheard = max(0, int(tokens.max()) + 1 - len(self.places))
        self.places = torch.cat([self.places, torch.full((unheard,), -1)])
        new = (self.places[tokens] < 0).nonzero()[:, 0]
        if len(new):
            count = len(self.starts) - 1
            self.places[tokens[new]] = torch.arange(count, count + len(new))
            self._add(vectors[new.to(vectors.device)])
        return self.places[tokens].to(vectors.device)

    def _add(self, vectors: Tensor) -> None:
        """Further rows, of these vectors; one of zeros is a token without a vector, and has no shares."""
        starts, end = [self.starts], int(self.starts[-1])
        count = len(self.starts) + len(vectors)
        # Parts of one size: how a product is rounded depends on that, and must not on what was met before.
        vectors = pad(vectors, (0, 0, 0, -len(vectors) % self.known.at_once(vectors)))
        for part in self.known.parts(vectors):
            shares = self.known.softmax(vectors[part]).sub_(self.known.chance).mul_(vectors[part].any(1, keepdim=True))
            row, word = (shares > 0).nonzero(as_tuple=True)
            start, end = end, end + len(word)
            if end > len(self.values):
                self.words, self.values = (torch.cat([kept, kept.new_empty(end)]) for kept in (self.words, self.values))
            self.words[start:end] = word
            self.values[start:end] = shares[row, word]
            starts.append(start + row.bincount(minlength=len(shares)).cumsum(0))
        self.starts = torch.cat(starts)[:count]

    def add_up(self, bags: Tensor, texts: Tensor, rows: Tensor) -> None:
        """Add to bags (N, V) the shares of tokens that stand in `texts` (T,) and have these `rows` (T,)."""
        counts = self.starts.diff()
        size = max(1, AT_ONCE // max(1, int(counts.max())))
        for text, row in zip(texts.split(size), rows.split(size), strict=True):
            count = counts[row]
            ends = count.cumsum(0)
            entry = torch.arange(int(count.sum()), device=row.device)
            entry += (self.starts[row] - ends + count).repeat_interleave(count)
            place = text.repeat_interleave(count) * bags.shape[1] + self.words[entry]
            bags.view(-1).index_add_(0, place, self.values[entry])
