"""Delimited text is read as it is written, whatever its separator, quotes, encoding and ends of lines."""

import csv
import io
import os
from pathlib import Path

import pytest
from data_files import TWO_CLASSES, Load, texts, write_csv
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdd.data.files import read_file
from tdd.errors import TddError, UsageError
from tdd.settings.recipe import Recipe

RECIPE = Recipe()
GUESSED = "(guessed, it reads 'café': --encoding sets another)"
PLAIN = [("text", "label"), *TWO_CLASSES]
WORDS = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12)


def write(path: Path, rows: list[tuple[str, ...]], encoding: str = "utf-8", **how: str) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, **{"lineterminator": "\n", **how}).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.tuples(WORDS, WORDS), min_size=3, max_size=12),
    delimiter=st.sampled_from([",", ";", "|", "\t"]),
    quote=st.sampled_from(['"', "'"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_rows_labels_and_order_are_those_that_were_written(
    tmp_path: Path, cells: list[tuple[str, str]], delimiter: str, quote: str, encoding: str, end: str
):
    rows = [("text", "label"), *cells]
    how = {"delimiter": delimiter, "quotechar": quote, "lineterminator": end}
    path = write(tmp_path / "d.csv", rows, encoding, **how, quoting=csv.QUOTE_ALL)  # type: ignore[arg-type]
    told = RECIPE.model_copy(
        update={
            "delimiter": delimiter,
            "quote": {'"': "double", "'": "single"}[quote],
            "encoding": encoding if encoding == "cp1252" else None,
            "text_column": "text",
        }
    )
    split = read_file(path, told).splits["train"]
    assert list(zip(split["text"], split["label"], strict=True)) == cells


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_separator_and_quotes_are_recognised(
    delimiter: str, quoting: int, quote: str, tmp_path: Path, load: Load, two_classes: Path
):
    how = {"delimiter": delimiter, "quotechar": quote, "quoting": quoting}
    path = write(tmp_path / "d.csv", PLAIN, **how)  # type: ignore[arg-type]
    assert load(path).fingerprint == load(two_classes).fingerprint


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "encoding utf-16"), ("cp1252", f"encoding cp1252 {GUESSED}")],
)
def test_encodings_are_recognised_and_said(encoding: str, note: str, tmp_path: Path, load: Load):
    rows = [("text", "label"), *((f"{text} café déjà vu", label) for text, label in TWO_CLASSES)]
    path = write(tmp_path / "d.csv", rows, encoding)
    split = read_file(path, RECIPE).splits["train"]
    assert split["text"][0] == rows[1][0]
    assert [line for line in load(path).notes if "encoding" in line] == ([f"d.csv: {note}"] if note else [])


def test_the_line_that_is_not_in_the_encoding_given_is_named(tmp_path: Path):
    path = tmp_path / "d.csv"
    path.write_bytes(b"text,label\ngood,a\ncaf\xe9,b\n")
    with pytest.raises(TddError, match=r"d\.csv, line 3: not utf-8; set encoding \(--encoding\) to another one"):
        read_file(path, RECIPE.model_copy(update={"encoding": "utf-8"}))
    with pytest.raises(UsageError, match="no encoding 'utf-9'; usual ones are"):
        read_file(path, RECIPE.model_copy(update={"encoding": "utf-9"}))


def test_open_quotes_swallow_no_rows_where_every_line_is_one(tmp_path: Path):
    path = tmp_path / "d.tsv"
    lines = [f"{'ab'[number % 2]}\t{'' if number % 7 else chr(34)}text {number}" for number in range(40)]
    path.write_text("label\ttext\n" + "\n".join(lines) + "\n")
    read = read_file(path, RECIPE)
    assert len(read.splits["train"]) == 40
    assert read.notes == ["d.tsv: without quotes"]
    assert read.splits["train"]["text"][7] == '"text 7'


def test_rows_that_span_several_lines_are_said(tmp_path: Path, load: Load):
    rows = [("text", "label"), *TWO_CLASSES, ("a good\nfilm", "no")]
    notes = load(write(tmp_path / "d.csv", rows)).notes
    assert "d.csv: 101 rows in 103 lines: quotes hold values together" in notes[0]


def test_names_are_trimmed_and_repeated_ones_refused(tmp_path: Path, load: Load):
    rows = [("\ufeff text ", " label"), *TWO_CLASSES]
    assert load(write(tmp_path / "d.csv", rows)).classes == ["no", "yes"]
    with pytest.raises(UsageError, match=r"e\.csv has several columns 'text'"):
        load(write(tmp_path / "e.csv", [("text", "text", "label"), ("a", "b", "c")]))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
def test_a_file_without_a_header_is_recognised_and_read_by_numbers(suffix: str, tmp_path: Path, load: Load):
    delimiter = "," if suffix == ".csv" else "\t"
    path = write(tmp_path / f"d{suffix}", list(TWO_CLASSES), delimiter=delimiter)
    with pytest.raises(UsageError, match=r"the first line looks like data, .* set no_header"):
        load(path)
    corpus = load(path, no_header=True)
    assert sum(map(len, (corpus.train, corpus.validation, corpus.test))) == 100
    assert (corpus.reading["text_column"], corpus.reading["label_column"]) == ("1", "2")
    named = load(path, no_header=True, text_column="1", label_column="2")
    assert named.fingerprint == corpus.fingerprint


def test_an_unused_column_cannot_stop_a_file_from_being_read(tmp_path: Path, load: Load):
    rows = [(text, index % 2, "" if index < 11990 else "late") for index, text in enumerate(texts(12000))]
    path = write(tmp_path / "d.csv", [("text", "label", "remark"), *rows])  # type: ignore[list-item]
    assert load(path).classes == ["0", "1"]


def test_a_separator_that_is_not_recognised_can_be_named(tmp_path: Path, load: Load):
    path = tmp_path / "d.txt"
    path.write_text("".join(f"{text}@{label}\n" for text, label in TWO_CLASSES))
    with pytest.raises(UsageError, match=r"its lines hold none of the separators .* name theirs with delimiter"):
        load(path)
    assert load(path, delimiter="@", no_header=True).classes == ["no", "yes"]


def test_a_file_changed_in_place_is_read_anew(tmp_path: Path, load: Load):
    path = write_csv(tmp_path / "d.csv", TWO_CLASSES)
    first, times = load(path), path.stat()
    changed = path.read_text().replace("is good", "is blue")
    path.write_text(changed)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size and load(path).fingerprint != first.fingerprint


def test_a_cache_that_cannot_be_written_is_named_with_its_variable(tmp_path: Path, load: Load, monkeypatch):
    import datasets

    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", blocked / "cache")
    with pytest.raises(TddError, match=r"cannot keep the rows of .*d\.csv under .*cache: .*set HF_DATASETS_CACHE"):
        load(write_csv(tmp_path / "d.csv", [("a new text", 1), ("another one", 2)]))


@pytest.mark.parametrize(("encoding", "found"), [("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")])
def test_utf_16_without_a_mark_is_recognised(encoding: str, found: str, tmp_path: Path):
    read = read_file(write(tmp_path / "d.csv", PLAIN, encoding), RECIPE)
    assert read.reading["encoding"] == found and len(read.splits["train"]) == 100


def test_commas_of_prose_are_no_separators(tmp_path: Path, load: Load):
    path = tmp_path / "d.txt"
    path.write_text("".join(f"well, {text}@{label}\n" for text, label in TWO_CLASSES))
    with pytest.raises(UsageError, match="--delimiter"):
        load(path)
    assert load(path, delimiter="@", no_header=True).classes == ["no", "yes"]
