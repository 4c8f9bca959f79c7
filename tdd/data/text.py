"""Text to token ids, and splits of encoded sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from tdd.data.columns import column_of, encode_column
from tdd.data.protocols import ALL, InputSpace, Shard
from tdd.data.text_batch import TextBatch
from tdd.embeddings.tokenise import TOKENIZER_VERSION
from tdd.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset
    from numpy.typing import NDArray

    from tdd.embeddings.protocol import Embedding

_FEATURES_AT_ONCE = 4096  # sentences
LEAST_COVERAGE = 0.2
"""Share of training tokens with a vector below which the vectors are for another language."""


class TextSplit:
    """Token ids of all sentences of a split, one after the other.

    Args:
        ids: (tokens,) int32; 0 a token without a vector, i + 1 word i of `vectors`.
        offsets: (N + 1,) int64; sentence i is ``ids[offsets[i]:offsets[i + 1]]``.
        labels: (N,) int64 classes, or (N, C) probabilities where the split is only trained on.
        vectors: the frozen word vectors.
        max_length: L; tokens past it are not read.
    """

    def __init__(self, ids: Tensor, offsets: Tensor, labels: Tensor, vectors: Embedding, max_length: int):
        self.ids, self.offsets, self.labels = ids.numpy(), offsets.numpy(), labels
        self.vectors, self.max_length = vectors, max_length
        self.classes: Sequence[str] = ()  # not known yet
        self.in_train: Tensor | None = None
        self.lengths = torch.from_numpy(np.minimum(np.diff(self.offsets), max_length))

    def __len__(self) -> int:
        return len(self.labels)

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
        tokens = self.ids[(self.offsets[chosen][:, None] + columns)[inside]]
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

    def coverage(self) -> float:
        """Share of the tokens that have a vector."""
        return int(np.count_nonzero(self.ids)) / len(self.ids)

    def distinct_words(self) -> int:
        """Number of different words that occur."""
        return int(np.count_nonzero(np.bincount(self.ids, minlength=1)))

    def describe(self) -> str:
        """See `Split.describe`."""
        return f"{self.coverage():.1%} of tokens have a vector"

    def source(self) -> dict[str, str]:
        """Name and checksum of the vectors."""
        return {"vectors": self.vectors.name, "vectors_checksum": self.vectors.checksum}

    def arrays(self) -> Iterator[NDArray[Any]]:
        """See `Split.arrays`."""
        yield from (self.ids, self.offsets, self.labels.numpy())


class TextEncoder:
    """Token ids of a column of text; see `tdd.data.protocols.Encoder`.

    Args:
        column: the column.
        vectors: the word vectors.
        max_length: L.
    """

    setting, holds = "text_column", "text"

    def __init__(self, column: str, vectors: Embedding, max_length: int):
        self.column, self.vectors, self.max_length = column, vectors, max_length
        self.identity: list[str | int] = [vectors.checksum, TOKENIZER_VERSION]

    def encode(self, split: Dataset, name: str) -> pa.ChunkedArray:
        """Token ids of each row, whole: `max_length` is not a part of what is cached."""
        import datasets

        def encode(texts: list[str | None]) -> dict[str, list[list[int]]]:
            return {"ids": [self.vectors.encode(text) if text else [] for text in texts]}

        features = {"ids": datasets.LargeList(datasets.Value("int32"))}
        return column_of(encode_column(split, name, self, encode, features), "ids")

    def contents(self, split: Dataset, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        """The texts."""
        return column_of(split, self.column)

    def present(self, cells: pa.ChunkedArray) -> NDArray[np.bool_]:
        """Rows with a token."""
        import pyarrow.compute as pc

        present: NDArray[np.bool_] = pc.greater(pc.list_value_length(cells), 0).to_numpy()
        return present

    def splits(self, chosen: dict[str, tuple[pa.ChunkedArray, Tensor, Tensor]]) -> dict[str, TextSplit]:
        """See `Encoder.splits`.

        Raises:
            UsageError: almost no token has a vector.
        """
        splits = {
            name: TextSplit(*_gather(cells, rows), labels, self.vectors, self.max_length)
            for name, (cells, rows, labels) in chosen.items()
        }
        if (coverage := splits["train"].coverage()) < LEAST_COVERAGE:
            raise UsageError(
                f"the vectors {self.vectors.name} have {coverage:.1%} of the words of column '{self.column}': "
                f"choose vectors for its language"
            )
        return splits


def _gather(column: pa.ChunkedArray, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Token ids of `rows`, flat, and their offsets (N + 1,)."""
    import pyarrow as pa

    array = column.combine_chunks()
    if not torch.equal(rows, torch.arange(len(array))):
        array = array.take(pa.array(rows.numpy()))
    offsets = from_dlpack(array.offsets)
    return from_dlpack(array.flatten()), offsets - offsets[0]
