"""How data differ from those before is told as far as was kept."""

from pathlib import Path

import pytest
from data_files import TWO_CLASSES, Load, texts, write_csv

from tdd.data.changes import told_changes
from tdd.data.corpus import Corpus


def facts(corpus: Corpus) -> dict:
    return corpus.source | corpus.reading


def test_of_the_same_counts_it_is_told_whether_texts_or_labels_differ(tmp_path: Path, load: Load):
    rows, of_test = TWO_CLASSES[:90], TWO_CLASSES[90:]

    def read(name: str, train: list, test: list) -> dict:
        for split, part in (("train", train), ("test", test)):
            write_csv(tmp_path / name / f"{split}.csv", part)
        return facts(load(tmp_path / name))

    before = read("a", rows, of_test)
    assert before["digests"].keys() == {"train", "validation", "test"}
    assert told_changes(before, read("b", rows, of_test), "text") == "other texts, labels or splits"  # none of these
    other_texts = [(f"red {text}", label) for text, label in of_test]
    assert told_changes(before, read("c", rows, other_texts), "text") == "other texts in test, or in another order"
    swapped = [*rows[:-10], *zip([text for text, _ in rows[-10:]], [label for _, label in rows[-11:-1]], strict=True)]
    changed = told_changes(before, read("d", swapped, of_test), "text")
    assert "train examples of class" in changed or "labels in" in changed


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"files": {"train": ["a.csv", "b.csv"]}}, "train files a.csv, b.csv instead of a.csv"),
        ({"encoding": "cp1252", "delimiter": "\t"}, r"encoding cp1252 instead of utf-8; separator '\t' instead of ','"),
        ({"header": False}, "header no instead of yes"),
        ({"label_column": "stance"}, "label column stance instead of label"),
        ({"left_out": {"train": {"no label": 4}}}, "4 rows of train left out with no label instead of 1"),
        ({"revision": "b" * 40}, f"commit {'b' * 40} instead of {'a' * 40}"),
        ({"classes": {"x": {"train": 3, "test": 2}}}, "no classes y any more; 3 train examples instead of 8"),
        ({"classes": {"y": {"train": 5}, "x": {"train": 3, "test": 2}}}, "classes in another order"),
        (
            {"classes": {"x": {"train": 4, "test": 2}, "y": {"train": 4}}},
            "4 train examples of class x instead of 3; 4 train examples of class y instead of 5",
        ),
        ({}, "other images, labels or splits"),
    ],
)
def test_every_fact_that_was_kept_is_told(now: dict, told: str):
    then = {
        "revision": "a" * 40,
        "files": {"train": ["a.csv"]},
        "encoding": "utf-8",
        "delimiter": ",",
        "header": True,
        "label_column": "label",
        "left_out": {"train": {"no label": 1}},
        "classes": {"x": {"train": 3, "test": 2}, "y": {"train": 5}},
    }
    assert told_changes(then, then | now, "image") == told


def test_a_long_list_is_cut():
    before = {"classes": {str(number): {"train": 2} for number in range(20)}}
    after = {"classes": {str(number): {"train": 1 + 2 * (number % 2)} for number in range(20)}}
    told = told_changes(before, after, "text")
    assert told.endswith("; and 14 more") and told.count(";") == 6


def test_the_same_rows_have_the_same_digests(load: Load, tmp_path: Path):
    rows = [(text, index % 2) for index, text in enumerate(texts(40))]
    one, two = (load(write_csv(tmp_path / f"{name}.csv", rows)) for name in "ab")
    assert one.reading["digests"] == two.reading["digests"]
