"""How a file of delimited text is written: its separator, quotes and header, recognised or told."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import compress, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdd.data.formats.comments import refuse_comments
from tdd.data.formats.packed import Bytes, lines_of
from tdd.data.formats.quotes import fields_of_lines, quotes_of
from tdd.errors import TddError, UsageError

DELIMITERS = (",", "\t", ";", "|")
_QUOTES = ('"', "'")
_NAMES = {",": "a comma", "\t": "a tab", ";": "a semicolon", "|": "a bar"}
_SAMPLED = 400  # lines
_LONGEST_CELL = (1 << 31) - 1  # characters


@dataclass(frozen=True)
class Dialect:
    """How a file of delimited text is written.

    Attributes:
        delimiter: what stands between fields.
        quote: what stands around fields; empty: nothing does.
        escaped: whether a backslash stands before a quote within quotes, which is doubled otherwise.
        spaced: whether spaces stand between a separator and the quote behind it.
        header: names of the columns, numbers from 1 on where the file has none.
        has_header: whether the first row is that of names.
        start: the byte at which the rows begin.
        spanning: line ends within quotes.
        sampled: the fields of the first rows.
    """

    delimiter: str
    quote: str
    escaped: bool = False
    spaced: bool = False
    header: tuple[str, ...] = ()
    has_header: bool = True
    start: int = 0
    spanning: int = 0
    sampled: tuple[list[str], ...] = ()

    def told(self) -> list[str]:
        """What is not usual about it, in a few words each."""
        return [
            *([f"separator {_NAMES.get(self.delimiter, self.delimiter)}"] if self.delimiter not in ",\t" else []),
            *([] if self.quote == '"' else ["single quotes"] if self.quote else ["without quotes"]),
            *(["backslashes before quotes"] if self.escaped else []),
            *(["spaces before quotes"] if self.spaced else []),
            *([] if self.has_header else ["without a header"]),
        ]

    def rows(self, lines: Iterable[str], strict: bool = False) -> Iterator[tuple[int, int, list[str]]]:
        """The rows that are not blank by Python's csv, each with its first and last line.

        Raises:
            csv.Error: where `strict`, text behind a closing quote, or a quote that is never closed.
        """
        reader = csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar="\\" if self.escaped else None,
            doublequote=not self.escaped,
            skipinitialspace=self.spaced,
            strict=strict,
        )
        longest, end = csv.field_size_limit(_LONGEST_CELL), 0
        try:
            for row in reader:
                if len(row) > 1 or any(map(str.strip, row)):
                    yield end + 1, reader.line_num, row
                end = reader.line_num
        finally:
            csv.field_size_limit(longest)


def recognise(
    path: Path, data: Bytes, delimiter: str | None, quote: str | None, no_header: bool, usual: str
) -> Dialect:
    """The dialect of a file, as far as it is not given.

    Args:
        path: the file, for error lines.
        data: its text.
        delimiter: the one given; None: recognised.
        quote: "double", "single" or "none"; None: recognised.
        no_header: whether the first row is one of data.
        usual: the separator that its suffix speaks of.

    Raises:
        UsageError: it is empty, begins with a comment, or has two columns of one name.
        TddError: its quotes can be read in several ways.
    """
    sample = _sample(data)
    if not sample:
        raise UsageError(f"{path} is empty: it holds no rows")
    quotes = {"double": '"', "single": "'", "none": ""}
    asked = quotes.get(quote or "")
    refuse_comments(path, sample, [delimiter] if delimiter else DELIMITERS)
    dialect = _separator(sample, delimiter, asked, usual)
    if spaced := _spaced(sample, delimiter, asked):
        dialect = spaced
    else:
        dialect = _with_quotes(path, data, dialect, quote is not None)
    rows = list(dialect.rows(sample))
    _, end, first = rows[0]
    if no_header:
        names, start = [str(number) for number in range(1, len(first) + 1)], 0
    else:
        names = [" ".join(name.replace("\ufeff", "").split()) for name in first]
        names = [name or f"column {number}" for number, name in enumerate(names, 1)]
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise UsageError(f"{path} has several columns '{twice[0]}': give each a name of its own")
        start = len("".join(islice(lines_of(data), end)).encode())
    sampled = tuple(row for _, _, row in rows[0 if no_header else 1 :])
    return replace(dialect, header=tuple(names), has_header=not no_header, start=start, sampled=sampled)


def has_separator(data: Bytes) -> bool:
    """Whether the first lines of a text are fields between one of the usual separators, of the same number in each."""
    sample = _sample(data)
    widths = {len(row) for _, _, row in _separator(sample, None, None, "\t").rows(sample)}
    return len(widths) == 1 and max(widths) > 1


def _sample(data: Bytes) -> list[str]:
    lines = list(islice(lines_of(data), _SAMPLED))
    return lines if any(map(str.strip, lines)) else []


def _separator(sample: list[str], delimiter: str | None, quote: str | None, usual: str) -> Dialect:
    """Separator and quote by which most rows have as many fields as the first, which are several."""
    if delimiter is not None and len(delimiter) != 1:
        raise UsageError(f"delimiter is a single character, not '{delimiter}'")
    best, found = (0.0, False, False), Dialect(delimiter or usual, '"' if quote is None else quote)
    delimiters = [delimiter] if delimiter else sorted(DELIMITERS, key=lambda one: one != usual)
    for one in delimiters:
        for of in _QUOTES if quote is None else (quote,):
            if quote is None and of == "'" and not _wrapped(sample, one):
                continue
            dialect = Dialect(one, of)
            rows = [row for _, _, row in dialect.rows(sample)]
            width = len(rows[0])
            in_prose = _stands_in_prose(rows)
            reached = sum(len(row) == width for row in rows) / len(rows), not in_prose, of == "'"
            if width > 1 and reached > best and not (one != (delimiter or usual) and in_prose):
                best, found = reached, dialect
    return found


def _spaced(sample: list[str], delimiter: str | None, quote: str | None) -> Dialect | None:
    """The dialect in which a space stands between separator and quote in every line; None: there is none."""
    lines = [line for line in sample[1:] if line.strip()]
    for one in [delimiter] if delimiter else DELIMITERS:
        for of in _QUOTES if quote is None else (quote,):
            if of and lines and all(f"{one} {of}" in line for line in lines):
                dialect = Dialect(one, of, spaced=True)
                with suppress(csv.Error):
                    widths = {len(row) for _, _, row in dialect.rows(sample, strict=True)}
                    if len(widths) == 1 and max(widths) > 1:
                        return dialect
    return None


def _wrapped(sample: list[str], delimiter: str) -> bool:
    """Whether single quotes stand at the separators of nearly all lines."""
    return sum(f"'{delimiter}" in line or f"{delimiter}'" in line for line in sample[1:]) > 0.9 * len(sample[1:]) > 0


def _stands_in_prose(rows: list[list[str]]) -> bool:
    """Whether a space follows most separators, as it does commas in a sentence."""
    fields = [field for row in rows for field in row[1:]]
    return 2 * sum(field.startswith(" ") for field in fields) > len(fields)


def _with_quotes(path: Path, data: Bytes, dialect: Dialect, given: bool) -> Dialect:
    """The dialect with the meaning that its quote has in the whole file.

    Quotes that are not set as csv sets them, or join lines that are rows by themselves, are a part of the text where
    all lines have the same number of fields without them.

    Raises:
        TddError: neither is so, and the quotes were not given.
    """
    if not dialect.quote:
        return dialect
    quotes = quotes_of(data, dialect.delimiter, dialect.quote)
    if not quotes.regular:
        escaped = quotes_of(data, dialect.delimiter, dialect.quote, escaped=True)
        if escaped.regular and escaped.count:
            return replace(dialect, escaped=True, spanning=int(escaped.inside.sum()))
    if given or (quotes.regular and not quotes.inside.any()):
        return replace(dialect, spanning=int(quotes.inside.sum()))
    wrong = None if quotes.regular else _irregular(data, dialect)
    if not quotes.regular and wrong is None:  # as 5" is within a field
        return dialect
    fields = fields_of_lines(data, dialect.delimiter)
    if quotes.regular and not _are_rows(data, dialect, fields, quotes.joined()):
        return replace(dialect, spanning=int(quotes.inside.sum()))
    widths = np.unique(fields[fields > 0])
    if len(widths) == 1 and widths[0] > 1:
        return replace(dialect, quote="")
    line, what = wrong or (
        int(np.flatnonzero(quotes.joined())[0]) + 1,
        "a quote joins lines that are rows by themselves; double it",
    )
    raise TddError(f"{path}, line {line}: {what}, or set quote: none (--quote none), or double where it is right so")


def _are_rows(data: Bytes, dialect: Dialect, fields: NDArray[np.int64], joined: NDArray[np.bool_]) -> bool:
    """Whether each of the lines that quotes join has as many fields as the first row, and no separator of prose."""
    _, _, first = next(dialect.rows(_sample(data)))
    if (fields[joined] != len(first)).any():
        return False
    return not any(dialect.delimiter + " " in line for line in compress(lines_of(data), joined))


def _irregular(data: Bytes, dialect: Dialect) -> tuple[int, str] | None:
    """The line of the first quote that is not as csv sets them, and what is wrong; None: each row is a line."""
    end = 0
    try:
        for start, end, _ in dialect.rows(lines_of(data), strict=True):
            if end > start:
                return start, "a quote joins this line to the next, and others stand inside fields; double these"
    except csv.Error as error:
        closed = "end of data" not in str(error)
        return (
            end + 1,
            "text follows a closing quote; double quotes within quotes"
            if closed
            else "a quote is opened and never closed; close it",
        )
    return None
