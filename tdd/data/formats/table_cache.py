"""Rows of a file, kept on disk as Arrow and mapped into memory; found again by what the file holds."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.errors import TddError
from tdd.system.files import write_json

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

_VERSION = 4
"""To be raised whenever the same file is read otherwise."""
_PART = 1 << 22  # bytes hashed at once


def checksum(path: Path) -> str:
    """sha256 of a file as it lies on disk."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(_PART):
            digest.update(part)
    return digest.hexdigest()


def cached(
    key: list[Any], what: str, batches: Callable[[], tuple[pa.Schema, Iterable[pa.RecordBatch]]]
) -> tuple[Dataset, dict[str, Any]]:
    """The rows that `batches` gives, from the cache where `key` was read before, and what was noted of them then.

    Args:
        key: all that the rows follow from, as JSON values.
        what: names them, for error lines.
        batches: the schema and the rows; called where they are not in the cache. Values of the schema's metadata
            "tdd" are what is noted.

    Raises:
        TddError: the cache cannot be written to; or whatever `batches` raises.
    """
    import datasets
    import pyarrow as pa

    name = hashlib.sha256(json.dumps([_VERSION, *key]).encode()).hexdigest()[:32]
    folder = Path(datasets.config.HF_DATASETS_CACHE) / "tdd" / name
    if not (folder / "rows.arrow").is_file():
        schema, rows = batches()
        temporary = None
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{name}."))
            with pa.OSFile(str(temporary / "rows.arrow"), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
                for batch in rows:
                    writer.write_batch(batch)
            write_json(temporary / "about.json", {"about": what})
            if not (folder / "rows.arrow").is_file():  # else another process was first
                temporary.rename(folder)
        except (OSError, pa.ArrowException) as error:
            if isinstance(error, pa.ArrowInvalid | UnicodeDecodeError) or getattr(error, "errno", None) is None:
                raise
            raise TddError(
                f"cannot keep the rows of {what} under {datasets.config.HF_DATASETS_CACHE}: "
                f"{error.strerror}; free some space or set HF_DATASETS_CACHE"
            ) from error
        finally:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)
    return cached_before(name)


def cached_before(name: str) -> tuple[Dataset, dict[str, Any]]:
    """Rows that `cached` gave before, by their fingerprint, and what was noted of them.

    Raises:
        FileNotFoundError: they are not in the cache any more.
    """
    import datasets

    folder = Path(datasets.config.HF_DATASETS_CACHE) / "tdd" / name
    table = datasets.table.MemoryMappedTable.from_file(str(folder / "rows.arrow"))
    features = datasets.Features.from_arrow_schema(table.schema)
    noted = json.loads((table.schema.metadata or {}).get(b"tdd", b"{}"))
    return datasets.Dataset(table, info=datasets.DatasetInfo(features=features), fingerprint=name), noted


def table_of(columns: dict[str, list[Any]]) -> pa.Table:
    """Columns of Python values: each of one type, text where its values have several."""
    import pyarrow as pa

    arrays = {}
    for name, values in columns.items():
        kinds = {type(value) for value in values if value is not None}
        try:
            if len(kinds) > 1 and not kinds <= {int, float}:
                raise pa.ArrowInvalid
            arrays[name] = pa.array(values)
        except (pa.ArrowException, OverflowError):
            arrays[name] = pa.array(map(_text, values), pa.large_string())
    return pa.table(arrays)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str) or (isinstance(value, float) and isnan(value)):
        return value if isinstance(value, str) else None
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
