"""Distilled positions read as words: the nearest ones, exactly."""

import numpy as np
import pytest
import torch
from tiny import DIM, LENGTH, tiny_recipe

from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError
from tdd.inspection.decode import decode
from tdd.system.seeds import generator

STEPS, PER_STEP, CLASSES = 2, 3, ["dull", "fine", "odd"]


@pytest.fixture(scope="module")
def vectors() -> WordVectors:
    table = np.random.default_rng(0).standard_normal((500, DIM)).astype(np.float32)
    return WordVectors("tiny", [f"word{i}" for i in range(500)], table, "checksum")


def made_of(samples: torch.Tensor, **source: str) -> DistilledSet:
    steps, per_step = samples.shape[:2]
    labels = torch.randn(steps, per_step, len(CLASSES), generator=generator(0, "labels"))
    return DistilledSet(samples, labels, torch.ones(1, steps), CLASSES, tiny_recipe(n=steps * per_step), source)


@pytest.fixture(scope="module")
def distilled() -> DistilledSet:
    return made_of(torch.randn(STEPS, PER_STEP, LENGTH, DIM, generator=generator(0, "samples")))


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_nearest_words_are_those_of_a_plain_search(distilled, vectors, metric):
    k = 7
    sentences = decode(distilled, vectors, k, metric)
    table = vectors.keyed.vectors.astype(np.float64)
    for sentence in sentences:
        for place in range(LENGTH):
            query = distilled.samples[sentence.step, sentence.index, place].double().numpy()
            if metric == "l2":
                score = np.linalg.norm(table - query, axis=1)
                order = np.argsort(score)[:k]
            else:
                score = table @ query / np.linalg.norm(table, axis=1) / np.linalg.norm(query)
                order = np.argsort(-score)[:k]
            assert sentence.words[place] == [vectors.words[row] for row in order]
            assert sentence.scores[place] == pytest.approx(score[order], abs=1e-5)


def test_sentences_come_step_by_step_with_the_labels_of_their_place(distilled, vectors):
    sentences = decode(distilled, vectors)
    assert [(s.step, s.index) for s in sentences] == [(s, i) for s in range(STEPS) for i in range(PER_STEP)]
    for sentence in sentences:
        assert list(sentence.label) == CLASSES
        assert list(sentence.label.values()) == distilled.labels[sentence.step, sentence.index].tolist()
        assert sentence.text == " ".join(words[0] for words in sentence.words)


def test_the_first_sentences_alone_are_the_same(distilled, vectors):
    assert decode(distilled, vectors, first=4) == decode(distilled, vectors)[:4]
    assert decode(distilled, vectors, first=99) == decode(distilled, vectors)


def test_words_themselves_are_found_and_a_mean_of_two_is_nearest_to_both():
    table = torch.eye(6).repeat(1, 1).numpy()  # orthogonal words: a mean is nearer to its parts than to all others
    vectors = WordVectors("axes", list("abcdef"), table, "checksum")
    rows = torch.randint(0, 6, (LENGTH,), generator=generator(0))
    words = vectors.embed(rows + 1)
    mean = (words + vectors.embed((rows + 1) % 6 + 1)) / 2
    exact, mixed = decode(made_of(torch.stack([words, mean])[None]), vectors, k=2)
    assert exact.text.split() == ["abcdef"[row] for row in rows]
    assert [score[0] for score in exact.scores] == pytest.approx([1.0] * LENGTH)
    assert [set(found) for found in mixed.words] == [{"abcdef"[row], "abcdef"[(row + 1) % 6]} for row in rows]
    assert torch.tensor(mixed.scores).flatten().tolist() == pytest.approx([0.5**0.5] * 2 * LENGTH)


def test_other_vectors_are_refused(distilled, vectors):
    narrow = WordVectors("narrow", ["a"], np.ones((1, DIM - 1), dtype=np.float32), "checksum")
    with pytest.raises(UsageError, match="distilled with other vectors, not with narrow; decode it with those"):
        decode(distilled, narrow)
    marked = made_of(distilled.samples, vectors="glove", vectors_checksum="another")
    with pytest.raises(UsageError, match="distilled with glove, not with tiny"):
        decode(marked, vectors)


def test_there_are_no_more_neighbours_than_words(distilled, vectors):
    with pytest.raises(UsageError, match="between 1 and 500"):
        decode(distilled, vectors, 501)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"metric": "dot"}, "metric is 'cosine' or 'l2', not 'dot'"),
        ({"first": 0}, "first is a whole number of at least 1, not 0"),
        ({"first": -1}, "first is a whole number of at least 1, not -1"),
        ({"k": 0}, "k is a whole number of at least 1, not 0"),
        ({"k": 1.5}, "k is a whole number of at least 1, not 1.5"),
        ({"vectors": "glove-6b-50d"}, "vectors are a table of words, not a str: pass tdd.load_vectors(NAME)"),
        (
            {"distilled": "runs/x"},
            "distilled is a DistilledSet, not a str: pass tdd.DistilledSet.from_pretrained(FOLDER)",
        ),
    ],
)
def test_an_argument_that_means_nothing_is_refused_in_a_line(distilled, vectors, arguments, told):
    with pytest.raises(UsageError) as caught:
        decode(**({"distilled": distilled, "vectors": vectors} | arguments))
    assert str(caught.value) == told


def test_a_sentence_fits_a_line(distilled, vectors):
    told = repr(decode(distilled, vectors, 3)[0])
    assert told.startswith("DecodedSentence(step 0, index 0, ") and len(told) < 140
