"""Delimited text, such as csv and tsv, read by Arrow: every column as text, as it is written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.formats.dialect import Dialect, looks_like_data, recognise
from tdd.data.formats.table_cache import cached, checksum, opened
from tdd.errors import TddError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from tdd.settings.data_parts import DataSettings

USUAL = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
"""The separators that suffixes speak of."""
_BLOCK = 1 << 24  # bytes


def read_delimited(path: Path, suffix: str, recipe: DataSettings) -> tuple[Dataset, dict[str, Any], list[str]]:
    """The rows of a file, how it is written ("encoding", "delimiter", "quote", "header"), and notes.

    Only an empty cell is a missing value: "None" and "NA" are words and may be classes.

    Raises:
        UsageError: it is empty, its first line looks like data, or rows have more fields than it.
        TddError: it is damaged or not text.
    """
    given = (recipe.encoding, recipe.delimiter, recipe.quote, recipe.no_header)
    usual = USUAL[suffix]

    def batches() -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
        import pyarrow as pa

        try:
            dialect = recognise(path, *given, usual)
        except (OSError, EOFError, UnicodeError) as error:
            raise TddError(f"cannot read {path} as {suffix[1:]}: {_line(error)}") from error
        asked = {recipe.text_column, recipe.label_column}
        if not asked & set(dialect.header) and looks_like_data(dialect):
            raise UsageError(
                f"{path}: the first line looks like data, not like names of columns: set no_header (--no-header), "
                f"which numbers the columns from 1 to {len(dialect.header)}"
            )
        noted = json.dumps(_noted(dialect))
        schema = pa.schema([(name, pa.string()) for name in dialect.header], metadata={"tdd": noted})
        return schema, _rows(path, dialect, schema)

    split, noted = cached(["delimited", checksum(path), usual, *given], str(path), batches)
    if not len(split):
        raise UsageError(f"{path} is empty: it holds no rows")
    notes = [f"{path.name}: {noted['told']}"] if noted["told"] else []
    spanning = noted["lines"] - noted["header"] - len(split)
    if spanning > 0:
        notes.append(
            f"{path.name}: {len(split):,} rows in {noted['lines']:,} lines: quotes hold values together that span "
            f"several lines; where they should not, set quote: none"
        )
    return split, {name: noted[name] for name in ("encoding", "delimiter", "quote", "header")}, notes


def _noted(dialect: Dialect) -> dict[str, Any]:
    quotes = {'"': "double", "'": "single", "": "none"}
    return {
        "encoding": dialect.encoding,
        "delimiter": dialect.delimiter,
        "quote": quotes[dialect.quote],
        "header": dialect.has_header,
        "lines": dialect.lines,
        "told": dialect.told(),
    }


def _rows(path: Path, dialect: Dialect, schema: pa.Schema) -> Iterable[pa.RecordBatch]:
    import pyarrow as pa

    try:
        with opened(path) as file:
            yield from (batch.cast(schema) for batch in _reader(file, dialect))
    except pa.ArrowInvalid as error:
        raise _explained(path, dialect, error) from None
    except (OSError, EOFError, UnicodeError) as error:
        raise TddError(f"cannot read {path}: {_line(error)}") from error


def _reader(file: Any, dialect: Dialect, on_bad_row: Any = None) -> Any:
    from pyarrow import csv

    names = dialect.header
    encoding = "utf-8" if dialect.encoding == "utf-8-sig" else dialect.encoding
    return csv.open_csv(
        file,
        csv.ReadOptions(
            use_threads=on_bad_row is None,
            block_size=_BLOCK,
            column_names=names,
            skip_rows=int(dialect.has_header),
            encoding=encoding,
        ),
        csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            newlines_in_values=bool(dialect.quote),
            invalid_row_handler=on_bad_row,
        ),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, "string"),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _explained(path: Path, dialect: Dialect, error: Exception) -> TddError:
    """What Arrow found wrong, with the line."""
    import pyarrow as pa

    bad: list[Any] = []

    def found(row: Any) -> str:
        bad.append(row)
        return "error"

    try:
        with opened(path) as file:
            for _ in _reader(file, dialect, found):
                pass
    except pa.ArrowInvalid:
        pass
    if not bad:
        return TddError(f"cannot read {path}: {_line(error)}")
    row = bad[0]
    return UsageError(
        f"{path}, line {row.number}: {row.actual_columns} fields instead of {row.expected_columns}: put quotes around "
        f"text that holds the separator {dialect.delimiter!r}, or set delimiter"
    )


def _line(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:200]
