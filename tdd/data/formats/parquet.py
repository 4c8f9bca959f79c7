"""Parquet, with the features that `datasets` keeps in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tdd.data.formats.table_cache import cached, checksum
from tdd.errors import TddError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset


def read_parquet(path: Path) -> Dataset:
    """The rows of a file.

    Raises:
        TddError: it is damaged, or its columns are of types that `datasets` does not have.
    """
    import datasets
    import pyarrow as pa
    import pyarrow.parquet as pq

    def batches() -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
        file = pq.ParquetFile(path, memory_map=True)
        return file.schema_arrow, file.iter_batches()

    try:
        datasets.Features.from_arrow_schema(pq.read_schema(path, memory_map=True))
        return cached(["parquet", checksum(path)], str(path), batches)[0]
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise TddError(f"cannot read {path} as parquet: {' '.join(str(error).split())[:200]}") from error
