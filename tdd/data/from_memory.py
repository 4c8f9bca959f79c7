"""Data that a Python user has at hand → the splits that files of the same rows would have given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from tdd.data.source import Source
from tdd.errors import UsageError
from tdd.hub.quiet import reason
from tdd.settings.column_names import pair_of
from tdd.settings.recipe import Recipe
from tdd.system.formatting import counted

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset, Features
    from pandas import DataFrame, Series

Table: TypeAlias = "Dataset | DataFrame | tuple[Sequence[Any], Sequence[Any]]"
"""The rows of one split: a `datasets.Dataset`, a pandas DataFrame, or texts (or images) and a label for each."""

Data: TypeAlias = "Table | Mapping[str, Table]"
"""A data set in memory: the rows of the split "train", or those of each split by its name, as in a `DatasetDict`."""

_ACCEPTED = "a datasets.Dataset, a pandas DataFrame, (texts, labels), or a mapping of split names to these"
# Rows hashed at once.
_HASHED = 4096


def source_in_memory(data: Data, recipe: Recipe) -> Source:
    """The data set `data`, under the name `recipe.dataset`.

    Columns, labels and splits follow the rules of files. Texts (or images: PIL images or uint8 arrays, (h, w) or
    (h, w, c)) given with labels are columns named as the recipe's columns, else "text" (or "image") and "label". NaN
    and None are missing values. What is encoded later stays in memory: nothing is written beside a data set's files.

    Raises:
        UsageError: `data` is of another type, has no rows to train on, or splits that do not match; the recipe also
            reads a file, or gives the data no name.
    """
    import datasets

    if recipe.data is not None:
        raise UsageError(
            f"the data are given twice, by data=... and by the recipe's data: {recipe.data}; leave out one"
        )
    if "dataset" not in recipe.model_fields_set:
        raise UsageError("the data given have no name: set dataset, tdd.Recipe(dataset='NAME', ...)")
    tables = {str(name): table for name, table in (data if isinstance(data, Mapping) else {"train": data}).items()}
    if "train" not in tables:
        raise UsageError(f"data has no split 'train'; it has {', '.join(tables) or 'none'}")
    read = {name: _read(table, name, recipe) for name, table in tables.items()}
    if not len(read["train"][0]):
        raise UsageError("the split 'train' of the data is empty: it holds no rows")
    splits = {}
    for name, (table, features) in read.items():
        matched, wanted = _matched(table, features, read["train"][1], name), read["train"][1]
        splits[name] = datasets.Dataset(
            datasets.table.InMemoryTable(matched),
            info=datasets.DatasetInfo(features=wanted),
            fingerprint=_fingerprint(matched, wanted),
        )
    whole = json.dumps({name: split._fingerprint for name, split in splits.items()}, sort_keys=True)
    where = {"dataset": recipe.dataset, "fingerprint": hashlib.sha256(whole.encode()).hexdigest()[:32]}
    return Source(datasets.DatasetDict(splits), where, [])


def _read(table: Table, name: str, recipe: Recipe) -> tuple[pa.Table, Features]:
    """The rows of the split `name` as Arrow, and the type of each column."""
    import datasets
    import pandas as pd

    if isinstance(table, datasets.Dataset):
        # An index that pandas had, not a column of the user's.
        kept = [column for column in table.column_names if not column.startswith("__index_level_")]
        chosen = table.select_columns(kept)
        return chosen.with_format("arrow")[:], chosen.features
    if isinstance(table, pd.DataFrame):
        return _from_columns([(str(column), table.iloc[:, i]) for i, column in enumerate(table.columns)], name)
    if isinstance(table, tuple) and len(table) == 2 and all(map(_is_sequence, table)):
        contents, labels = table
        if len(contents) != len(labels):
            raise UsageError(
                f"the split '{name}' has {len(contents):,} texts or images and {counted(len(labels), 'label')}: "
                "give each one label"
            )
        values = _listed(contents)
        if (pair := pair_of(recipe.text_column)) is not None:
            if not all(isinstance(value, tuple | list) and len(value) == 2 for value in values):
                raise UsageError(f"text_column names the pair {recipe.text_column}: give (text, text) for each label")
            texts = [list(column) for column in zip(*values, strict=True)]
            columns = [*zip(pair, texts, strict=True), (recipe.label_column or "label", _listed(labels))]
            return _from_columns(columns, name)
        content = (recipe.image_column or "image") if _are_images(values) else (recipe.text_column or "text")
        return _from_columns([(content, values), (recipe.label_column or "label", _listed(labels))], name)
    hint = "; a file or folder is named by the recipe's data" if isinstance(table, str) else ""
    raise UsageError(f"the split '{name}' of the data is of type {type(table).__name__}: give {_ACCEPTED}{hint}")


def _is_sequence(values: Any) -> bool:
    ordered = hasattr(values, "__len__") and hasattr(values, "__getitem__")
    return ordered and not isinstance(values, str | bytes | Mapping)


def _listed(values: Any) -> list[Any]:
    """The values of a list, array, tensor or Series as those of Python; images stay arrays."""
    if hasattr(values, "tolist") and getattr(values, "ndim", 1) < 3:
        values = values.tolist()
    return list(values)


def _from_columns(columns: list[tuple[str, Series | list[Any]]], split: str) -> tuple[pa.Table, Features]:
    import datasets
    import pyarrow as pa

    names = [column for column, _ in columns]
    if twice := [column for column in names if names.count(column) > 1]:
        raise UsageError(f"the split '{split}' has several columns '{twice[0]}': give each a name of its own")
    arrays, images = {}, {}
    for column, values in columns:
        try:
            if _are_images(values):
                images[column] = datasets.Image()
                cells = [_encoded(image) for image in values]
                arrays[column] = pa.array(cells, type=images[column].pa_type)
                continue
            array = pa.array(values, from_pandas=True)
            if pa.types.is_dictionary(array.type):  # of a pandas Categorical
                array = array.cast(array.type.value_type)
            datasets.Features.from_arrow_schema(pa.schema({column: array.type}))
            arrays[column] = array
        except (pa.ArrowException, ValueError, TypeError, OverflowError, OSError) as error:
            raise UsageError(f"column '{column}' of the split '{split}' cannot be read: {reason(error)}") from None
    table = pa.table(arrays)
    return table, datasets.Features({**datasets.Features.from_arrow_schema(table.schema), **images})


def _are_images(values: Series | list[Any]) -> bool:
    """Whether the first value that is there is an image."""
    from PIL.Image import Image

    if str(getattr(values, "dtype", "object")) != "object":
        return False
    first = next((value for value in values if value is not None), None)
    return isinstance(first, Image) or (isinstance(first, np.ndarray) and first.ndim in (2, 3))


def _encoded(image: Any) -> dict[str, Any] | None:
    """An image as `datasets` stores it, its pixels unchanged: a copy has no file, which may have changed, behind it."""
    import datasets
    from PIL.Image import Image

    if image is None:
        return None
    if isinstance(image, Image):
        image = image.copy()
    elif not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise TypeError(
            f"images are PIL images or arrays of uint8, not {getattr(image, 'dtype', type(image).__name__)}"
        )
    elif image.shape[-1] == 1:
        image = image.reshape(image.shape[:2])
    encoded: dict[str, Any] = datasets.Image().encode_example(image)
    return encoded


def _matched(table: pa.Table, features: Features, wanted: Features, name: str) -> pa.Table:
    """The columns of the training split, of its types, as the files of one data set have them.

    Raises:
        UsageError: a column is missing, or of a type that does not become that of the training split.
    """
    import datasets
    import pyarrow as pa

    arrays = {}
    for column, feature in wanted.items():
        if column not in features:
            raise UsageError(f"the split '{name}' has no column '{column}', which the split 'train' has")
        array, given = table[column], features[column]
        try:
            if given != feature and not (isinstance(given, datasets.Value) and isinstance(feature, datasets.Value)):
                raise ValueError
            arrays[column] = array if given == feature else array.cast(feature.pa_type)
        except (pa.ArrowException, ValueError):
            raise UsageError(
                f"column '{column}' of the split '{name}' is {given}, that of the split 'train' {feature}: "
                "give both the same type"
            ) from None
    return pa.table(arrays)


def _fingerprint(table: pa.Table, features: Features) -> str:
    """Hash of the columns' names and of all values: the same in every process, whatever holds the rows."""
    digest = hashlib.sha256()
    for column in table.column_names:
        digest.update(json.dumps([column, getattr(features[column], "names", None)]).encode())
        for batch in table.select([column]).to_batches(max_chunksize=_HASHED):
            digest.update("".join(f"{value!a}\n" for value in batch.column(0).to_pylist()).encode())
    return digest.hexdigest()[:32]
