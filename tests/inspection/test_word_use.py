"""How often words occur in the texts of each class, counted by hand."""

import numpy as np
import pytest
import torch
from tiny import tiny_vectors

from tdd.data.text import TextSplit
from tdd.inspection import word_use as counting
from tdd.inspection.word_use import word_use

ROWS = [[1, 1, 2], [2, 3], [3], [0, 4, 3]]
LABELS = [0, 0, 1, 1]


@pytest.fixture
def split() -> TextSplit:
    rows = [np.array(row, dtype=np.int32) for row in ROWS]
    return TextSplit.of_rows(rows, torch.tensor(LABELS), tiny_vectors(2), 10)


@pytest.mark.parametrize("at_once", [2**20, 2])
def test_a_word_counts_once_a_text_and_words_of_no_table_are_left_out(split, monkeypatch, at_once):
    monkeypatch.setattr(counting, "_AT_ONCE", at_once)
    found = word_use(split, ["word0", "word1", "word2", "word3", "word9", "nowhere", "word0"], 3)
    assert found == {
        "word0": [0.5, 0.0, 0.0],
        "word1": [1.0, 0.0, 0.0],
        "word2": [0.5, 1.0, 0.0],
        "word3": [0.0, 0.5, 0.0],
        "word9": [0.0, 0.0, 0.0],
    }


def test_of_no_known_word_nothing_is_told(split):
    assert word_use(split, ["nowhere"], 2) == {}
