"""How a file of delimited text is written: its encoding, separator, quotes and header, recognised or told."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tdd.data.formats.table_cache import opened
from tdd.errors import TddError, UsageError

DELIMITERS = (",", "\t", ";", "|")
_QUOTES = ('"', "'")
_NAMES = {",": "a comma", "\t": "a tab", ";": "a semicolon", "|": "a bar"}
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SAMPLED = 400  # lines
_GUESSED_FROM = 1 << 18  # bytes
_PART = 1 << 20  # bytes decoded at once
_STARTS = 1 << 12  # bytes that tell whether a file is text
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_MOST_WORDS = 3
"""Words of a column's name; more are a text."""


@dataclass(frozen=True)
class Dialect:
    """How a file of delimited text is written.

    Attributes:
        encoding: as Python calls it.
        delimiter: what stands between fields.
        quote: what stands around fields; empty: nothing does.
        header: names of the columns, numbers from 1 on where the file has none.
        has_header: whether the first line is that of names.
        lines: lines that are not empty.
        sampled: the fields of the first of them.
    """

    encoding: str
    delimiter: str
    quote: str
    header: list[str]
    has_header: bool
    lines: int
    sampled: list[list[str]]

    def told(self) -> str:
        """What is not usual about it, in a few words; empty: nothing."""
        unusual = [
            *([f"encoding {self.encoding}"] if self.encoding not in ("utf-8", "utf-8-sig") else []),
            *([f"separator {_NAMES.get(self.delimiter, self.delimiter)}"] if self.delimiter not in ",\t" else []),
            *([] if self.quote == '"' else ["single quotes"] if self.quote else ["without quotes"]),
            *([] if self.has_header else ["without a header"]),
        ]
        return ", ".join(unusual)


def recognise(
    path: Path, encoding: str | None, delimiter: str | None, quote: str | None, no_header: bool, usual: str
) -> Dialect:
    """The dialect of a file, as far as it is not given.

    Args:
        path: the file.
        encoding, delimiter: those given; None: recognised.
        quote: "double", "single" or "none"; None: recognised.
        no_header: whether the first line is one of data.
        usual: the separator that its suffix speaks of.

    Raises:
        UsageError: it is empty, or its first line looks like data.
        TddError: it is not text, or not in the encoding given.
    """
    encoding = _encoding(path, encoding)
    sample = list(islice(_lines(path, encoding), _SAMPLED))
    if not sample:
        raise UsageError(f"{path} is empty: it holds no rows")
    quotes = {"double": '"', "single": "'", "none": ""}
    delimiter, found = _separator(sample, delimiter, quotes.get(quote or ""), usual)
    if quote is None:
        found, lines = _quote(path, encoding, delimiter, found)
    else:
        lines = sum(1 for _ in _lines(path, encoding))
    rows = _fields(sample, delimiter, found)
    names = [name.strip().lstrip("\ufeff") for name in rows[0]]
    if no_header:
        names = [str(number) for number in range(1, len(names) + 1)]
    else:
        names = [name or f"column {number}" for number, name in enumerate(names, 1)]
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise UsageError(f"{path} has several columns '{twice[0]}': give each a name of its own")
    return Dialect(encoding, delimiter, found, names, not no_header, lines, rows if no_header else rows[1:])


def has_separator(path: Path, encoding: str | None) -> bool:
    """Whether the first lines of a file are fields between one of the usual separators, of the same number in each."""
    sample = list(islice(_lines(path, _encoding(path, encoding)), _SAMPLED))
    delimiter, quote = _separator(sample, None, None, "\t") if sample else ("\t", '"')
    widths = {len(row) for row in _fields(sample, delimiter, quote)}
    return len(widths) == 1 and max(widths) > 1


def looks_like_data(dialect: Dialect) -> bool:
    """Whether the line of names looks like one of the rows: a name is a text, or stands in its column again."""
    if not dialect.has_header:
        return False
    for place, name in enumerate(dialect.header):
        if len(name.split()) > _MOST_WORDS or name in {row[place] for row in dialect.sampled if len(row) > place}:
            return True
    return False


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """The lines that are not empty, without their ends."""
    with opened(path) as file, io.TextIOWrapper(file, encoding) as text:
        for line in text:
            if line := line.rstrip("\n"):
                yield line


