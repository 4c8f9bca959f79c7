"""A column encoded once: the result is kept by `datasets` and found again at every later start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.errors import TddError
from tdd.system.cache import data_folder
from tdd.system.files import write_json
from tdd.system.reporter import Reporter, clock

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from tdd.data.protocols import Encoder

# Seconds of encoding after which it is told how far it is.
TOLD_AFTER = 3.0


def encode_column(
    split: Dataset,
    name: str,
    encoder: Encoder,
    encode: Callable[..., dict[str, Any] | pa.Table],
    features: dict[str, Any],
) -> Dataset:
    """`encode` mapped over the encoder's columns of a split called `name`, as a data set of `features` alone.

    Encoding that takes a while says on standard error how far it is, see `tdd.disable_progress`.

    Raises:
        TddError: the cache cannot be written to.
    """
    import datasets

    # An explicit fingerprint: `datasets` would hash the function, and with it all it refers to, at every start.
    key = json.dumps([split._fingerprint, encoder.column, *encoder.identity])
    fingerprint = hashlib.sha256(key.encode()).hexdigest()[:32]
    try:
        kept_at = _file(split, name, fingerprint)
        with Reporter() as reporter:
            return split.map(
                _told(encode, len(split), f"encoding the {name} split", reporter),
                batched=True,
                input_columns=encoder.columns,
                remove_columns=split.column_names,
                features=datasets.Features(features),
                new_fingerprint=fingerprint,
                cache_file_name=None if kept_at is None else str(kept_at),
            )
    except OSError as error:
        raise TddError(
            f"cannot keep the encoded {encoder.holds} under {datasets.config.HF_DATASETS_CACHE}: "
            f"{error.strerror or error}; free some space or set HF_DATASETS_CACHE"
        ) from error


def _file(split: Dataset, name: str, fingerprint: str) -> Path | None:
    """Where what is encoded of a split from the Hub is kept, in a folder of ours, see `tdd.system.cache`.

    None: where the rows are kept, since these are ours too, or nowhere, since they are in memory.
    """
    if not split.cache_files or data_folder() in Path(split.cache_files[0]["filename"]).parents:
        return None
    folder = data_folder() / fingerprint
    file = folder / "encoded.arrow"
    if not file.exists():
        about = f"{split.info.dataset_name or 'a data set'}, {name} split, encoded"
        write_json(folder / "about.json", {"about": about})
    return file


def _told(
    encode: Callable[..., dict[str, Any] | pa.Table], total: int, text: str, reporter: Reporter
) -> Callable[..., dict[str, Any] | pa.Table]:
    """`encode`, which tells how many of `total` rows are done."""
    begun, done = clock(), 0

    def encode_and_tell(*columns: list[Any]) -> dict[str, Any] | pa.Table:
        nonlocal done
        encoded = encode(*columns)
        done += len(columns[0])
        if clock() - begun > TOLD_AFTER:
            reporter.count(done, total, text)
        return encoded

    return encode_and_tell


def column_of(split: Dataset, column: str) -> pa.ChunkedArray:
    """A column as Arrow, memory-mapped, without the others being read."""
    return split.select_columns([column]).with_format("arrow")[:][column]
