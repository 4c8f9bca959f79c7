"""Splits are the official ones where there are some, else stratified ones that depend on the seed alone."""

from pathlib import Path

import pytest
import torch
from data_files import Load, sentences, texts, write_csv

from tdd.data.corpus import Corpus
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError


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
    assert corpus.notes == [
        "3 of the 4 validation examples are also in train",
        "3 of the 6 test examples are also in train",
    ]
    assert corpus.test.in_train.tolist() == [True] * 3 + [False] * 3


def test_a_data_set_without_training_examples_lists_its_splits(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "test.csv", [("good", 1)])
    with pytest.raises(UsageError, match="d has no examples in a split 'train'; it has test"):
        load(tmp_path / "d")


def parts_of(corpus: Corpus, vectors: WordVectors) -> dict[str, list[str]]:
    return {name: sentences(getattr(corpus, name), vectors) for name in ("train", "validation", "test")}


@pytest.mark.parametrize("seed", range(3))
def test_copies_of_a_text_fall_into_one_part(seed: int, tmp_path: Path, load: Load, vectors: WordVectors):
    rows = [(text, "ab"[(index * 7 + copy * 3) % 2]) for index, text in enumerate(texts(60)) for copy in range(5)]
    corpus = load(write_csv(tmp_path / "d.csv", rows), seed=seed)
    parts = parts_of(corpus, vectors)
    assert sum(map(len, parts.values())) == 300
    assert not set(parts["train"]) & set(parts["test"])
    assert not set(parts["train"]) & set(parts["validation"])
    assert not set(parts["test"]) & set(parts["validation"])
    assert abs(len(parts["test"]) - 60) <= 5 and abs(len(parts["validation"]) - 24) <= 5
    assert corpus.notes[0] == (
        "240 of the 300 examples of the train split are copies of others; 60 of those repeated have different labels"
    )
    assert corpus.test.in_train is None


def test_copies_that_differ_in_case_fall_into_one_part(tmp_path: Path, load: Load, vectors: WordVectors):
    rows = [(change(text), index % 2) for index, text in enumerate(texts(40)) for change in (str, str.upper)]
    parts = parts_of(load(write_csv(tmp_path / "d.csv", rows)), vectors)
    assert not set(parts["train"]) & (set(parts["test"]) | set(parts["validation"]))


def test_test_examples_that_are_also_in_train_are_counted(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "train.csv", [(text, index % 2) for index, text in enumerate(texts(40))])
    write_csv(tmp_path / "d" / "test.csv", [(text, index % 2) for index, text in enumerate(texts(46)[34:])])
    corpus = load(tmp_path / "d")
    assert "6 of the 12 test examples are also in train" in corpus.notes
    assert corpus.test.in_train.tolist() == [True] * 6 + [False] * 6


def test_a_class_with_one_training_example_stays_in_train_where_a_test_split_is_given(tmp_path: Path, load: Load):
    rows = [(text, "ab"[index % 2]) for index, text in enumerate(texts(40))]
    write_csv(tmp_path / "d" / "train.csv", [*rows, ("a rare story", "rare")])
    write_csv(tmp_path / "d" / "test.csv", [("a film", "a"), ("the film", "b"), ("a rare film", "rare")])
    corpus = load(tmp_path / "d")
    assert (corpus.train.labels == 2).sum() == 1 and (corpus.validation.labels == 2).sum() == 0
    assert "too few different examples to set any aside for validation: 'rare'" in corpus.notes


def test_a_class_of_one_text_many_times_stays_in_train(tmp_path: Path, load: Load):
    rows = [(text, "a") for text in texts(40)] + [("the same story", "b")] * 6
    corpus = load(write_csv(tmp_path / "d.csv", rows))
    assert (corpus.train.labels == 1).sum() == 6
    assert "too few different examples to set any aside for test: 'b'" in corpus.notes


def test_no_class_is_held_out_altogether_with_copies_of_another_label(tmp_path: Path, load: Load):
    """All texts of class b are copies of texts of class a."""
    for offset in range(8):
        rows = [(text, "a") for text in texts(40)] + [(text, "b") for text in texts(offset + 3)[offset:]]
        corpus = load(write_csv(tmp_path / f"{offset}.csv", rows))
        assert (corpus.train.labels == 1).sum() >= 1


def test_a_single_copy_is_told_as_one(tmp_path: Path, load: Load):
    rows = [(text, index % 2) for index, text in enumerate(texts(40))]
    write_csv(tmp_path / "d" / "train.csv", [*rows, rows[0]])
    write_csv(tmp_path / "d" / "test.csv", [rows[5], ("the story", 0)])
    notes = load(tmp_path / "d").notes
    assert notes[:2] == [
        "1 of the 41 examples of the train split is a copy of another",
        "1 of the 2 test examples is also in train",
    ]


def test_copies_among_test_examples_are_known(tmp_path: Path, load: Load):
    rows = [(text, i % 2) for i, text in enumerate(texts(6))]
    write_csv(tmp_path / "d" / "train.csv", rows)
    write_csv(tmp_path / "d" / "test.csv", [*rows, (f" {rows[0][0].upper()} ", 1), rows[0]])
    of_test = load(tmp_path / "d").test.copies
    assert (of_test == of_test[0]).tolist() == [True, *[False] * 5, True, True]
    assert len(of_test.unique()) == 6
    alone = load(write_csv(tmp_path / "alone.csv", [row for row in rows for _ in range(5)]))
    assert len(alone.test.copies) == len(alone.test) > len(alone.test.copies.unique())
    assert (
        load(write_csv(tmp_path / "none.csv", [(text, i % 2) for i, text in enumerate(texts(30))])).test.copies is None
    )


def test_test_examples_that_have_another_label_in_train_are_told(tmp_path: Path, load: Load):
    rows = [(text, "ab"[i % 2]) for i, text in enumerate(texts(20))]
    write_csv(tmp_path / "d" / "train.csv", [*rows, (rows[0][0], "b")])
    write_csv(tmp_path / "d" / "test.csv", [rows[0], (rows[0][0], "b"), (rows[1][0], "a"), rows[3], ("a dog", "a")])
    assert "4 of the 5 test examples are also in train, 1 with another label" in load(tmp_path / "d").notes


def test_a_test_split_of_one_example_is_read(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "train.csv", [(text, i % 2) for i, text in enumerate(texts(20))])
    write_csv(tmp_path / "d" / "test.csv", [(texts(20)[0], 0)])
    corpus = load(tmp_path / "d")
    assert (len(corpus.test), corpus.test.copies, corpus.test.in_train.tolist()) == (1, None, [True])
