"""Rows as JSON in any form, and lines of fastText."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_files import TWO_CLASSES, Load, texts

from tdd.data.files import read_file
from tdd.errors import TddError, UsageError
from tdd.settings.recipe import Recipe

RECIPE = Recipe()
TRAIN, TEST = [{"text": text, "label": label} for text, label in TWO_CLASSES], TWO_CLASSES[::4]


@pytest.mark.parametrize(
    "held",
    [
        TRAIN,
        {"data": TRAIN},
        {"version": "1.0", "about": {"year": 2020}, "data": TRAIN},
        [list(row.values()) for row in TRAIN],
        {f"id{number}": row for number, row in enumerate(TRAIN)},
        {str(number): row for number, row in enumerate(TRAIN)},
        {"text": [row["text"] for row in TRAIN], "label": [row["label"] for row in TRAIN]},
        {
            "text": {str(i): row["text"] for i, row in enumerate(TRAIN)},
            "label": {str(i): TRAIN[i]["label"] for i in reversed(range(len(TRAIN)))},
        },
    ],
)
def test_json_of_any_form(held, tmp_path: Path, load: Load, two_classes: Path):
    path = tmp_path / "d.json"
    path.write_text(json.dumps(held))
    assert load(path).fingerprint == load(two_classes).fingerprint


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("form", ["rows", "by id", "columns"])
def test_json_of_splits(form: str, wrapped: bool, tmp_path: Path, load: Load):
    def formed(rows: list[dict[str, str]]):
        if form == "columns":
            return {name: [row[name] for row in rows] for name in rows[0]}
        return rows if form == "rows" else {f"id{number}": row for number, row in enumerate(rows)}

    held = {"train": formed(TRAIN), "test": formed([{"text": f"the {t}", "label": y} for t, y in TEST])}
    path = tmp_path / "d.json"
    path.write_text(json.dumps({"version": 2, "data": held} if wrapped else held))
    corpus = load(path)
    assert len(corpus.test) == len(TEST) and corpus.reading["files"] == {"train": ["d.json"], "test": ["d.json"]}


def test_the_rows_of_each_split_may_be_wrapped(tmp_path: Path, load: Load, two_classes: Path):
    path = tmp_path / "d.json"
    path.write_text(json.dumps({"train": {"data": TRAIN}, "test": {"version": 1, "data": TRAIN[::4]}}))
    corpus = load(path)
    assert len(corpus.test) == len(TEST) and corpus.classes == load(two_classes).classes


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("name", ["d.json", "d.jsonl", "lines.json"])
def test_json_in_another_encoding_is_read_and_said(name: str, encoding: str, tmp_path: Path):
    rows = [row | {"text": f"{row['text']} café"} for row in TRAIN]
    written = [json.dumps(row, ensure_ascii=False) for row in rows]
    lines = f"[{', '.join(written)}]" if name == "d.json" else "\n".join(written)
    (tmp_path / name).write_bytes(lines.encode(encoding))
    read = read_file(tmp_path / name, RECIPE)
    assert list(read.splits["train"]) == rows
    guessed = "encoding cp1252 (guessed, it reads 'café': --encoding sets another)"
    notes = {"latin-1": [f"{name}: {guessed}"], "utf-16": [f"{name}: encoding utf-16"], "utf-8-sig": []}
    assert read.notes == notes[encoding]
    told = read_file(tmp_path / name, RECIPE.model_copy(update={"encoding": encoding}))
    assert list(told.splits["train"]) == rows


def test_the_line_of_json_that_is_not_in_the_encoding_given_is_named(tmp_path: Path):
    (tmp_path / "d.jsonl").write_bytes(b'{"text": "a"}\n{"text": "caf\xe9"}\n')
    with pytest.raises(TddError, match=r"d\.jsonl, line 2: not utf-8; set encoding \(--encoding\) to another one"):
        read_file(tmp_path / "d.jsonl", RECIPE.model_copy(update={"encoding": "utf-8"}))


def test_not_a_number_among_texts_is_none(tmp_path: Path, load: Load):
    rows = [{"text": float("nan") if n % 10 == 9 else t, "label": "ab"[n % 2]} for n, t in enumerate(texts(60))]
    (tmp_path / "d.jsonl").write_text("\n".join(map(json.dumps, rows)))
    corpus = load(tmp_path / "d.jsonl")
    assert len(corpus.train) + len(corpus.validation) + len(corpus.test) == 54
    assert any("6 of the 60 rows of the train split have no text" in note for note in corpus.notes)


def test_json_labels_of_several_types_are_text(tmp_path: Path, load: Load):
    path = tmp_path / "d.jsonl"
    labels = [0, "one", 1.5] * 20
    path.write_text("\n".join(json.dumps({"text": t, "label": y}) for t, y in zip(texts(60), labels, strict=True)))
    assert load(path).classes == ["0", "1.5", "one"]


@pytest.mark.parametrize("held", [{"text": "a", "label": "b"}, 3, {"text": ["a", "b"], "label": ["b"]}, [1, 2]])
def test_json_without_rows_is_refused_in_a_line(held, tmp_path: Path):
    (tmp_path / "d.json").write_text(json.dumps(held))
    with pytest.raises(UsageError, match=r"d\.json holds ") as caught:
        read_file(tmp_path / "d.json", RECIPE)
    assert "\n" not in str(caught.value)


def test_half_a_character_becomes_an_unknown_one(tmp_path: Path):
    (tmp_path / "d.jsonl").write_text('{"text": "good \\ud83d", "label": "\\ud83d\\ude00"}\n')
    (row,) = read_file(tmp_path / "d.jsonl", RECIPE).splits["train"]
    assert row == {"text": "good \ufffd", "label": "\U0001f600"}


def test_only_newlines_end_the_lines_of_jsonl(tmp_path: Path):
    rows = [{"text": f"good{end}film", "label": "a"} for end in "\u2028\u2029\x85"]
    (tmp_path / "d.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    assert list(read_file(tmp_path / "d.jsonl", RECIPE).splits["train"]) == rows


# fastText


@pytest.mark.parametrize("line", ["__label__{label} {text}", "__label__{label}\t{text}", "{text} __label__{label}"])
def test_fasttext_lines(line: str, tmp_path: Path, load: Load, two_classes: Path):
    path = tmp_path / "d.txt"
    path.write_text("".join(line.format(label=label, text=text) + "\n" for text, label in TWO_CLASSES))
    assert load(path).fingerprint == load(two_classes).fingerprint


def test_fasttext_with_several_labels_or_none_is_refused(tmp_path: Path, load: Load):
    path = tmp_path / "d.txt"
    path.write_text("__label__a __label__b good film\n" * 4)
    with pytest.raises(UsageError, match=r"d\.txt, line 1: several labels an example are not supported"):
        load(path)
    path.write_text("__label__a good film\n" * 30 + "a film\n")
    with pytest.raises(UsageError, match=r"d\.txt, line 31: no __label__ before or behind the text"):
        load(path)


def test_fasttext_in_another_encoding_is_read_and_said(tmp_path: Path):
    path = tmp_path / "d.txt"
    path.write_bytes("__label__a un café déjà vu\n__label__b très mauvais\n".encode("cp1252") * 9)
    read = read_file(path, RECIPE)
    assert read.splits["train"]["text"][0] == "un café déjà vu"
    note = "d.txt: encoding cp1252 (guessed, it reads 'café': --encoding sets another)"
    assert (read.reading["encoding"], read.notes) == ("cp1252", [note])


# Parquet


def test_columns_that_cannot_be_read_are_left_out_of_parquet(tmp_path: Path, load: Load, two_classes: Path):
    odd = pa.array([[("a", 1)]] * len(TRAIN), pa.map_(pa.string(), pa.int64()))
    plain = pa.Table.from_pylist(TRAIN)
    pq.write_table(plain.append_column("tags", odd), tmp_path / "d.parquet")
    corpus = load(tmp_path / "d.parquet")
    assert corpus.fingerprint == load(two_classes).fingerprint
    assert "d.parquet: left out, as its type cannot be read: column tags (map<string, int64" in corpus.notes[0]
    pq.write_table(pa.table({"tags": odd}), tmp_path / "d.parquet")
    with pytest.raises(TddError, match="no column is of a type that can be read: tags map"):
        load(tmp_path / "d.parquet")


def test_packed_parquet_is_read(tmp_path: Path, load: Load, two_classes: Path):
    pq.write_table(pa.Table.from_pylist(TRAIN), tmp_path / "d.parquet")
    packed = tmp_path / "d.parquet.gz"
    packed.write_bytes(gzip.compress((tmp_path / "d.parquet").read_bytes()))
    assert load(packed).fingerprint == load(two_classes).fingerprint
    packed.write_bytes(packed.read_bytes()[:40] + b"\xff" * 40)
    with pytest.raises(TddError, match=r"cannot read .*d\.parquet\.gz"):
        load(packed)
