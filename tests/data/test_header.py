"""What stands in the place of the names of columns, or repeats them, is named with its line and what to do."""

from pathlib import Path

import pytest
from data_files import TWO_CLASSES, Load, write_csv

from tdd.errors import UsageError

ROWS = [f'"{text}",{label}' for text, label in TWO_CLASSES]


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join([*lines, ""]))
    return path


def test_a_long_name_is_a_name_where_a_column_is_chosen(tmp_path: Path, load: Load):
    path = write(tmp_path / "d.csv", "What did you think of the film,label", *ROWS)
    with pytest.raises(UsageError, match=r"looks like data.* where it holds names, choose some .*--label-column"):
        load(path)
    chosen = load(path, text_column="What did you think of the film")
    assert chosen.fingerprint == load(write_csv(tmp_path / "e.csv", TWO_CLASSES)).fingerprint


@pytest.mark.parametrize("place", [3, 90])
def test_names_that_stand_in_a_file_twice_are_named(place: int, tmp_path: Path, load: Load):
    lines = ["text,label", *ROWS]
    lines.insert(place, "text,label")
    with pytest.raises(UsageError, match=rf"d\.csv, line {place + 1}: the names of the columns .* remove that line"):
        load(write(tmp_path / "d.csv", *lines))


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_comment_above_the_names_is_named(delimiter: str, tmp_path: Path, load: Load):
    lines = [line.replace(",", delimiter) for line in ["text,label", *ROWS]]
    with pytest.raises(UsageError, match=r"d\.csv, line 1: a comment stands above the names of columns: remove it"):
        load(write(tmp_path / "d.csv", "# made by me", *lines))
    with pytest.raises(UsageError, match=r"d\.csv, lines 1 to 2: comments stand above .*: remove them"):
        load(write(tmp_path / "d.csv", "# made by me", "# 2020", *lines))


def test_a_title_above_the_names_is_named(tmp_path: Path, load: Load):
    with pytest.raises(UsageError, match=r"d\.csv, line 1: a single field, where line 2 has 2: remove what stands"):
        load(write(tmp_path / "d.csv", "Reviews", "text,label", *ROWS))


def test_a_row_with_too_few_fields_is_not_told_to_quote(tmp_path: Path, load: Load):
    with pytest.raises(UsageError, match=r"d\.csv, line 5: 1 field instead of 2: a separator ',' is missing there"):
        load(write(tmp_path / "d.csv", "text,label", *ROWS[:3], "a film", *ROWS[3:]))


@pytest.mark.parametrize("names", ["text, label", '"text", "label"'])
@pytest.mark.parametrize("end", ["", ", oh"])
def test_spaces_between_separator_and_quote_are_no_part_of_a_cell(end: str, names: str, tmp_path: Path, load: Load):
    rows = [(text + end, label) for text, label in TWO_CLASSES]
    corpus = load(write(tmp_path / "d.csv", names, *(f'"{text}", "{label}"' for text, label in rows)))
    assert corpus.fingerprint == load(write_csv(tmp_path / "e.csv", rows)).fingerprint
    assert "d.csv: spaces before quotes" in corpus.notes


def test_a_line_of_other_width_is_named_where_spaces_stand_before_quotes(tmp_path: Path, load: Load):
    lines = [f'"{text}", "{label}"' for text, label in TWO_CLASSES] * 5
    with pytest.raises(UsageError, match=r"d\.csv, line 502: 3 fields instead of 2"):
        load(write(tmp_path / "d.csv", '"text", "label"', *lines, '"a", "b", "c"'))
