"""A column of text to token ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from tdd.data.columns import column_of, encode_column
from tdd.data.coverage import LEAST_COVERAGE
from tdd.data.text import TextSplit
from tdd.data.unspaced import splitting_advice
from tdd.embeddings.spelling import KINDS
from tdd.errors import UsageError
from tdd.hub.quiet import quiet
from tdd.settings.column_names import BETWEEN
from tdd.settings.from_data import QUANTILE, usual_length

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset
    from numpy.typing import NDArray

    from tdd.embeddings.protocol import Embedding


class TextEncoder:
    """Token ids of a column of text, or of two whose texts are pairs; see `tdd.data.protocols.Encoder`.

    Args:
        columns: one column, or two.
        vectors: the word vectors.
        max_length: L; None: it is found in the training texts, see `usual_length`.
        at_least: of an L that is found.

    Raises:
        UsageError: there are two, and the vectors have no separator.
    """

    setting, holds = "text_column", "text"

    def __init__(self, columns: Sequence[str], vectors: Embedding, max_length: int | None = None, at_least: int = 1):
        self.columns, self.column = list(columns), BETWEEN.join(columns)
        self.vectors, self.max_length, self.at_least = vectors, max_length, at_least
        if len(columns) > 1 and not vectors.separator:
            raise UsageError(
                f"{vectors.name} has no token that stands between two texts of a pair: load word vectors by "
                "tdd.load_vectors(NAME, pair=True), or choose an encoder that was trained on pairs"
            )
        self.identity: list[str | int] = list(vectors.identity)
        self.notes: list[str] = []
        self._advice: str | None = None

    def encode(self, split: Dataset, name: str) -> pa.Table:
        """Token ids of each row, whole: `max_length` is not a part of what is cached. Unknown tokens are counted."""
        import datasets
        import pyarrow as pa

        def encode(texts: list[str | None], seconds: list[str | None] | None = None) -> pa.Table:
            if seconds is not None:  # of a pair both must be there
                there = [None not in pair for pair in zip(texts, seconds, strict=True)]
                texts, seconds = (
                    [text if both else None for text, both in zip(column, there, strict=True)]
                    for column in (texts, seconds)
                )
            encoded = self.vectors.encode_all(texts, seconds)
            ids = pa.LargeListArray.from_arrays(pa.array(encoded.offsets), pa.array(encoded.ids))
            unknown = pa.FixedSizeListArray.from_arrays(pa.array(encoded.unknown.ravel()), len(KINDS))
            return pa.table({"ids": ids, "unknown": unknown})

        if name == "train":
            self._advice = splitting_advice(split, self.columns[0], self.vectors)
        number = datasets.Value("int32")
        features = {"ids": datasets.LargeList(number), "unknown": datasets.List(number, length=len(KINDS))}
        return encode_column(split, name, self, encode, features).with_format("arrow")[:]

    def contents(self, split: Dataset, cells: pa.Table) -> pa.ChunkedArray:
        """The texts; of pairs one behind the other."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = [column_of(split, column) for column in self.columns]
        if len(texts) == 1:
            return texts[0]
        kind = pa.large_string()
        return pc.binary_join_element_wise(
            *(text.cast(kind) for text in texts),
            pa.scalar("\x1f", kind),
            null_handling="replace",
            null_replacement="\x1e",
        )

    def present(self, cells: pa.Table) -> NDArray[np.bool_]:
        """Rows with a token."""
        import pyarrow.compute as pc

        present: NDArray[np.bool_] = pc.greater(pc.list_value_length(cells["ids"]), 0).to_numpy()
        return present

    def splits(self, chosen: dict[str, tuple[pa.Table, Tensor, Tensor]]) -> dict[str, TextSplit]:
        """See `Encoder.splits`.

        Raises:
            UsageError: almost no word has a vector.
        """
        gathered = {name: _gather(cells["ids"], rows) for name, (cells, rows, _) in chosen.items()}
        usual = usual_length(_quantile(gathered["train"][1]), self.at_least)
        length = self.max_length or min(usual, self.vectors.longest)
        splits = {
            name: TextSplit(*gathered[name], labels, self.vectors, length, _unknown(cells, rows))
            for name, (cells, rows, labels) in chosen.items()
        }
        if (coverage := splits["train"].coverage().of_words) < LEAST_COVERAGE:
            advice = self._advice or "choose vectors for its language"
            raise UsageError(
                f"the vectors {self.vectors.name} have {coverage:.1%} of the words of column '{self.column}': {advice}"
            )
        self.notes = [*self.vectors.notes, *([f"column '{self.column}': {self._advice}"] if self._advice else [])]
        return splits


def _quantile(offsets: Tensor) -> float:
    """Tokens that most of the texts between these offsets do not exceed."""
    return float(np.quantile(np.diff(offsets.numpy()), QUANTILE, method="higher"))


def read_by(split: TextSplit, vectors: Embedding, max_length: int) -> TextSplit:
    """The same texts as another table of vectors reads them, at most `max_length` tokens of each.

    Raises:
        UsageError: the split holds no texts but token ids, or pairs of texts that the table has no separator for.
    """
    raw = split.raw
    if raw is None:
        raise UsageError("these data hold token ids, not the texts that another embedding could read")
    with quiet():
        cells = TextEncoder(raw.columns, vectors, max_length).encode(raw.rows, raw.name)
    read = TextSplit(*_gather(cells["ids"], raw.places), split.labels, vectors, max_length, _unknown(cells, raw.places))
    read.classes, read.in_train, read.copies, read.raw = split.classes, split.in_train, split.copies, raw
    return read


def _unknown(cells: pa.Table, rows: Tensor) -> NDArray[np.int64]:
    """Tokens of `rows` without a vector, by kind."""
    counts: NDArray[np.int32] = cells["unknown"].combine_chunks().flatten().to_numpy().reshape(-1, len(KINDS))
    unknown: NDArray[np.int64] = counts[rows.numpy()].sum(0, dtype=np.int64)
    return unknown


def _gather(column: pa.ChunkedArray, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Token ids of `rows`, flat, and their offsets (N + 1,)."""
    import pyarrow as pa

    array = column.combine_chunks()
    if not torch.equal(rows, torch.arange(len(array))):
        array = array.take(pa.array(rows.numpy()))
    offsets = from_dlpack(array.offsets)
    return from_dlpack(array.flatten()), offsets - offsets[0]
