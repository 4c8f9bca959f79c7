"""Parquet, with the features that `datasets` keeps in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tdd.data.formats.packed import unpacked
from tdd.data.formats.read import Read
from tdd.data.formats.table_cache import cached, checksum
from tdd.errors import TddError

if TYPE_CHECKING:
    import pyarrow as pa


def read_parquet(path: Path) -> Read:
    """The rows of a file, without columns of types that `datasets` does not have.

    Raises:
        TddError: it is damaged, or has no other columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(unpacked(path))))
        known = [name for name in file.schema_arrow.names if _is_known(file.schema_arrow, name)]
        left_out = [name for name in file.schema_arrow.names if name not in known]
        if not known:
            raise TddError(f"cannot read {path} as parquet: {_reason(file.schema_arrow, left_out)}")

        def batches() -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
            schema = pa.schema([file.schema_arrow.field(name) for name in known], file.schema_arrow.metadata)
            return schema, (batch.cast(schema) for batch in file.iter_batches(columns=known))

        rows, _ = cached(["parquet", checksum(path)], str(path), batches)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise TddError(f"cannot read {path} as parquet: {' '.join(str(error).split())[:200]}") from error
    said = f"{path.name}: left out, as its type cannot be read: column {{}} ({{}})"
    return Read({"train": rows}, {}, [said.format(name, file.schema_arrow.field(name).type) for name in left_out])


def _is_known(schema: pa.Schema, column: str) -> bool:
    import datasets
    import pyarrow as pa

    try:
        datasets.Features.from_arrow_schema(pa.schema([schema.field(column)]))
    except (ValueError, KeyError, TypeError, NotImplementedError):  # what `datasets` raises for types that it lacks
        return False
    return True


def _reason(schema: pa.Schema, columns: list[str]) -> str:
    return "no column is of a type that can be read: " + ", ".join(f"{one} {schema.field(one).type}" for one in columns)