def _encoding(path: Path, given: str | None) -> str:
    if given is not None:
        try:
            codecs.lookup(given)
        except LookupError:
            raise UsageError(f"no encoding '{given}'; usual ones are utf-8, utf-16, latin-1 and cp1252") from None
        if line := _first_bad_line(path, given):
            raise TddError(f"{path}, line {line}: not {given}; set encoding to another one")
        return given
    with opened(path) as file:
        start = file.read(_STARTS)
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            return encoding
    if _CONTROL.search(start):
        raise TddError(f"{path} is not text; set encoding where it is in one that cannot be told, such as utf-16")
    line = _first_bad_line(path, "utf-8")
    return "utf-8" if line is None else _guess(path, line)


def _first_bad_line(path: Path, encoding: str) -> int | None:
    """The first line that is not in this encoding, from 1 on."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with opened(path) as file:
        while True:
            part = file.read(_PART)
            try:
                decoder.decode(part, final=not part)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if not part:
                return None
            line += part.count(b"\n")


def _guess(path: Path, line: int) -> str:
    """The encoding of a file that is not UTF-8, by its lines with other characters than ASCII's."""
    from charset_normalizer import from_bytes

    some = bytearray()
    with opened(path) as file:
        for text in file:
            if not text.isascii():
                some += text
            if len(some) > _GUESSED_FROM:
                break
    # Several encodings of single bytes explain a few accents: the most frequent one first.
    western = from_bytes(bytes(some), cp_isolation=["cp1252"]).best()
    best = western or from_bytes(bytes(some)).best()
    if best is None:
        raise TddError(f"{path}, line {line}: neither UTF-8 nor any other text that can be told; set encoding")
    return str(best.encoding)


def _fields(sample: list[str], delimiter: str, quote: str) -> list[list[str]]:
    how = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    return list(csv.reader(sample, delimiter=delimiter, **how))


def _separator(sample: list[str], delimiter: str | None, quote: str | None, usual: str) -> tuple[str, str]:
    """Separator and quote by which most rows have as many fields as the first, which are several."""
    if delimiter is not None and len(delimiter) != 1:
        raise UsageError(f"delimiter is a single character, not '{delimiter}'")
    best, found = (0.0, False), (delimiter or usual, '"' if quote is None else quote)
    delimiters = [delimiter] if delimiter else sorted(DELIMITERS, key=lambda one: one != usual)
    for one in delimiters:
        for of in _QUOTES if quote is None else (quote,):
            if quote is None and of == "'" and not _wrapped(sample, one):
                continue
            rows = _fields(sample, one, of)
            width = len(rows[0])
            reached = sum(len(row) == width for row in rows) / len(rows), of == "'"
            if width > 1 and reached > best:
                best, found = reached, (one, of)
    return found


def _wrapped(sample: list[str], delimiter: str) -> bool:
    """Whether single quotes stand at the separators of nearly all lines."""
    return sum(f"'{delimiter}" in line or f"{delimiter}'" in line for line in sample[1:]) > 0.9 * len(sample[1:]) > 0


def _quote(path: Path, encoding: str, delimiter: str, quote: str) -> tuple[str, int]:
    """The quote, or none where every line is a row without them and some would open one; and the lines.

    Raises:
        TddError: a quote is opened and never closed.
    """
    fields, exact, odd, lines = None, True, 0, 0
    first_odd, total = 0, 0
    for lines, line in enumerate(_lines(path, encoding), 1):
        count = line.count(delimiter)
        fields = count if fields is None else fields
        exact = exact and count == fields
        if (quotes := line.count(quote)) % 2:
            odd, first_odd = odd + 1, first_odd or lines
        total += quotes
    if odd and exact and fields:
        return "", lines
    if total % 2 and quote == '"':
        raise TddError(f"{path}, line {first_odd}: a quote is opened and never closed; close it, or set quote: none")
    return quote, lines
