"""What is said of a data set before anything is learned."""

import json
from pathlib import Path

import pytest
from command import tdd as command
from data_files import Load, texts, write_csv

from tdd.data.summary import class_counts, figures, majority, short_lines, tokens_cut
from tdd.evaluation.reference import tfidf_reference


def write(folder: Path) -> Path:
    rows = [
        (f"{'good' if index % 3 else 'bad'} {text}", "pos" if index % 3 else "neg")
        for index, text in enumerate(texts(90))
    ]
    write_csv(folder / "train.csv", rows)
    write_csv(folder / "test.csv", [*rows[:4], *((f"the {text}", label) for text, label in rows[:26])])
    return folder


def test_the_short_form_names_columns_classes_and_what_is_not_read(tmp_path: Path, load: Load):
    corpus = load(write(tmp_path / "d"), max_length=5)
    lines = list(short_lines(corpus))
    assert lines[0] == corpus.describe()
    counts = class_counts(corpus)
    assert lines[1] == f"columns 'text' and 'label'; training examples: neg {counts['neg']}, pos {counts['pos']}"
    assert lines[2].endswith("of the training tokens lie beyond max_length = 5 and are not read")
    assert 0.1 < tokens_cut(corpus.train) < 0.2  # one of five or six tokens
    assert len(list(short_lines(load(tmp_path / "d")))) == 2


def test_figures_are_those_of_the_splits(tmp_path: Path, load: Load):
    corpus = load(write(tmp_path / "d"), max_length=5)
    found = figures(corpus)
    assert found["examples"] == {"train": 81, "validation": 9, "test": 30}
    assert found["also_in_train"] == 4
    assert found["majority"] == majority(corpus) == pytest.approx((corpus.test.labels == 1).double().mean().item())
    assert found["tokens"]["5%"] <= found["tokens"]["50%"] <= found["tokens"]["100%"] == 6
    assert found["coverage"] == {"words": 1.0, "punctuation": 1.0}
    assert json.loads(json.dumps(found)) == found


def test_the_reference_learns_what_can_be_learned(tmp_path: Path, load: Load):
    reference = tfidf_reference(load(write(tmp_path / "d")))
    assert reference["accuracy"] == 1.0 and reference["train_examples"] == 81
    assert reference["interval"][0] < 1.0 == reference["interval"][1]
    assert tfidf_reference(load(tmp_path / "d"), most=40)["train_examples"] == 40


def test_the_verb_prints_it(tmp_path: Path):
    folder = write(tmp_path / "d")
    done = command("describe", "mine", "--data", folder)
    assert done.code == 0, done.err
    assert "columns: text (examples), label (classes)" in done.out
    assert "note: 4 of the 30 test examples are also in train" in done.out
    assert "TF-IDF + logistic regression: test accuracy 100.00 %" in done.out
    found = json.loads(command("describe", "mine", "--data", folder, "--json").out)
    assert found["reading"]["files"] == {"test": ["test.csv"], "train": ["train.csv"]}
    assert command("describe").code == 2
