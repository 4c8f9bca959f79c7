"""A set of words is kept as its words alone, comes back to the last bit, and reads exactly as it is."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from distilled_sets import rewrite
from safetensors.torch import load_file
from tiny import tiny_corpus, tiny_recipe, tiny_vectors

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import TddError, UsageError
from tdd.evaluation.decoded import decoded_accuracy
from tdd.hub.layout import WEIGHTS
from tdd.inspection.decode import decode
from tdd.inspection.show import show


@pytest.fixture(scope="module")
def made() -> DistilledSet:
    recipe = tiny_recipe(samples="words", padding="end", samples_lr=1.0, init="random", momentum=0.2)
    return Distiller(recipe, tiny_corpus()).run()


@pytest.fixture
def saved(made, tmp_path):
    made.save_pretrained(tmp_path)
    return tmp_path


def load(folder) -> DistilledSet:
    return DistilledSet.from_pretrained(folder, vectors=tiny_vectors(2))


def test_a_set_of_words_comes_back_to_the_last_bit_and_is_written_alike_again(made, saved, tmp_path_factory):
    loaded = load(saved)
    assert (
        torch.equal(loaded.sentences.tokens, made.sentences.tokens) and loaded.sentences.words == made.sentences.words
    )
    for name in ("samples", "labels", "learning_rates", "momentum"):
        assert torch.equal(getattr(loaded, name), getattr(made, name))
    loaded.save_pretrained(again := tmp_path_factory.mktemp("again"))
    assert (again / WEIGHTS).read_bytes() == (saved / WEIGHTS).read_bytes()


def test_the_file_holds_words_and_no_vectors(made, saved, tmp_path):
    assert {name: t.dtype for name, t in load_file(saved / WEIGHTS).items() if name != "momentum"} == {
        "tokens": torch.int32, "labels": torch.float32, "learning_rates": torch.float32
    }  # fmt: skip
    tokens = torch.randint(1, 41, (10, 2, 400))
    sentences = Sentences.of(tokens, tiny_vectors(2))
    large = DistilledSet(
        torch.zeros(10, 2, 400, 50),
        torch.zeros(10, 2, 2),
        torch.ones(10),
        made.classes,
        made.recipe,
        sentences=sentences,
    )
    large.save_pretrained(tmp_path / "large")
    assert 4 * tokens.numel() < (tmp_path / "large" / WEIGHTS).stat().st_size < 4 * tokens.numel() + 2000


@pytest.mark.parametrize(
    ("tensors", "about", "message"),
    [
        (
            lambda t: t,
            lambda a: a | {"words": {**a["words"], next(iter(a["words"])): "other"}},
            "are not those of tiny",
        ),
        (lambda t: t, lambda a: a | {"words": dict(list(a["words"].items())[1:])}, "do not fit together"),
        (lambda t: t, lambda a: a | {"words": {id_: 3 for id_ in a["words"]}}, "do not fit together"),
        (lambda t: t, lambda a: a | {"words": list(a["words"])}, "do not fit together"),
        (lambda t: t, lambda a: {k: v for k, v in a.items() if k != "words"}, "do not fit together"),
        (lambda t: t, lambda a: a | {"format": 3}, "newer version of tdd"),
        (lambda t: t | {"tokens": t["tokens"].float()}, lambda a: a, "do not fit together"),
        (lambda t: t | {"tokens": t["tokens"].long()}, lambda a: a, "do not fit together"),
        (lambda t: t | {"tokens": t["tokens"][0]}, lambda a: a, "do not fit together"),
        (lambda t: t | {"tokens": t["tokens"][:0]}, lambda a: a, "do not fit together"),
        (lambda t: t | {"tokens": t["tokens"].flip(2).contiguous()}, lambda a: a, "do not fit together"),
        (lambda t: t | {"tokens": t["tokens"] * 0}, lambda a: a, "do not fit together"),
        (lambda t: t | {"tokens": -t["tokens"]}, lambda a: a, "do not fit together"),
        (lambda t: t | {"tokens": t["tokens"][:1].contiguous()}, lambda a: a, "do not fit together"),
        (lambda t: {k: v for k, v in t.items() if k != "tokens"}, lambda a: a, "has no 'samples'"),
    ],
)
def test_a_damaged_set_of_words_is_refused(saved, tensors, about, message):
    rewrite(saved, tensors, about)
    with pytest.raises(TddError, match=message) as caught:
        load(saved)
    assert "\n" not in str(caught.value)


def test_other_vectors_are_refused_though_they_have_the_same_words(made, saved):
    other = WordVectors("other", tiny_vectors(2).words, tiny_vectors(2)._table + 1, "another checksum")
    with pytest.raises(UsageError, match="the vectors other are not those the set's words were chosen with"):
        DistilledSet.from_pretrained(saved, vectors=other)
    unmarked = replace(made, source={})
    unmarked.save_pretrained(saved)
    few = WordVectors("few", other.words[:10], other._table[:10], "few")
    with pytest.raises(UsageError, match="the set's words are not those of few"):
        DistilledSet.from_pretrained(saved, vectors=few)


def test_vectors_that_are_not_there_are_named(made, saved):
    replace(made, recipe=made.recipe.model_copy(update={"vectors": "words.txt"})).save_pretrained(saved)
    with pytest.raises(UsageError, match=r"made of words of the vectors words\.txt, which are not there: put"):
        DistilledSet.from_pretrained(saved)


# Words to read


@pytest.fixture(scope="module")
def twins() -> tuple[DistilledSet, WordVectors]:
    """Two sentences of words each of which shares its vector with one that stands before it in the table."""
    table = np.repeat(np.random.default_rng(0).standard_normal((20, 6)), 2, axis=0).astype(np.float32)
    vectors = WordVectors("twins", [f"{'ab'[i % 2]}{i // 2}" for i in range(40)], table, "twins")
    sentences = Sentences.of(torch.tensor([[[2, 40, 16, 2], [8, 10, 0, 0]]]), vectors)
    samples, labels = sentences.embed(vectors), torch.tensor([[[1.5, -0.5], [0.0, 1.0]]])
    recipe = tiny_recipe(n=2, samples="words", max_length=4)
    made = DistilledSet(samples, labels, torch.ones(1), ["bad", "good"], recipe, sentences=sentences)
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
    monkeypatch.setattr(WordVectors, "nearest", lambda *_: pytest.fail("the table was searched"))
    assert [sentence.words for sentence in decode(made, vectors)] == expected
    assert [sentence.words for sentence in decode(made, vectors, first=1)] == expected[:1]


@pytest.mark.parametrize("color", [False, True])
def test_words_are_printed_exactly_and_without_scores(twins, color, monkeypatch):
    made, vectors = twins
    monkeypatch.setattr("tdd.embeddings.word_vectors.load_vectors", lambda name: vectors)
    assert show(made, format="text", color=color).splitlines() == TEXTS
    table = re.sub("\x1b\\[[0-9;]*m", "", show(made, color=color)).splitlines()
    assert table[1::3] == TEXTS and table[0] == "step 0, sample 0: bad +1.50  good -0.50"
    assert "b0(1.00)/a0(1.00) b19(1.00)/a19(1.00) " in show(made, k=2)
    found = json.loads(show(made, format="json"))
    assert [[words for (words,) in sentence["words"]] for sentence in found] == [text.split() for text in TEXTS]


def test_a_page_of_words_shows_them_exactly_and_calls_them_no_neighbours(twins, monkeypatch):
    made, vectors = twins
    monkeypatch.setattr("tdd.embeddings.word_vectors.load_vectors", lambda name: vectors)
    shown = show(made, format="html")
    lines = re.findall(r'<p class="words" dir="auto">(.*?)</p>', shown, re.DOTALL)
    assert [re.sub("<[^>]*>", "", line) for line in lines] == TEXTS
    assert "trains on these very words" in shown and "not text" not in shown and "to the nearest word" not in shown
    assert "not text" in show(replace(made, sentences=None), format="html")


def test_there_is_nothing_to_decode():
    corpus = tiny_corpus()
    made = Distiller(tiny_recipe(samples="words"), corpus).best()
    with pytest.raises(
        UsageError, match="made of words and reads as it trains: its accuracy is that without --decoded"
    ):
        decoded_accuracy(made, corpus, "fixed")


def test_no_word_of_a_set_of_words_is_nearer_than_another():
    made = Distiller(tiny_recipe(samples="words"), tiny_corpus()).best()
    for metric, itself in (("cosine", 1.0), ("l2", 0.0)):
        for sentence in decode(made, tiny_vectors(2), 2, metric):
            assert {scores[0] for scores in sentence.scores} == {itself}
