"""The check of a whole text's quotes agrees with Python's csv, which reads it row by row."""

import csv
import io

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdd.data.formats.quotes import fields_of_lines, quotes_of

CHARACTERS = st.text(st.sampled_from('a,"\n\r\\é '), max_size=24)
CELLS = st.lists(st.lists(st.text(st.sampled_from('a,"\n é'), max_size=6), min_size=2, max_size=2), max_size=6)


def as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def is_strict(text: str) -> bool:
    try:
        list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return False
    return True


@settings(max_examples=400, deadline=None)
@given(CHARACTERS)
@example('"')
@example('a,"b"')
@example('"a\n"b"\n"')
def test_text_with_regular_quotes_is_read_by_a_strict_reader(text: str):
    quotes = quotes_of(as_bytes(text), ",", '"')
    assert quotes.count == text.count('"')
    if quotes.regular:
        assert is_strict(text)
        spanned = "".join(cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row)
        ends = spanned.count("\n") + spanned.count("\r") - spanned.count("\r\n")
        assert quotes.inside.sum() == ends
    else:  # not strict, or with quotes inside fields that have none around them
        fields = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        assert not is_strict(text) or any('"' in field for field in fields)


@settings(max_examples=200, deadline=None)
@given(CELLS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(["\n", "\r\n"]))
def test_what_a_writer_of_csv_writes_is_regular(cells: list[list[str]], quoting: int, end: str):
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=end).writerows(cells)  # type: ignore[arg-type]
    quotes = quotes_of(as_bytes(text.getvalue()), ",", '"')
    assert quotes.regular
    assert quotes.inside.sum() == sum(cell.count("\n") for row in cells for cell in row)
    if not quotes.count:
        assert set(fields_of_lines(as_bytes(text.getvalue()), ",")) <= {0, 2}


@settings(max_examples=200, deadline=None)
@given(CELLS)
def test_quotes_behind_backslashes_are_regular_where_these_escape(cells: list[list[str]]):
    text = io.StringIO(newline="")
    how = {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\", "lineterminator": "\n"}
    csv.writer(text, **how).writerows(cells)  # type: ignore[arg-type]
    assert quotes_of(as_bytes(text.getvalue()), ",", '"', escaped=True).regular


def test_fields_are_counted_line_by_line():
    assert fields_of_lines(as_bytes('a,b\r\n\r\n"a,b\rc'), ",").tolist() == [2, 0, 2, 1]
    assert fields_of_lines(as_bytes("a§b\n"), "§").tolist() == [2, 0]
    assert quotes_of(as_bytes('a,b\n"c\nd",e\n'), ",", '"').joined().tolist() == [False, True, True, False]
