"""A column of labels as written, whatever it holds: names, numbers, true and false, or a ``ClassLabel``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tdd.data.columns import column_of
from tdd.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset


Labels = NDArray[np.int64]
"""(rows,): the place of each row's class, -1 where it has none."""


@dataclass(frozen=True)
class LabelColumn:
    """The labels of a split as written: row i has the label ``written[codes[i]]``, none where the code is -1."""

    written: list[str]
    codes: Labels

    def counts(self) -> Counter[str]:
        """Rows of each label that occurs."""
        found = np.bincount(self.codes[self.codes >= 0], minlength=len(self.written)).tolist()
        return Counter({name: count for name, count in zip(self.written, found, strict=True) if count})

    def renamed(self, names: Mapping[str, str]) -> LabelColumn:
        """With each label under its name in `names`, and none where that has none for it."""
        kept = list(dict.fromkeys(names[name] for name in self.written if name in names))
        places = [kept.index(names[name]) if name in names else -1 for name in self.written]
        return LabelColumn(kept, np.array([*places, -1], dtype=np.int64)[self.codes])


def read_column(split: Dataset, name: str, column: str) -> LabelColumn:
    """The labels of `column` of the split called `name`.

    Raises:
        UsageError: it does not hold one class for each row, or a declared label is out of range.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    raw = column_of(split, column)
    declared = getattr(split.features[column], "names", None)
    if declared is not None:
        numbers = raw.cast(pa.int64()).fill_null(-1)
        outside = numbers.filter(pc.or_(pc.less(numbers, -1), pc.greater_equal(numbers, len(declared))))
        if len(outside):
            raise UsageError(
                f"label {outside[0]} in column '{column}' of the {name} split is out of range: "
                f"{len(declared)} classes are labelled 0 to {len(declared) - 1}"
            )
        return LabelColumn(list(declared), numbers.to_numpy().astype(np.int64))
    encoded = _as_text(raw, column, split.column_names).combine_chunks().dictionary_encode()
    written = [str(value) for value in encoded.dictionary.to_pylist()]
    found = LabelColumn(written, encoded.indices.fill_null(-1).to_numpy().astype(np.int64))
    return found.renamed({value: value for value in written if value.strip()})


def _as_text(raw: pa.ChunkedArray, column: str, columns: list[str]) -> pa.ChunkedArray:
    """A column as text, null where a cell is empty or NaN.

    Raises:
        UsageError: it does not hold one class for each row.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = raw.type
    if pa.types.is_boolean(kind):
        return pc.if_else(raw, "True", "False").cast(pa.large_string())
    if pa.types.is_floating(kind):
        numbers = raw.cast(pa.float64())
        numbers = pc.if_else(pc.is_nan(numbers), pa.scalar(None, numbers.type), numbers)
        # Whole numbers become decimals once a cell is empty.
        if pc.all(pc.and_(pc.equal(numbers, pc.floor(numbers)), pc.less(pc.abs(numbers), 2**53))).as_py() is not False:
            return numbers.cast(pa.int64()).cast(pa.large_string())
        return numbers.cast(pa.large_string())
    if pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.null():
        return raw.cast(pa.large_string())
    other = f"choose another label_column ({', '.join(columns)})"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        raise UsageError(f"column '{column}' holds lists, and several labels for an example are not supported: {other}")
    raise UsageError(f"column '{column}' holds {kind}, not one class for each row: {other}")
