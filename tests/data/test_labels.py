"""Classes are named and ordered as the data declare them; labels that cannot be learned from are explained."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from data_files import Load, sentences, texts, write_csv, write_declared, write_parquet

from tdd.data.several_labels import refuse_several
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError


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
        ([0] * 12, "a single class, '0'"),
        ([None] * 12, "holds no labels"),
        (
            [[0]] * 12,
            r"holds lists, and several labels for an example are not supported: choose .* \(text, label\)",
        ),
        ([index / 7 for index in range(24)], "holds 24 decimal numbers, not classes"),
        ([0, 1] * 5 + [0, 2], "class '2' has 1 training example: at least 3 are needed to set some aside"),
        (list(map(str, range(12))), "class '0' has 1 training example: at least 3"),
    ],
)
def test_labels_that_cannot_be_learned_from_are_explained(label: list[Any], message: str, tmp_path: Path, load: Load):
    with pytest.raises(UsageError, match=message):
        load(write_parquet(tmp_path / "d.parquet", text=texts(len(label)), label=label))


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
    with pytest.raises(UsageError, match=r"class 'c' is in the test split \(1 example\) but has no training example"):
        load(tmp_path / "d")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (["0", "1", "0.0", "1.0"], "classes '0', '0.0' are the same number: write what is one class in one way"),
        (
            ["0", "1", "True"],
            "classes 'True', '0', '1' may be two ways to write two classes: write what is one class in one way",
        ),
    ],
)
def test_two_ways_to_write_a_class_are_told(labels: list[str], told: str, tmp_path: Path, load: Load):
    rows = list(zip(texts(10 * len(labels)), labels * 10, strict=True))
    (tmp_path / "d.jsonl").write_text("\n".join(json.dumps({"text": text, "label": label}) for text, label in rows))
    corpus = load(tmp_path / "d.jsonl")
    assert len(corpus.classes) == len(labels) and told in corpus.notes


def test_characters_that_nobody_sees_make_no_class(tmp_path: Path, load: Load):
    rows = list(zip(texts(40), ["bad", "good", "bad\u200b", "\ufeffgood"] * 10, strict=True))
    assert load(write_csv(tmp_path / "d.csv", rows)).classes == ["bad", "good"]


def test_a_class_of_the_test_split_that_train_writes_otherwise_is_named(tmp_path: Path, load: Load):
    for name, values in (("train", ["1.0", "2.0", "2.5"]), ("test", ["1", "2", "2.5"])):
        rows = [{"text": f"{text} {name}", "label": value} for text, value in zip(texts(30), values * 10, strict=True)]
        path = tmp_path / "d" / f"{name}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(UsageError, match=r"class '1' is in the test split .*: write it as '1.0', as train does"):
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


def test_rows_without_a_label_are_left_out_of_every_split_and_counted(tmp_path: Path, load: Load):
    write_parquet(tmp_path / "d" / "train.parquet", text=texts(23), label=[0, 1] * 10 + [None] * 3)
    write_parquet(tmp_path / "d" / "test.parquet", text=texts(3), label=[0, 1, -1])
    corpus = load(tmp_path / "d")
    assert len(corpus.train) + len(corpus.validation) == 20 and len(corpus.test) == 2
    assert corpus.reading["left_out"] == {"train": {"no label": 3}, "test": {"no label": 1}}
    assert "3 of the 23 rows of the train split have no label: left out" in corpus.notes
    assert "1 of the 3 rows of the test split has no label: left out" in corpus.notes
    assert "'-1' marks rows of the test split as unlabelled" in corpus.notes


@pytest.mark.parametrize("missing", [None, "", "  "])
def test_empty_cells_are_no_labels(missing: str | None, tmp_path: Path, load: Load):
    corpus = load(write_parquet(tmp_path / "d.parquet", text=texts(42), label=["a", "b"] * 20 + [missing] * 2))
    assert corpus.classes == ["a", "b"]
    assert corpus.reading["left_out"] == {"train": {"no label": 2}}


def test_labels_that_differ_in_case_or_white_space_are_one_class_unless_kept(tmp_path: Path, load: Load):
    written = ["bad", " bad", "bad", "BAD", "good", "good ", "good", "good"] * 5
    path = write_parquet(tmp_path / "d.parquet", text=texts(40), label=written)
    corpus = load(path)
    assert corpus.classes == ["bad", "good"]
    assert [note for note in corpus.notes if "one class" in note] == [
        "labels that differ in white space, case or invisible characters alone are one class, ' bad' as 'bad', "
        "'BAD' as 'bad', 'good ' as 'good': keep_labels: true keeps them apart"
    ]
    assert load(path, keep_labels=True).classes == [" bad", "BAD", "bad", "good", "good "]


def test_the_spelling_of_a_class_is_the_most_frequent_one_of_the_training_examples(tmp_path: Path, load: Load):
    write_parquet(tmp_path / "d" / "train.parquet", text=texts(30), label=["Sport", "sport", "Sport", "web", "web"] * 6)
    write_parquet(tmp_path / "d" / "test.parquet", text=texts(4), label=["SPORT", "WEB", "WEB", "sport"])
    corpus = load(tmp_path / "d")
    assert corpus.classes == ["Sport", "web"]
    assert corpus.test.labels.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("name", ["NULL", "nan", "N/A", "?"])
def test_a_class_that_may_be_no_label_is_kept_and_told(name: str, tmp_path: Path, load: Load):
    path = write_csv(tmp_path / "d.csv", list(zip(texts(60), ["bad", "good", name] * 20, strict=True)))
    corpus = load(path)
    assert name in corpus.classes
    told = (
        f"'{name}' is read as a class (20 training rows): if it marks rows without a label, set unlabelled: ['{name}']"
    )
    assert told in corpus.notes
    again = load(path, unlabelled=[name])
    assert again.classes == ["bad", "good"]
    assert again.reading["left_out"] == {"train": {"no label": 20}}


def test_minus_one_among_the_training_labels_is_a_class_and_told(tmp_path: Path, load: Load):
    path = write_parquet(tmp_path / "d.parquet", text=texts(60), label=[0, 1, -1] * 20)
    corpus = load(path)
    assert corpus.classes == ["-1", "0", "1"]
    assert any(note.startswith("'-1' is read as a class (20 training rows)") for note in corpus.notes)
    assert load(path, unlabelled=["-1"]).classes == ["0", "1"]
    opposite = load(write_parquet(tmp_path / "e.parquet", text=texts(40), label=[-1, 1] * 20))
    assert opposite.classes == ["-1", "1"] and not any("-1" in note for note in opposite.notes)


def test_names_are_kept_as_written(tmp_path: Path, load: Load):
    zeros = write_csv(tmp_path / "zeros.csv", list(zip(texts(60), ["007", "010", "1"] * 20, strict=True)))
    assert load(zeros).classes == ["1", "007", "010"]
    ones = write_csv(tmp_path / "ones.csv", list(zip(texts(40), ["01", "1"] * 20, strict=True)))
    assert load(ones).classes == ["01", "1"]


def test_declared_numbers_stand_for_the_names_of_their_own_split(tmp_path: Path, load: Load, vectors: WordVectors):
    rows = [f"{word} {text}" for word, text in zip(["bad", "good"] * 20, texts(40), strict=True)]
    write_declared(tmp_path / "d" / "train.parquet", ["neg", "pos"], [0, 1] * 20, rows)
    write_declared(tmp_path / "d" / "test.parquet", ["pos", "neg"], [1, 0] * 20, rows)
    corpus = load(tmp_path / "d")
    assert corpus.classes == ["neg", "pos"]
    found = [sentence.startswith("good") for sentence in sentences(corpus.test, vectors)]
    assert found == [label == 1 for label in corpus.test.labels.tolist()]


def test_a_column_is_read_as_one_type(tmp_path: Path, load: Load):
    """However late a word comes among true and false."""
    labels = ["True", "False"] * 6000 + ["true", "Mixture"] * 20
    corpus = load(write_csv(tmp_path / "d.csv", list(zip(texts(len(labels)), labels, strict=True))))
    assert corpus.classes == ["False", "Mixture", "True"]


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["pos,x", "neg,y", "pos,y", "neg,x"], "pos,x"),
        (["pos", "pos; angry", "angry", "neg"], "pos; angry"),
        (["0|1", "1|2", "0|2", "2"], "0|1"),
        (["['pos', 'x']", "['neg']"], "['pos', 'x']"),
        (['["neg"]', '["pos", "x"]'], '["neg"]'),
        (["1,2,3", "1,2", "1,3"], "1,2,3"),
    ],
)
def test_several_labels_in_a_cell_are_refused_unless_kept(labels: list[str], shown: str, tmp_path: Path, load: Load):
    path = write_parquet(tmp_path / "d.parquet", text=texts(len(labels) * 10), label=labels * 10)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert f"holds several labels in a cell, such as '{shown}', and multi-label data are not supported" in str(
        caught.value
    )
    assert set(load(path, keep_labels=True).classes) == set(labels)


@pytest.mark.parametrize(
    "labels",
    [
        ["Arts, Crafts", "Home, Kitchen", "Music"],
        ["Arts, Crafts", "Arts, Music", "Garden"],
        ["1,0", "0,5", "0,0", "1,5"],
        ["[NEW]", "(old)", "{x"],
        ["a very good; film", "bad|film", "good"],
    ],
)
def test_a_class_may_have_commas_and_brackets_in_its_name(labels: list[str], tmp_path: Path, load: Load):
    path = write_parquet(tmp_path / "d.parquet", text=texts(len(labels) * 10), label=labels * 10)
    assert set(load(path).classes) == set(labels)


def test_a_class_with_a_semicolon_in_its_name_is_told(tmp_path: Path, load: Load):
    notes = load(write_csv(tmp_path / "d.csv", list(zip(texts(40), ["pos;x", "neg;y"] * 20, strict=True)))).notes
    assert any(note.startswith("'neg;y' is read as one class: where it is several labels") for note in notes)


def test_labels_of_one_look_are_one_class_whatever_their_unicode_form(tmp_path: Path, load: Load):
    labels = ["\u00e9", "e\u0301", "neg", "\u00c9"] * 10
    path = write_parquet(tmp_path / "d.parquet", text=texts(40), label=labels)
    corpus = load(path)
    assert corpus.classes == ["neg", "\u00e9"]
    end = "keep_labels: true keeps them apart"
    assert [note for note in corpus.notes if "one class" in note] == [
        "labels that differ in white space, case or invisible characters alone are one class, "
        f"'\u00c9' as '\u00e9': {end}",
        f"labels that differ in Unicode form (NFC) alone are one class, '\u00e9': {end}",
    ]
    assert len(load(path, keep_labels=True).classes) == 4


@pytest.mark.parametrize("labels", [["--5", "++5"], ["+-1", "1"], [".", "-"], ["1.", ".5"]])
def test_signs_and_points_alone_make_no_number(labels: list[str], tmp_path: Path, load: Load):
    path = write_csv(tmp_path / "d.csv", list(zip(texts(40), labels * 20, strict=True)))
    assert set(load(path).classes) == set(labels)


@pytest.mark.parametrize(
    "cell", ["['pos', 'x']", '["a"]', "[]", "('a', 'b')", "('a',)", "{'a', \"b's\"}", "[1, 2.5]", "[ 1 , ]"]
)
def test_a_cell_that_is_written_as_a_list_holds_several_labels(cell: str):
    with pytest.raises(UsageError, match="holds several labels in a cell"):
        refuse_several("label", [cell, "other"])


@pytest.mark.parametrize(
    "cell", ["(1)", "[a]", "(see below)", "['a' 'b']", "['a'", "{}: none", "x ['a']", "[" * 10_000]
)
def test_a_name_in_brackets_is_no_list(cell: str):
    refuse_several("label", [cell, "other"])
