"""Loading files as a corpus, with the tiny vectors of every test."""

from pathlib import Path
from typing import Any

import pytest
from data_files import TWO_CLASSES, Load, write_csv

from tdd.data.corpus import Corpus, load_corpus
from tdd.embeddings.word_vectors import WordVectors
from tdd.settings.recipe import Recipe


@pytest.fixture
def load(vectors: WordVectors) -> Load:
    def load(path: Path | str, **settings: Any) -> Corpus:
        return load_corpus(Recipe(**{"dataset": "mine", "data": str(path), **settings}), vectors)

    return load


@pytest.fixture
def two_classes(tmp_path: Path) -> Path:
    """A csv file of 100 rows sorted by class, 80 % of them "no"."""
    return write_csv(tmp_path / "two.csv", TWO_CLASSES)
