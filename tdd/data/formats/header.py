"""Whether the first line of delimited text is that of its columns' names."""

from __future__ import annotations

import re
from pathlib import Path

from tdd.data.formats.dialect import Dialect
from tdd.data.formats.packed import Bytes
from tdd.data.usual_columns import IMAGE_COLUMNS, LABEL_COLUMNS, TEXT_COLUMNS
from tdd.errors import UsageError

_MOST_WORDS = 3
"""Words of a column's name; more are a text."""
_CONTENT = {*TEXT_COLUMNS, *IMAGE_COLUMNS}


def refused_header(dialect: Dialect, asked: set[str]) -> str | None:
    """What is wrong with the first line, as names or as a row, and what to do; None: nothing.

    Args:
        dialect: of the file.
        asked: columns that the recipe names.
    """
    if not dialect.has_header and _holds_names(dialect, asked):
        return "the first line holds names of columns, and no_header (--no-header) is set: leave that out for it"
    if asked & set(dialect.header):
        return None
    if dialect.has_header and _looks_like_data(dialect):
        return (
            f"the first line looks like data, not like names of columns: set no_header (--no-header), "
            f"which numbers the columns from 1 to {len(dialect.header)}; where it holds names, choose "
            f"some with text_column and label_column (--text-column, --label-column)"
        )
    return None


def refuse_repeated_names(path: Path, data: Bytes, dialect: Dialect) -> None:
    """Raise UsageError where the line of names stands below once more, as where files were put one behind the other."""
    names = data[: dialect.start].tobytes().rstrip(b"\r\n")
    if not dialect.has_header or len(dialect.header) < 2:
        return
    if found := re.search(rb"\n" + re.escape(names) + rb"\r?(?:\n|\Z)", data.data):
        line = data[: found.start()].tobytes().count(b"\n") + 2
        raise UsageError(f"{path}, line {line}: the names of the columns stand there again: remove that line")


def _holds_names(dialect: Dialect, asked: set[str]) -> bool:
    """Whether a first row that is said to be one of data holds names: one that is asked for, or two usual ones."""
    cells = {" ".join(cell.split()) for row in dialect.sampled[:1] for cell in row}
    usual = {cell.lower() for cell in cells}
    return bool(cells & (asked - set(dialect.header)) or (usual & _CONTENT and usual & set(LABEL_COLUMNS)))


def _looks_like_data(dialect: Dialect) -> bool:
    """Whether the line of names looks like one of the rows: a name is a text, or stands in its column again."""
    for place, name in enumerate(dialect.header):
        if len(name.split()) > _MOST_WORDS or name in {row[place] for row in dialect.sampled if len(row) > place}:
            return True
    return False
