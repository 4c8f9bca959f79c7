"""Trying things out with a part of the rows: the same ones every time, of each class its share."""

import json

import pytest
import torch
from command import distil_command, tdd
from data_files import Load, sentences, texts, write_csv

from tdd.errors import UsageError


def counts(corpus):
    parts = (corpus.train, corpus.validation, corpus.test)
    return torch.stack([torch.bincount(part.labels, minlength=len(corpus.classes)) for part in parts])


def test_about_as_many_rows_as_asked_are_read_of_each_class_its_share(load: Load, two_classes, vectors):
    corpus = load(two_classes, max_rows=50)
    assert counts(corpus).sum(0).tolist() == [40, 10]
    assert corpus.reading["max_rows"] == {"train": {"read": 50, "of": 100}}
    assert "max_rows: 50 of the 100 rows of the train split are read" in corpus.notes
    found = [text for part in (corpus.train, corpus.validation, corpus.test) for text in sentences(part, vectors)]
    assert len(set(found)) == 50 and set(found) <= set(texts(100))
    assert corpus.train.raw.texts(torch.arange(3)) == [(each,) for each in sentences(corpus.train, vectors)[:3]]


def test_they_are_the_same_whatever_the_seed(load: Load, two_classes, vectors):
    read = []
    for seed in (0, 1):
        corpus = load(two_classes, max_rows=50, seed=seed)
        read.append(sentences(corpus.train, vectors) + sentences(corpus.validation, vectors))
    assert read[0] != read[1] and sorted(read[0]) == sorted(read[1])


def test_a_rare_class_keeps_enough_to_learn_from_and_to_be_tested(load: Load, tmp_path):
    rows = [(text, "rare" if place % 25 == 0 else "usual") for place, text in enumerate(texts(100))]
    assert counts(load(write_csv(tmp_path / "rare.csv", rows), max_rows=20)).tolist()[0][0] >= 1


def test_each_official_split_is_cut(load: Load, tmp_path):
    rows = [(text, "no" if place % 2 else "yes") for place, text in enumerate(texts(100))]
    (tmp_path / "data").mkdir()
    write_csv(tmp_path / "data" / "train.csv", rows[:60])
    write_csv(tmp_path / "data" / "test.csv", rows[60:])
    corpus = load(tmp_path / "data", max_rows=30)
    assert counts(corpus).sum(1).tolist()[2] == 30 and counts(corpus)[:2].sum() == 30
    assert corpus.reading["max_rows"] == {"train": {"read": 30, "of": 60}, "test": {"read": 30, "of": 40}}
    whole = load(tmp_path / "data", max_rows=60)
    assert "max_rows" not in whole.reading and whole.fingerprint == load(tmp_path / "data").fingerprint


def test_too_few_rows_are_refused(load: Load, two_classes):
    with pytest.raises(UsageError, match="max_rows: Input should be greater than or equal to 4"):
        load(two_classes, max_rows=3)


def test_the_result_says_that_it_is_a_trial(given, tmp_path):
    done = tdd(*distil_command(*given, tmp_path / "run"), "--max-rows", 60)
    assert done.code == 0, done.err
    line = "max_rows: a trial with a part of the rows, 60 of 120 train"
    assert line in done.out
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["data"]["max_rows"] == {"train": {"read": 60, "of": 120}}
    assert "A trial with a part of the data: 60 of the 120 rows of train." in (tmp_path / "run/README.md").read_text()
    again = tdd("evaluate", tmp_path / "run", "--networks", 2)
    assert again.code == 0 and line in again.out
