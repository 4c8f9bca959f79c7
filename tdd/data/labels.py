"""A column of classes, whatever holds them, → class names and labels 0 … C-1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tdd.data.columns import column_of
from tdd.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset


Labels = NDArray[np.int64]


def read_labels(splits: Mapping[str, Dataset], column: str) -> tuple[list[str], dict[str, Labels], list[str]]:
    """Class names, the labels of each split (-1: unlabelled) and notes for the user.

    Classes are those of the training split, sorted. Their names are those of a ``ClassLabel``, the strings themselves,
    or for numbers the column ``<column>_text`` beside them where it has one name for each, else the number.

    Raises:
        UsageError: values that are no classes, out of range, a single class, or a class that is not in "train".
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    values = {name: _values(split, name, column) for name, split in splits.items()}
    distinct: list[Any] = sorted(pc.unique(values["train"]).drop_null().to_pylist())
    if len(distinct) < 2:
        only = f"a single class, {distinct[0]!r}" if distinct else "no labels"
        raise UsageError(f"column '{column}' of the training examples holds {only}: at least two classes are needed")
    declared = getattr(splits["train"].features[column], "names", None)
    if declared is not None:
        names = [declared[value] for value in distinct]
    else:
        names = _companion_names(splits["train"], column, values["train"], distinct) or [str(v) for v in distinct]
    notes = []
    if missing := [name for name in declared or [] if name not in names]:
        notes.append(f"classes without a training example were left out: {', '.join(missing)}")
    labels = {}
    for split in splits:
        column_values = values[split]
        if pa.types.is_integer(column_values.type) and -1 not in distinct:  # the usual mark of a row without a label
            column_values = pc.if_else(pc.equal(column_values, -1), pa.scalar(None, column_values.type), column_values)
        index = pc.index_in(column_values, value_set=pa.array(distinct, column_values.type))
        unseen = column_values.filter(pc.and_(column_values.is_valid(), index.is_null()))
        if len(unseen):
            value = unseen[0].as_py()
            raise UsageError(
                f"class '{declared[value] if declared else value}' is in the {split} split ({len(unseen)} examples) "
                f"but has no training example: remove it there, or add examples to train"
            )
        labels[split] = index.fill_null(-1).to_numpy().astype(np.int64)
    return names, labels, notes


def _values(split: Dataset, name: str, column: str) -> pa.ChunkedArray:
    """The column as int64 or string, null where a row has no label."""
    import pyarrow as pa
    import pyarrow.compute as pc

    raw = column_of(split, column)
    declared = getattr(split.features[column], "names", None)
    if declared is not None:
        values = pc.if_else(pc.equal(raw, -1), pa.scalar(None, raw.type), raw).cast(pa.int64())
        outside = values.filter(pc.or_(pc.less(values, 0), pc.greater_equal(values, len(declared))))
        if len(outside):
            raise UsageError(
                f"label {outside[0]} in column '{column}' of the {name} split is out of range: "
                f"{len(declared)} classes are labelled 0 to {len(declared) - 1}"
            )
        return values
    if pa.types.is_boolean(raw.type):
        return pc.if_else(raw, "True", "False")
    if pa.types.is_string(raw.type) or pa.types.is_large_string(raw.type):
        text = raw.cast(pa.large_string())
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text)
    if pa.types.is_integer(raw.type) or pa.types.is_null(raw.type):
        return raw.cast(pa.int64())
    if pa.types.is_floating(raw.type):  # whole numbers in a csv become decimals once a cell is empty
        number = pc.if_else(pc.is_nan(raw), pa.scalar(None, raw.type), raw)
        if pc.all(pc.equal(number, pc.floor(number))).as_py() is not False:
            return number.cast(pa.int64())
        raise UsageError(f"column '{column}' holds decimal numbers, not classes: choose another label_column")
    raise UsageError(
        f"column '{column}' holds {raw.type}, not one class for each row: choose another label_column "
        f"({', '.join(split.column_names)})"
    )


def _companion_names(split: Dataset, column: str, values: pa.ChunkedArray, distinct: list[Any]) -> list[str] | None:
    import pyarrow as pa

    companion = f"{column}_text"
    if companion not in split.column_names or not pa.types.is_integer(values.type):
        return None
    pairs = pa.table({"value": values, "name": column_of(split, companion)}).group_by(["value", "name"]).aggregate([])
    named = {pair["value"]: str(pair["name"]) for pair in pairs.to_pylist() if pair["value"] is not None}
    one_to_one = len(pairs) == len(named) == len(set(named.values()))
    return [named[value] for value in distinct] if one_to_one else None
