"""Texts are encoded once for each file and table of vectors, and the fingerprint tells data apart."""

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from data_files import TWO_CLASSES, Load, sentences, texts, write_csv, write_parquet
from datasets.fingerprint import Hasher
from patches import spy

from tdd.data.corpus import load_corpus
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import TddError
from tdd.settings.recipe import Recipe


def test_a_second_load_encodes_nothing(
    load: Load, tmp_path: Path, vectors: WordVectors, monkeypatch: pytest.MonkeyPatch
):
    encoded = spy(monkeypatch, WordVectors, "encode_all")
    # Of texts that no other test has encoded.
    rows = [(f"{text} story story", label) for text, label in TWO_CLASSES]
    path = write_csv(tmp_path / "own.csv", rows)
    first = load(path)
    assert sum(len(texts) for _, texts, _ in encoded) == 100
    second = load(path, seed=3, max_length=5)
    assert sum(len(texts) for _, texts, _ in encoded) == 100
    assert second.source == first.source
    assert sentences(second.test, vectors) == sentences(first.test, vectors)


def test_other_vectors_encode_anew(load: Load, two_classes: Path, vectors: WordVectors):
    first = load(two_classes)
    turned = WordVectors("turned", vectors.words[::-1], vectors.keyed.vectors, "another-checksum")
    second = load_corpus(Recipe(dataset="mine", data=str(two_classes)), turned)
    assert sentences(second.test, turned) == sentences(first.test, vectors)
    assert second.fingerprint != first.fingerprint


def test_the_vectors_are_never_hashed(
    load: Load, two_classes: Path, vectors: WordVectors, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(WordVectors, "__reduce__", lambda *_: pytest.fail("hashed"), raising=False)
    with pytest.raises(pytest.fail.Exception, match="hashed"):
        Hasher.hash(vectors)
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
