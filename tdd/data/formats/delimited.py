"""Delimited text, such as csv and tsv, read by Arrow: every column as text, as it is written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.formats.dialect import Dialect, recognise
from tdd.data.formats.header import refuse_repeated_names, refused_header
from tdd.data.formats.packed import Bytes, lines_of
from tdd.data.formats.plain_text import plain_text, raw_lines, unusual, word_of_guess
from tdd.data.formats.read import Read
from tdd.data.formats.table_cache import cached, checksum
from tdd.errors import TddError, UsageError
from tdd.settings.column_names import pair_of

if TYPE_CHECKING:
    import pyarrow as pa

    from tdd.settings.data_parts import DataSettings

USUAL = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
"""The separators that suffixes speak of."""
WRITTEN = ("encoding", "delimiter", "quote", "header")
"""What is kept of how a file is written."""
_BLOCK = 1 << 24  # bytes
_ROWS = 10_000  # read at once


def read_delimited(path: Path, suffix: str, recipe: DataSettings) -> Read:
    """The rows of a file, how it is written ("encoding", "delimiter", "quote", "header"), and notes.

    Only an empty cell is a missing value: "None" and "NA" are words and may be classes.

    Raises:
        UsageError: it is empty, its first line looks like data, or rows have more fields than it.
        TddError: it is damaged, not text, or its quotes can be read in several ways.
    """
    given = (recipe.encoding, recipe.delimiter, recipe.quote, recipe.no_header)
    usual = USUAL[suffix]

    def batches() -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
        import pyarrow as pa

        data, encoding = plain_text(path, recipe.encoding)
        check_separator(path, data, recipe, usual)
        dialect = recognise(path, data, *given[1:], usual)
        refuse_repeated_names(path, data, dialect)
        check_header(path, dialect, recipe)
        noted = json.dumps(facts_of(dialect, encoding, word_of_guess(raw_lines(data), encoding, recipe.encoding)))
        schema = pa.schema([(name, pa.string()) for name in dialect.header], metadata={"tdd": noted})
        return schema, _rows(path, data, dialect, schema)

    split, noted = cached(["delimited", checksum(path), usual, *given], str(path), batches)
    if not len(split):
        raise UsageError(f"{path} is empty: it holds no rows")
    notes = [f"{path.name}: {noted['told']}"] if noted["told"] else []
    if noted["spanning"]:
        lines = len(split) + noted["spanning"] + noted["header"]
        notes.append(
            f"{path.name}: {len(split):,} rows in {lines:,} lines: quotes hold values together that span "
            f"several lines; where they should not, set quote: none"
        )
    reading = {name: noted[name] for name in WRITTEN}
    return Read({"train": split}, reading, notes)


def check_header(path: Path, dialect: Dialect, recipe: DataSettings) -> None:
    """Raise UsageError where the line of names is none, unless the recipe names one of them, or a row is one."""
    columns = (recipe.text_column, *(pair_of(recipe.text_column) or ()), recipe.label_column)
    if wrong := refused_header(dialect, {column for column in columns if column is not None}):
        raise UsageError(f"{path}: {wrong}")


def check_separator(path: Path, data: Bytes, recipe: DataSettings, usual: str) -> None:
    """Raise UsageError where the separator that is set does not stand in the first line, and another one does."""
    delimiter = recipe.delimiter
    if delimiter is None or len(delimiter) > 1 or delimiter in next(filter(str.strip, lines_of(data)), ""):
        return
    found = recognise(path, data, None, recipe.quote, recipe.no_header, usual)
    if len(found.header) > 1 and found.delimiter != delimiter:
        raise UsageError(
            f"{path}: the first line does not hold {delimiter!r}, the separator that delimiter (--delimiter) sets; "
            f"{found.delimiter!r} stands there: leave delimiter out for it"
        )


def facts_of(dialect: Dialect, encoding: str, word: str | None = None) -> dict[str, Any]:
    """How a file is written: `WRITTEN`, the line ends within quotes ("spanning"), what is not usual ("told").

    `word` is what tells of a guessed encoding, see `word_of_guess`.
    """
    quotes = {'"': "double", "'": "single", "": "none"}
    return {
        "encoding": encoding,
        "delimiter": dialect.delimiter,
        "quote": quotes[dialect.quote],
        "header": dialect.has_header,
        "spanning": dialect.spanning,
        "told": ", ".join([*unusual(encoding, word), *dialect.told()]),
    }


def _rows(path: Path, data: Bytes, dialect: Dialect, schema: pa.Schema) -> Iterable[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv

    if dialect.start == len(data):
        return
    names = list(dialect.header)
    if dialect.spaced:
        yield from _spaced_rows(path, data, dialect, schema)
        return
    try:
        reader = csv.open_csv(
            pa.BufferReader(pa.py_buffer(data[dialect.start :])),
            csv.ReadOptions(block_size=_BLOCK, column_names=names),
            csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                double_quote=not dialect.escaped,
                escape_char="\\" if dialect.escaped else False,
                newlines_in_values=bool(dialect.quote),
                invalid_row_handler=lambda row: "error" if row.text.strip() else "skip",
            ),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, "string"),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
        yield from (batch.cast(schema) for batch in reader)
    except pa.ArrowInvalid as error:
        raise _explained(path, data, dialect) or TddError(f"cannot read {path}: {_line(error)}") from None


def _spaced_rows(path: Path, data: Bytes, dialect: Dialect, schema: pa.Schema) -> Iterable[pa.RecordBatch]:
    """Rows with spaces before quotes, which Arrow does not know, by Python's csv."""
    import pyarrow as pa

    rows = (row for _, _, row in dialect.rows(lines_of(data[dialect.start :])))
    while some := list(islice(rows, _ROWS)):
        if any(len(row) != len(schema) for row in some) and (error := _explained(path, data, dialect)):
            raise error
        columns = zip(*some, strict=True)
        yield pa.record_batch([pa.array([cell or None for cell in cells], "string") for cells in columns], schema)


def _explained(path: Path, data: Bytes, dialect: Dialect) -> UsageError | None:
    """The first row that has not as many fields as there are columns; None: all have."""
    width = len(dialect.header)
    for line, _, row in dialect.rows(lines_of(data)):
        if len(row) != width:
            if width == 1:
                return UsageError(
                    f"{path}, line 1: a single field, where line {line} has {len(row)}: remove what stands above the "
                    f"names of columns, or set delimiter (--delimiter)"
                )
            fields = f"{len(row)} field{'s' if len(row) > 1 else ''} instead of {width}"
            if len(row) < width:
                what = f"a separator {dialect.delimiter!r} is missing there; mend or remove the line"
            else:
                what = (
                    f"put quotes around text that holds the separator {dialect.delimiter!r}, or set delimiter "
                    f"(--delimiter)"
                )
            return UsageError(f"{path}, line {line}: {fields}: {what}")
    return None


def _line(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:200]
