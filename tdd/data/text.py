"""Splits of encoded sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.data.coverage import Coverage
from tdd.data.pairs import kept_of_first
from tdd.data.protocols import ALL, InputSpace, Shard
from tdd.data.text_batch import TextBatch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tdd.data.raw_texts import RawTexts
    from tdd.embeddings.protocol import Embedding

_FEATURES_AT_ONCE = 4096  # sentences


class TextSplit:
    """Token ids of all sentences of a split, one after the other.

    Args:
        ids: (tokens,) int32; 0 a token without a vector, i + 1 word i of `vectors`.
        offsets: (N + 1,) int64; sentence i is ``ids[offsets[i]:offsets[i + 1]]``.
        labels: (N,) int64 classes, or (N, C) probabilities where the split is only trained on.
        vectors: the frozen word vectors.
        max_length: L; tokens past it are not read.
        unknown: (3,) tokens without a vector, by `tdd.embeddings.spelling.KINDS`; None: all of them are words.
    """

    def __init__(
        self,
        ids: Tensor,
        offsets: Tensor,
        labels: Tensor,
        vectors: Embedding,
        max_length: int,
        unknown: NDArray[np.integer] | None = None,
    ):
        self.ids, self.offsets, self.labels = ids.numpy(), offsets.numpy(), labels
        self.vectors, self.max_length = vectors, max_length
        self._unknown = unknown
        self.classes: Sequence[str] = ()  # not known yet
        self.in_train: Tensor | None = None
        self.copies: Tensor | None = None
        self.raw: RawTexts | None = None  # known of what was read of a data set
        self.lengths = torch.from_numpy(np.minimum(np.diff(self.offsets), max_length))
        self._pairs = self._cut_pairs()

    @classmethod
    def of_rows(
        cls, rows: Sequence[NDArray[np.int32]], labels: Tensor, vectors: Embedding, max_length: int
    ) -> TextSplit:
        """The sentences whose token ids are `rows`, with their labels."""
        offsets = torch.tensor([0, *map(len, rows)]).cumsum(0)
        return cls(torch.from_numpy(np.concatenate(rows)), offsets, labels, vectors, max_length)

    def __len__(self) -> int:
        return len(self.labels)

    def row(self, place: int) -> NDArray[np.int32]:
        """Token ids of the sentence at `place`, whole."""
        ids: NDArray[np.int32] = self.ids[self.offsets[place] : self.offsets[place + 1]]
        return ids

    @property
    def are_pairs(self) -> bool:
        """Whether its examples are known to be pairs of texts."""
        return self.raw is not None and self.raw.are_pairs

    @property
    def space(self) -> InputSpace:
        """Sentences of L tokens in these vectors."""
        return InputSpace("text", (self.max_length, self.vectors.dim), self.vectors.checksum)

    def scale(self) -> float:
        """Standard deviation of the numbers in real inputs, over the vectors of tokens that have one."""
        some = torch.from_numpy(np.array(self.ids[: 10**5]))
        return self.vectors.embed(some[some > 0]).std().item()

    def batch(self, indices: Tensor) -> TextBatch:
        """The sentences at `indices`, shortest first: sentences of like length lie together, so padding is small."""
        chosen = indices[self._by_length(indices)].numpy()
        lengths = self.lengths.numpy()[chosen]
        columns = np.arange(lengths.max(initial=1), dtype=np.int64)
        inside = columns < lengths[:, None]
        places = self.offsets[chosen][:, None] + columns
        if self._pairs is not None:
            kept, dropped = (of_pair[chosen][:, None] for of_pair in self._pairs)
            places += dropped * (columns >= kept)
        tokens = self.ids[places[inside]]
        seen = np.zeros(len(self.vectors) + 1, dtype=bool)
        seen[tokens] = seen[0] = True
        words = np.flatnonzero(seen)
        place = np.empty(len(seen), dtype=np.int32)
        place[words] = np.arange(len(words), dtype=np.int32)
        ids = np.zeros(inside.shape, dtype=np.int32)
        ids[inside] = place[tokens]
        return TextBatch(
            torch.from_numpy(ids),
            torch.from_numpy(lengths),
            self.labels[torch.from_numpy(chosen)],
            self.vectors.embed(torch.from_numpy(words)),
            self.max_length,
            torch.from_numpy(words),
        )

    def _cut_pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Of each pair, how many tokens of its first text are read, and how many are not; None: no pair is too long."""
        separator = self.vectors.separator
        if not separator or not (np.diff(self.offsets) > self.max_length).any():
            return None
        (places,) = np.nonzero(self.ids == separator[0])
        rows, where = np.unique(np.searchsorted(self.offsets, places, "right") - 1, return_index=True)
        if not len(rows):
            return None
        first = np.diff(self.offsets)
        first[rows] = places[where] - self.offsets[rows]
        second = np.diff(self.offsets) - first - len(separator)
        room = self.max_length - len(separator)
        kept = kept_of_first(torch.from_numpy(first), torch.from_numpy(second), room).numpy()
        return kept, first - kept

    def batches(self, size: int, most: int | None = None, shard: Shard = ALL) -> Iterator[TextBatch]:
        """See `Split.batches`; like lengths lie together."""
        order = self.order(most, shard)
        for start in range(0, len(order), size):
            yield self.batch(order[start : start + size])

    def order(self, most: int | None = None, shard: Shard = ALL) -> Tensor:
        """See `Split.order`; shortest first, and `most` of them are spread over the lengths."""
        index, count = shard
        return self.spread(most)[index::count]

    def spread(self, most: int | None = None) -> Tensor:
        """Places of all sentences, shortest first; or of `most` of them, spread evenly over the lengths."""
        order = self.lengths.argsort(stable=True)
        if most is None or most >= len(order):
            return order
        return order[torch.linspace(0, len(order) - 1, most).round().long()]

    def features(self, indices: Tensor) -> Tensor:
        """Mean vector of each sentence's words that have one, (M, d); zeros where none has."""
        features = torch.empty(len(indices), self.vectors.dim)
        for places in torch.arange(len(indices)).split(_FEATURES_AT_ONCE):
            batch = self.batch(indices[places])
            means = F.embedding_bag(batch.ids, batch.words, mode="mean", padding_idx=0)
            features[places[self._by_length(indices[places])]] = means
        return features

    def _by_length(self, indices: Tensor) -> Tensor:
        """The order in which a batch of the sentences at `indices` holds them."""
        return self.lengths[indices].argsort(stable=True)

    def coverage(self) -> Coverage:
        """How many of its tokens have a vector."""
        unknown = np.array([np.count_nonzero(self.ids == 0), 0, 0]) if self._unknown is None else self._unknown
        return Coverage.of(self.ids, unknown, self.vectors.words, self.vectors.separator)

    def distinct_words(self) -> int:
        """Number of different words that occur."""
        return int(np.count_nonzero(np.bincount(self.ids, minlength=1)))

    def describe(self) -> str:
        """See `Split.describe`."""
        return str(self.coverage())

    def source(self) -> dict[str, str]:
        """Name and checksum of the vectors."""
        return {"vectors": self.vectors.name, "vectors_checksum": self.vectors.checksum}

    def arrays(self) -> Iterator[NDArray[Any]]:
        """See `Split.arrays`."""
        yield from (self.ids, self.offsets, self.labels.numpy())
