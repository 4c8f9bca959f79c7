"""JSON: a row a line, a list of rows, columns, or any of these by split."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.formats.table_cache import cached, checksum, opened, table_of
from tdd.errors import TddError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

_ROWS = ("data", "rows", "examples", "records", "instances")
"""What wraps a list of rows."""


def read_json_lines(path: Path) -> Dataset:
    """The rows of a file with one on every line.

    Raises:
        TddError: a line is damaged.
    """

    def rows() -> pa.Table:
        found = []
        for number, line in enumerate(_text(path, "jsonl").splitlines(), 1):
            if not line.strip():
                continue
            try:
                found.append(json.loads(line))
            except ValueError as error:
                raise TddError(f"cannot read {path} as jsonl: line {number}: JSON parse error: {error}") from None
        return _table(found, str(path))

    return _cached(path, "lines", rows)


def read_json(path: Path) -> dict[str, Dataset]:
    """The rows of a file by split, all of them "train" where it has no splits.

    Raises:
        UsageError: it holds no rows.
        TddError: it is damaged.
    """
    held: dict[str, Any] = {}

    def parts() -> dict[str, Any]:
        if not held:
            text = _text(path, "json")
            try:
                held.update(_splits(json.loads(text), str(path)))
            except ValueError as error:
                if text.lstrip()[:1] == "{" and "Extra data" in str(error):  # a row a line under another suffix
                    return {}
                raise TddError(f"cannot read {path} as json: JSON parse error: {error}") from None
        return held

    names = _cached(path, "splits", lambda: table_of({"name": list(parts())}))["name"]
    if not list(names):
        return {"train": read_json_lines(path)}
    return {name: _cached(path, f"split {name}", lambda name=name: _table(parts()[name], str(path))) for name in names}


def _text(path: Path, kind: str) -> str:
    try:
        with opened(path) as file, io.TextIOWrapper(file, "utf-8-sig") as text:
            return text.read()
    except (OSError, EOFError, UnicodeError) as error:
        raise TddError(f"cannot read {path} as {kind}: {error}") from error


def _cached(path: Path, part: str, table: Any) -> Dataset:
    def batches() -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
        found = table()
        return found.schema, found.to_batches()

    return cached(["json", part, checksum(path)], str(path), batches)[0]


def _splits(held: Any, path: str) -> dict[str, Any]:
    """Rows or columns by split."""
    if isinstance(held, Mapping) and len(held) == 1 and next(iter(held)) in _ROWS:
        held = next(iter(held.values()))
    if isinstance(held, list):
        return {"train": held}
    if isinstance(held, Mapping) and held:
        values = list(held.values())
        if all(isinstance(value, list) and value and isinstance(value[0], dict | list) for value in values):
            return dict(held)
        if all(isinstance(value, dict) and all(isinstance(v, list) for v in value.values()) for value in values):
            return dict(held)  # columns by split
        if all(isinstance(value, list | dict) for value in values):
            return {"train": held}
    raise UsageError(f"{path} holds neither a list of rows, nor columns, nor splits of these")


def _table(held: Any, path: str) -> pa.Table:
    """Rows, objects or lists, or columns, as a table."""
    if isinstance(held, Mapping):
        columns = {str(k): list(v.values()) if isinstance(v, dict) else list(v) for k, v in held.items()}
        if len({len(values) for values in columns.values()}) > 1:
            raise UsageError(f"{path} holds columns of different lengths")
        return table_of(columns)
    if held and all(isinstance(row, list) for row in held):
        width = max(map(len, held))
        return table_of(
            {str(place + 1): [row[place] if place < len(row) else None for row in held] for place in range(width)}
        )
    if not all(isinstance(row, Mapping) for row in held):
        raise UsageError(f"{path} holds values that are no rows: every row is an object or a list")
    names = dict.fromkeys(str(name) for row in held for name in row)
    return table_of({name: [row.get(name) for row in held] for name in names})
