"""Twelve words in four dimensions, and a cache that is empty at the start of each test."""

from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from vectors_files import WORDS


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def keyed() -> KeyedVectors:
    made = KeyedVectors(4)
    made.add_vectors(WORDS, np.random.default_rng(0).normal(size=(len(WORDS), 4)).astype(np.float32))
    return made
