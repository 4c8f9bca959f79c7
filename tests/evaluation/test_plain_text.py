"""Plain learners get the texts and labels as they are, choose on held-out data, and meet the test split at the end."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from plain import CORPUS, DRAWS, TRAIN, plain, short_training, texts_of
from tiny import LENGTH, tiny_corpus, tiny_recipe

from tdd.data.real_examples import herding, k_center
from tdd.data.text import TextSplit
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.plain_text import distilled_texts, plain_text_accuracy, probabilities, real_texts
from tdd.evaluation.plain_text_learners import TfIdf
from tdd.system.seeds import generator

# Texts and labels


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


@pytest.fixture(scope="module")
def made() -> DistilledSet:
    """Eight sentences of words for three classes, some of them padded."""
    recipe = tiny_recipe(n=8, steps=2, samples="words", padding="end", excluded_words=["word1"], init="random")
    return Distiller(recipe, CORPUS).run()


def test_soft_labels_become_probabilities():
    labels = torch.tensor([[1.5, -2.0, 0.5], [0.0, 3.0, 0.0], [-1.0, -2.0, -3.0], [0.0, 0.0, 0.0]])
    softmax = torch.exp(torch.tensor([-1.0, -2.0, -3.0]))
    expected = torch.stack(
        [
            torch.tensor([0.75, 0.0, 0.25]),
            torch.tensor([0.0, 1.0, 0.0]),
            softmax / softmax.sum(),
            torch.full((3,), 1 / 3),
        ]
    )
    torch.testing.assert_close(probabilities(labels), expected)


@pytest.mark.parametrize("scale", [1e-30, 1e38])
def test_probabilities_of_any_labels_are_finite_and_sum_to_one(scale):
    shares = probabilities(scale * torch.rand(200, 4, generator=generator(1)).mul(6).sub(3))
    assert (shares >= 0).all()
    torch.testing.assert_close(shares.sum(1), torch.ones(200))


def test_the_distilled_texts_are_the_sets_words_with_their_own_labels(made):
    texts = distilled_texts(made.sentences, made.labels, TRAIN)
    assert texts_of(texts) == made.sentences.texts()
    for place in range(8):
        own = made.labels[place // 4, place % 4]
        assert torch.equal(texts.labels[place], probabilities(own[None])[0])
    assert len({len(text.split()) for text in texts_of(texts)}) > 1


def test_real_texts_are_whole_and_bear_the_labels_they_have_in_the_data():
    places = torch.tensor([7, 3, 50, 7])
    texts = real_texts(TRAIN, places, 3)
    everything = texts_of(TRAIN)
    assert texts_of(texts) == [everything[place] for place in places]
    assert texts.labels.argmax(1).tolist() == TRAIN.labels[places].tolist()
    assert texts.labels.sort(1).values.tolist() == [[0, 0, 1]] * 4
    longest = int(np.diff(TRAIN.offsets).argmax())
    assert len(texts_of(real_texts(TRAIN, torch.tensor([longest]), 3))[0].split()) > LENGTH


# What is measured


@pytest.fixture(scope="module")
def found(made):
    return plain_text_accuracy(made, CORPUS, networks=4)


class Sealed(TextSplit):
    """A split of which nothing but its length can be read until `opened`."""

    opened = False

    def __getattribute__(self, name):
        if name in {"ids", "offsets", "labels", "lengths", "batch", "batches", "spread", "features", "arrays"}:
            assert type(self).opened, f"{name} of the test split was read while settings were chosen"
        return super().__getattribute__(name)

    def __len__(self):
        return 60


def test_the_test_split_is_sealed_until_all_is_chosen(made, found, monkeypatch):
    monkeypatch.setattr(Sealed, "opened", False)
    sealed = object.__new__(Sealed)
    vars(sealed).update(vars(CORPUS.test))
    jobs = []

    def tell(done, total, said):
        jobs.append(said.split(":")[0])
        Sealed.opened = done >= total // 2

    again = plain_text_accuracy(made, replace(CORPUS, test=sealed), networks=4, on_progress=tell)
    assert jobs == ["settings chosen"] * 8 + ["tested"] * 8
    assert again == found


def test_settings_do_not_depend_on_the_test_split(made, found):
    other = replace(CORPUS, test=tiny_corpus(3, seed=5).test)
    again = plain_text_accuracy(made, other, networks=4)
    keys = ("C", "learning_rate", "dropout", "epochs", "validation_accuracy")
    for learner, kinds in found.items():
        for kind, each in kinds.items():
            assert {k: each.get(k) for k in keys} == {k: again[learner][kind].get(k) for k in keys}
    assert again != found


def test_both_learners_learn_from_the_set_and_from_as_many_real_sentences(made, found):
    assert {learner: list(kinds) for learner, kinds in found.items()} == {
        learner: ["distilled", "random", "k_center", "herding"] for learner in ("tfidf", "network")
    }
    for learner, kinds in found.items():
        for kind, each in kinds.items():
            draws = DRAWS if kind == "random" else 1
            count = draws if learner == "tfidf" else 4
            assert len(each["accuracies"]) == count
            assert each["networks"] == (0 if learner == "tfidf" else 4) and each["draws"] == draws
            varied = ["networks"] * (learner == "network") + ["draws"] * (kind == "random")
            assert each["sd_over"] == " and ".join(varied)
            assert each["mean"] == pytest.approx(np.mean(each["accuracies"]))
            assert each["sd"] == pytest.approx(np.std(each["accuracies"], ddof=1) if count > 1 else 0)
            assert each["test_examples"] == each["test_split"] == 60
    whole = TfIdf(CORPUS.validation, CORPUS.test, None)
    for kind, places in {"k_center": k_center(TRAIN, 8, 3), "herding": herding(TRAIN, 8, 3)}.items():
        assert found["tfidf"][kind]["accuracies"] == whole.test([real_texts(TRAIN, places, 3)], found["tfidf"][kind])
    texts = distilled_texts(made.sentences, made.labels, TRAIN)
    learned = plain(n=8, steps=2).test([texts], found["network"]["distilled"])
    assert found["network"]["distilled"]["accuracies"] == learned


def test_testing_on_a_part_reads_the_same_examples_for_both_learners(made):
    part = plain_text_accuracy(made, CORPUS, networks=2, max_test=20)
    places = CORPUS.test.spread(20)
    assert len(set(places.tolist())) == 20
    few = real_texts(CORPUS.test, places, 3)
    few.labels = few.labels.argmax(1)
    whole = plain_text_accuracy(made, replace(CORPUS, test=few), networks=2)
    for learner, kinds in part.items():
        for kind, each in kinds.items():
            assert each["accuracies"] == whole[learner][kind]["accuracies"]
            assert (each["test_examples"], each["test_split"]) == (20, 60)


def test_fewer_samples_than_classes_are_learned_from():
    sentences = Sentences.of(torch.tensor([[[21, 22, 0], [30, 35, 36]]]), TRAIN.vectors)
    tokens = torch.nn.functional.pad(sentences.tokens, (0, LENGTH - 3))
    sentences = replace(sentences, tokens=tokens)
    labels = torch.tensor([[[0.9, 0.4, 0.0], [-0.1, 0.3, 1.0]]])
    few = DistilledSet(
        sentences.embed(TRAIN.vectors),
        labels,
        torch.ones(1, 1),
        CORPUS.classes,
        tiny_recipe(n=2),
        TRAIN.source(),
        sentences=sentences,
        mask=sentences.tokens > 0,
    )
    found = plain_text_accuracy(few, CORPUS, networks=2)
    assert all(0 < each["mean"] <= 1 for kinds in found.values() for each in kinds.values())


def test_a_set_that_is_not_of_words_is_refused(made):
    with pytest.raises(UsageError, match=r"distil with --samples words, or see .* --decoded"):
        plain_text_accuracy(replace(made, sentences=None), CORPUS)
    pictures = DistilledSet(torch.zeros(1, 2, 1, 4, 4), torch.zeros(1, 2, 3), torch.ones(1, 1), ["a"], made.recipe)
    with pytest.raises(UsageError, match="this set holds images"):
        plain_text_accuracy(pictures, CORPUS)
