"""Files and folders of every accepted kind give the same corpus; damaged and foreign ones are named."""

import bz2
import gzip
import json
from pathlib import Path

import datasets
import pytest
from data_files import TWO_CLASSES, Load, sentences, texts, write_csv, write_parquet

from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import TddError, UsageError


@pytest.mark.parametrize(
    "name", ["d.csv", "d.tsv", "d.jsonl", "d.json", "d.parquet", "d.csv.gz", "d.csv.bz2", "d[1] *.CSV"]
)
def test_a_file_of_any_accepted_kind_gives_the_same_corpus(name: str, tmp_path: Path, load: Load, two_classes: Path):
    path = tmp_path / name
    plain = two_classes.read_text()
    if name.endswith(".parquet"):
        write_parquet(path, text=[text for text, _ in TWO_CLASSES], label=[label for _, label in TWO_CLASSES])
    elif ".json" in name:
        records = [{"text": text, "label": label} for text, label in TWO_CLASSES]
        lines = "\n".join(map(json.dumps, records)) if name.endswith("l") else json.dumps(records)
        path.write_text(lines)
    elif name.endswith(".tsv"):
        path.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in TWO_CLASSES))
    else:
        compress = {".gz": gzip.compress, ".bz2": bz2.compress}.get(path.suffix, bytes)
        path.write_bytes(compress(plain.encode()))
    assert load(path).fingerprint == load(two_classes).fingerprint
    assert load(path).source["dataset"] == name


def test_a_folder_is_read_by_the_names_of_its_files(tmp_path: Path, load: Load, vectors: WordVectors):
    folder = tmp_path / "a set"
    for name, count in (("train", 40), ("validation", 12), ("test", 20), ("unsupervised", 4)):
        write_csv(folder / f"{name}.csv", [(f"{name} {text}", i % 2) for i, text in enumerate(texts(count))])
    corpus = load(folder)
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [40, 12, 20]
    assert sentences(corpus.test, vectors)[3] == "? year is good ."
    assert corpus.notes == ["unsupervised.csv is left out: its name speaks of no split"]
    assert corpus.reading["files"] == {"test": ["test.csv"], "train": ["train.csv"], "validation": ["validation.csv"]}
    assert corpus.reading["left_out_files"] == {"unsupervised.csv": "its name speaks of no split"}


def test_only_empty_cells_of_a_csv_are_missing(tmp_path: Path, load: Load):
    rows = [(text, "None" if i % 2 else "NA") for i, text in enumerate(texts(40))]
    assert load(write_csv(tmp_path / "d.csv", rows)).classes == ["NA", "None"]


# Damaged and foreign files


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.parquet", b"PAR1 no more", r"cannot read .*d\.parquet as parquet: .*magic bytes"),
        ("d.parquet", b"", r"d\.parquet is empty: it holds no rows"),
        ("d.csv", b"", r"d\.csv is empty: it holds no rows"),
        ("d.csv", b"text,label\n", r"d\.csv is empty: it holds no rows"),
        ("d.csv", b"\x89PNG\r\n\x1a\n\0\0", r"d\.csv is not text; set encoding"),
        (
            "d.csv",
            b'text,label\n"good, all,1\nbad,2\n',
            r"d\.csv, line 2: a quote is opened and never closed; close it, or set quote: none",
        ),
        (
            "d.csv",
            b"text,label\ngood,bad,1\nbad,2,3\n",
            r"d\.csv, line 2: 3 fields instead of 2: put quotes around text that holds the separator",
        ),
        ("d.csv.gz", b"not gzip", r"cannot read .*d\.csv\.gz: Not a gzipped file"),
        (
            "d.csv.gz",
            gzip.compress(b"text,label\na,1\n", mtime=0)[:-9],
            r"cannot read .*d\.csv\.gz: Compressed file ended",
        ),
        ("d.jsonl", b"", r"d\.jsonl is empty: it holds no rows"),
        (
            "d.jsonl",
            b'{"text": "good", "label": 1}\n{"text": "ba',
            r"cannot read .*d\.jsonl as jsonl: line 2: JSON parse error",
        ),
        ("d.jsonl", b"\x1f\x8b\x08 not json", r"d\.jsonl is not text; set encoding"),
    ],
)
@pytest.mark.parametrize("inside", ["file", "folder"])
def test_a_damaged_file_is_named(
    name: str, content: bytes, message: str, inside: str, tmp_path: Path, load: Load, capfd: pytest.CaptureFixture[str]
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TddError, match=message) as caught:
        load(tmp_path / name if inside == "file" else tmp_path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["set [a]", "a::b", "what?"])
def test_a_path_may_hold_any_character(name: str, tmp_path: Path, load: Load):
    write_csv(tmp_path / name / "train.csv", TWO_CLASSES)
    assert load(tmp_path / name).fingerprint == load(write_csv(tmp_path / f"{name}.csv", TWO_CLASSES)).fingerprint


def test_an_empty_folder_is_explained(tmp_path: Path, load: Load):
    with pytest.raises(UsageError, match="holds no data files that can be read"):
        load(tmp_path)


def test_a_loading_script_is_not_run(tmp_path: Path, load: Load):
    folder = tmp_path / "old"
    write_csv(folder / "train.csv", [("good", 1)])
    (folder / "old.py").write_text("raise SystemExit")
    with pytest.raises(UsageError, match="is a loading script, which is not run"):
        load(folder)


@pytest.mark.parametrize("of", [datasets.Dataset, datasets.DatasetDict])
def test_a_data_set_saved_to_disk_says_how_to_write_it(of: type, tmp_path: Path, load: Load):
    rows = datasets.Dataset.from_dict({"text": texts(4), "label": [0, 1, 0, 1]})
    (rows if of is datasets.Dataset else datasets.DatasetDict(train=rows)).save_to_disk(tmp_path / "saved")
    with pytest.raises(UsageError, match="write it with to_parquet instead"):
        load(tmp_path / "saved")


def test_a_file_of_another_kind_is_refused(tmp_path: Path, load: Load):
    (tmp_path / "d.xlsx").write_text("x")
    with pytest.raises(UsageError, match=r"cannot tell how to read .*d\.xlsx: name a folder or a \.csv"):
        load(tmp_path / "d.xlsx")
