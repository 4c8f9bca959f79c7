"""Quotes that are not set as csv sets them swallow no row: they are read as text, or the line is named."""

from pathlib import Path

import pytest
from data_files import Load, texts

from tdd.data.files import read_file
from tdd.errors import TddError
from tdd.settings.recipe import Recipe

RECIPE = Recipe()


def read(path: Path, content: str, **settings: str) -> list[tuple[str, str]]:
    path.write_text(content)
    split = read_file(path, RECIPE.model_copy(update=settings)).splits["train"]
    return list(zip(split["text"], split["label"], strict=True))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('"good, fine",a\n"stray,b\nbad film,a\nanother 5",b\n"ok, yes",a\n', "line 3: a quote joins lines that are"),
        ('"good, fine",a\n"stray,b\nbad film,a\n"ok, yes",a\n', "line 3: text follows a closing quote"),
        ('"good, fine",a\nbad,b\n"stray, yes,a\n', "line 4: a quote is opened and never closed; close it"),
        ('5" disk,a\n"one\n, two",b\n', "line 3: a quote joins this line to the next, and others stand inside"),
    ],
)
def test_a_stray_quote_among_quoted_commas_is_named(content: str, message: str, tmp_path: Path):
    with pytest.raises(TddError, match=rf"d\.csv, {message}.* or set quote: none") as caught:
        read(tmp_path / "d.csv", "text,label\n" + content)
    assert "\n" not in str(caught.value)


def test_a_quote_inside_a_field_without_quotes_is_text(tmp_path: Path):
    rows = read(tmp_path / "d.csv", 'text,label\n5" disk,a\n"one, two",b\nof 3.5",a\n')
    assert rows == [('5" disk', "a"), ("one, two", "b"), ('of 3.5"', "a")]


@pytest.mark.parametrize("settings", [{}, {"quote": "double"}])
def test_backslashes_before_quotes_are_recognised(settings: dict[str, str], tmp_path: Path):
    rows = read(tmp_path / "d.csv", 'text,label\n"a \\"good\\" film, really",a\n"bad",b\n', **settings)
    assert rows == [('a "good" film, really', "a"), ("bad", "b")]


@pytest.mark.parametrize("rest", ["", "b,bad film\n"])
def test_commas_of_prose_make_no_rows_of_the_lines_of_a_cell(rest: str, tmp_path: Path):
    rows = read(tmp_path / "d.csv", 'label,text\na,"good\nfilm, yes"\n' + rest)
    assert rows[0] == ("good\nfilm, yes", "a")


def test_quotes_given_are_taken(tmp_path: Path):
    content = 'text,label\n"good\nfilm, yes\nby all",a\n"x,1\ny",b\n'
    assert read(tmp_path / "d.csv", content, quote="double")[1] == ("x,1\ny", "b")


def test_the_line_of_a_wrong_row_counts_those_within_quotes(tmp_path: Path):
    with pytest.raises(TddError, match=r"d\.csv, line 6: 3 fields instead of 2"):
        read(tmp_path / "d.csv", 'text,label\n"a\nb\nc",x\ngood,y\nbad,z,z\n')


@pytest.mark.parametrize("before", ["\n\n", "  \n", "\r\n \r\n"])
def test_blank_lines_are_no_rows(before: str, tmp_path: Path):
    rows = read(tmp_path / "d.csv", before + "text,label\ngood,a\n \nbad,b\n\n")
    assert rows == [("good", "a"), ("bad", "b")]


def test_a_header_over_two_lines_is_one(tmp_path: Path, load: Load):
    lines = "".join(f"{text},{'ab'[number % 2]}\n" for number, text in enumerate(texts(40)))
    path = tmp_path / "d.csv"
    path.write_text('text,"class\nname"\n' + lines)
    corpus = load(path, label_column="class name")
    assert sum(map(len, (corpus.train, corpus.validation, corpus.test))) == 40


def test_a_cell_may_be_long(tmp_path: Path):
    long = "good film, " * 20_000
    assert read(tmp_path / "d.csv", f'text,label\n"{long}",a\nbad,b\n')[0] == (long, "a")
