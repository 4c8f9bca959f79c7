"""Splits are the official ones where there are some, else stratified ones that depend on the seed alone."""

from pathlib import Path

import pytest
import torch
from data_files import Load, sentences, texts, write_csv

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
    assert corpus.notes == []


def test_a_data_set_without_training_examples_lists_its_splits(tmp_path: Path, load: Load):
    write_csv(tmp_path / "d" / "test.csv", [("good", 1)])
    with pytest.raises(UsageError, match="d has no examples in a split 'train'; it has test"):
        load(tmp_path / "d")
