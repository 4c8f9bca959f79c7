"""JSON: a row a line, a list of rows, rows by an id, columns, or any of these by split."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.formats.packed import Bytes
from tdd.data.formats.plain_text import plain_text, raw_lines, unusual, word_of_guess
from tdd.data.formats.read import Read
from tdd.data.formats.table_cache import cached, checksum, table_of
from tdd.data.split_words import split_of
from tdd.errors import TddError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

_ROWS = ("data", "rows", "examples", "records", "instances")
"""What wraps the rows, beside values that say something of them all."""


def read_json_lines(path: Path, encoding: str | None) -> Read:
    """The rows of a file with one on every line; `encoding`: the one given, None: recognised.

    Raises:
        TddError: a line is damaged, or not in the encoding.
    """
    data, found = plain_text(path, encoding)

    def rows() -> pa.Table:
        # Only a newline ends a line: others may stand in a text.
        lines = (line.decode() for line in raw_lines(data))
        values = [_value(line, f"{path} as jsonl: line {i}: ") for i, line in enumerate(lines, 1) if line.strip()]
        return _table(values, str(path))

    return _read({"train": _cached(path, ["lines", found], rows)}, path, data, found, encoding)


def read_json(path: Path, encoding: str | None) -> Read:
    """The rows of a file by split, all of them "train" where it has no splits; `encoding`: as of `read_json_lines`.

    Raises:
        UsageError: it holds no rows.
        TddError: it is damaged, or not in the encoding.
    """
    data, found = plain_text(path, encoding)
    held: dict[str, Any] = {}

    def parts() -> dict[str, Any]:
        if not held:
            text = data.tobytes().decode()
            try:
                held.update(_splits(_value(text, f"{path} as json: "), str(path)))
            except TddError as error:
                if text.lstrip()[:1] == "{" and "Extra data" in str(error):  # a row a line under another suffix
                    return {}
                raise
        return held

    names = _cached(path, ["splits", found], lambda: table_of({"name": list(parts())}))["name"]
    if not list(names):
        return read_json_lines(path, encoding)
    splits = {
        name: _cached(path, ["split", name, found], lambda name=name: _table(parts()[name], str(path)))
        for name in names
    }
    return _read(splits, path, data, found, encoding)


def _read(splits: dict[str, Dataset], path: Path, data: Bytes, found: str, given: str | None) -> Read:
    """Rows with what is said of the encoding that was found."""
    notes = [f"{path.name}: {one}" for one in unusual(found, word_of_guess(raw_lines(data), found, given))]
    return Read(splits, {"encoding": found}, notes)


def _value(text: str, where: str) -> Any:
    """What JSON says; half of a character, as a text that was cut holds it, becomes the mark of an unknown one."""
    try:
        value = json.loads(text)
        if "\\ud" not in text.lower():
            return value
        written = json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass")
        return json.loads(written.decode("utf-16-le", "replace"))
    except (ValueError, RecursionError) as error:
        raise TddError(f"cannot read {where}JSON parse error: {error}") from None


def _cached(path: Path, part: list[str], table: Any) -> Dataset:
    def batches() -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
        found = table()
        return found.schema, found.to_batches()

    return cached(["json", *part, checksum(path)], str(path), batches)[0]


def _splits(held: Any, path: str) -> dict[str, Any]:
    """Rows or columns by split."""
    held = _unwrapped(held)
    if isinstance(held, Mapping) and held:
        values = list(held.values())
        by_split = all(split_of(name) for name in held) and not all(map(_is_list_of_values, values))
        if by_split or all(isinstance(value, list) and value and isinstance(value[0], dict) for value in values):
            return {name: _unwrapped(value) for name, value in held.items()}
    if isinstance(held, list | Mapping) and held:
        return {"train": held}
    raise UsageError(f"{path} holds neither a list of rows, nor columns, nor splits of these")


def _unwrapped(held: Any) -> Any:
    """The rows, without what wraps them."""
    if not isinstance(held, Mapping):
        return held
    wrapped = [name for name in _ROWS if isinstance(held.get(name), list | Mapping)]
    if len(wrapped) != 1:
        return held
    rows = held[wrapped[0]]
    others = [value for name, value in held.items() if name != wrapped[0]]
    is_alone = not others or (not _is_list_of_values(rows) and not any(isinstance(value, list) for value in others))
    return rows if is_alone and (isinstance(rows, list) or len(held) == 1 or _are_splits(rows)) else held


def _are_splits(held: Mapping[str, Any]) -> bool:
    return bool(held) and all(split_of(name) for name in held)


def _is_list_of_values(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(one, dict | list) for one in value)


def _table(held: Any, path: str) -> pa.Table:
    """Rows, objects or lists, or columns, as a table."""
    if isinstance(held, Mapping):
        values = list(held.values())
        if all(isinstance(value, list) for value in values):
            if len({len(value) for value in values}) > 1:
                raise UsageError(f"{path} holds columns of different lengths")
            return table_of({name: list(value) for name, value in held.items()})
        if all(isinstance(value, Mapping) and all(key.isdecimal() for key in value) for value in values):
            keys = dict.fromkeys(key for value in values for key in value)
            return table_of({name: [value.get(key) for key in keys] for name, value in held.items()})
        held = values  # rows by an id
    if not isinstance(held, list):
        raise UsageError(f"{path} holds values that are no rows: every row is an object or a list")
    if held and all(isinstance(row, list) for row in held):
        width = max(map(len, held))
        return table_of(
            {str(place + 1): [row[place] if place < len(row) else None for row in held] for place in range(width)}
        )
    if not all(isinstance(row, Mapping) for row in held):
        raise UsageError(f"{path} holds values that are no rows: every row is an object or a list")
    names = dict.fromkeys(name for row in held for name in row)
    return table_of({name: [row.get(name) for row in held] for name in names})
