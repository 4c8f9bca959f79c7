"""Sentences are written as plain text and read back to the same words, or refused."""

import numpy as np
import pytest
import torch
from tiny import tiny_vectors

from tdd.distilled_set.sentences import Sentences
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError


def test_a_text_says_which_words_a_sentence_has():
    words = ["a", "'s", "...", "naïve", "a\u00a0b", "\u3000", "1,000", '"', "\x85"]
    vectors = WordVectors("odd", words, np.eye(9, 3, dtype=np.float32), "checksum")
    tokens = torch.tensor([[[9, 5, 6, 1], [2, 0, 0, 0]], [[8, 8, 3, 0], [4, 7, 1, 2]]], dtype=torch.int32)
    sentences = Sentences.of(tokens, vectors)
    assert sentences.texts()[1:3] == ["'s", '" " ...']
    again = Sentences.read(sentences.texts(), 2, 4, vectors)
    assert torch.equal(again.tokens, tokens) and again.words == sentences.words
    assert torch.equal(again.embed(vectors), vectors.embed(tokens))


def test_the_share_of_words_that_are_others_counts_no_padding():
    vectors = tiny_vectors(2)
    before = Sentences.of(torch.tensor([[[1, 2, 3, 0], [2, 0, 0, 0]]], dtype=torch.int32), vectors)
    after = Sentences.of(torch.tensor([[[1, 4, 3, 0], [2, 0, 0, 0]]], dtype=torch.int32), vectors)
    assert after.share_changed(before) == 0.25 and before.share_changed(before) == 0.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("word1 nonsense", "'nonsense' has no vector in tiny"),
        ("word1  word2", "'' has no vector in tiny"),
        ("word1 word2 word3 word4", "a sentence has 4 words, the set's have at most 3"),
    ],
)
def test_a_text_that_is_no_sentence_of_the_set_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        Sentences.read(["word1", text], 1, 3, tiny_vectors(2))
