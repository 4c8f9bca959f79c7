"""A column encoded once: the result is kept by `datasets` and found again at every later start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tdd.data.protocols import Encoder
from tdd.errors import TddError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from tdd.data.protocols import Encoder


def encode_column(
    split: Dataset,
    name: str,
    encoder: Encoder,
    encode: Callable[..., dict[str, Any] | pa.Table],
    features: dict[str, Any],
) -> Dataset:
    """`encode` mapped over the encoder's columns of a split called `name`, as a data set of `features` alone.

    Raises:
        TddError: the cache cannot be written to.
    """
    import datasets

    # An explicit fingerprint: `datasets` would hash the function, and with it all it refers to, at every start.
    key = json.dumps([split._fingerprint, encoder.column, *encoder.identity])
    try:
        return split.map(
            encode,
            batched=True,
            input_columns=encoder.columns,
            remove_columns=split.column_names,
            features=datasets.Features(features),
            new_fingerprint=hashlib.sha256(key.encode()).hexdigest()[:32],
            desc=f"Encoding {name}",
        )
    except OSError as error:
        raise TddError(
            f"cannot keep the encoded {encoder.holds} under {datasets.config.HF_DATASETS_CACHE}: "
            f"{error.strerror or error}; free some space or set HF_DATASETS_CACHE"
        ) from error


def column_of(split: Dataset, column: str) -> pa.ChunkedArray:
    """A column as Arrow, memory-mapped, without the others being read."""
    return split.select_columns([column]).with_format("arrow")[:][column]
