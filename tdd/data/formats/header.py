"""Whether the first line of delimited text is that of its columns' names."""

from __future__ import annotations

import re
from pathlib import Path

from tdd.data.formats.dialect import Dialect
from tdd.data.formats.packed import Bytes
from tdd.errors import UsageError

_MOST_WORDS = 3
"""Words of a column's name; more are a text."""


def refused_header(dialect: Dialect) -> str | None:
    """What is wrong with the line of names and what to do; None: nothing."""
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


def _looks_like_data(dialect: Dialect) -> bool:
    """Whether the line of names looks like one of the rows: a name is a text, or stands in its column again."""
    for place, name in enumerate(dialect.header):
        if len(name.split()) > _MOST_WORDS or name in {row[place] for row in dialect.sampled if len(row) > place}:
            return True
    return False
