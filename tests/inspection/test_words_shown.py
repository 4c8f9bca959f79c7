"""A set of words reads exactly as it is, in every form."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from pages import words_of
from patches import spy
from tiny import tiny_corpus, tiny_recipe, tiny_vectors

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import WordVectors
from tdd.inspection.decode import decode
from tdd.inspection.page import page
from tdd.inspection.page_extras import Extras
from tdd.inspection.show import show


@pytest.fixture(scope="module")
def twins() -> tuple[DistilledSet, WordVectors]:
    """Two sentences of words each of which shares its vector with one that stands before it in the table."""
    table = np.repeat(np.random.default_rng(0).standard_normal((20, 6)), 2, axis=0).astype(np.float32)
    vectors = WordVectors("twins", [f"{'ab'[i % 2]}{i // 2}" for i in range(40)], table, "twins")
    sentences = Sentences.of(torch.tensor([[[2, 40, 16, 2], [8, 10, 0, 0]]]), vectors)
    samples, labels = sentences.embed(vectors), torch.tensor([[[1.5, -0.5], [0.0, 1.0]]])
    recipe = tiny_recipe(n=2, samples="words", max_length=4)
    mask = sentences.tokens > 0
    made = DistilledSet(samples, labels, torch.ones(1, 1), ["bad", "good"], recipe, sentences=sentences, mask=mask)
    return made, vectors


TEXTS = ["b0 b19 b7 b0", "b3 b4"]


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_a_word_is_first_even_where_another_has_the_same_vector_and_padding_is_no_word(twins, metric):
    made, vectors = twins
    assert [sentence.text for sentence in decode(made, vectors, metric=metric)] == TEXTS
    free = decode(replace(made, sentences=None), vectors, 3, metric)
    assert free[0].text == "a0 a19 a7 a0"  # nothing else would tell
    for k in (1, 2, 3):
        for sentence, text, near in zip(decode(made, vectors, k, metric), TEXTS, free, strict=True):
            words = text.split()
            assert [found[0] for found in sentence.words] == words
            assert [found[1:2] for found in sentence.words] == (
                [[f"a{w[1:]}"] for w in words] if k > 1 else [[]] * len(words)
            )
            assert [found[2:] for found in sentence.words] == [found[2:k] for found in near.words[: len(words)]]
            itself = 1.0 if metric == "cosine" else 0.0
            assert sentence.scores == [[itself, *scores[1:k]] for scores in near.scores[: len(words)]]


def test_the_words_alone_are_read_without_a_search(twins, monkeypatch):
    made, vectors = twins
    expected = [[[word] for word in text.split()] for text in TEXTS]
    searched = spy(monkeypatch, WordVectors, "nearest")
    assert [sentence.words for sentence in decode(made, vectors)] == expected
    assert [sentence.words for sentence in decode(made, vectors, first=1)] == expected[:1]
    assert searched == []
    decode(made, vectors, k=2)
    assert searched


@pytest.mark.parametrize("color", [False, True])
def test_words_are_printed_exactly_and_without_scores(twins, color, monkeypatch):
    made, vectors = twins
    monkeypatch.setattr("tdd.embeddings.load.load_embedding", lambda *_: vectors)
    assert show(made, format="text", color=color).splitlines() == TEXTS
    table = re.sub("\x1b\\[[0-9;]*m", "", show(made, color=color)).splitlines()
    assert table[1::3] == TEXTS and table[0] == "step 0, sample 0: bad +1.50  good -0.50"
    assert "b0(1.00)/a0(1.00) b19(1.00)/a19(1.00) " in show(made, k=2)
    found = json.loads(show(made, format="json"))
    assert [[words for (words,) in sentence["words"]] for sentence in found] == [text.split() for text in TEXTS]


def test_a_page_of_words_shows_them_exactly_and_calls_them_no_neighbours(twins):
    made, vectors = twins
    extras = Extras(chance=0.5)
    shown = page(made, decode(made, vectors, 3))
    assert [" ".join(words) for words in words_of(shown)] == TEXTS
    assert "trains on these very words" in shown and "not text" not in shown and "to its nearest word" not in shown
    free = replace(made, sentences=None)
    shown = page(free, decode(free, vectors, 3), extras=extras)
    assert "not text" in shown and "to its nearest word" in shown


def test_no_word_of_a_set_of_words_is_nearer_than_another():
    made = Distiller(tiny_recipe(samples="words"), tiny_corpus()).best()
    for metric, itself in (("cosine", 1.0), ("l2", 0.0)):
        for sentence in decode(made, tiny_vectors(2), 2, metric):
            assert {scores[0] for scores in sentence.scores} == {itself}
