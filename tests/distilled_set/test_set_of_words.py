"""A set of words is kept as its words alone, and comes back to the last bit."""

from dataclasses import replace

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
from tdd.hub.layout import WEIGHTS


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
        torch.ones(1, 10),
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
        (lambda t: t, lambda a: a | {"format": 4}, "newer version of tdd"),
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
