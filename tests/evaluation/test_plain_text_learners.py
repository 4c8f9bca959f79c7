"""TF-IDF with logistic regression, and the network by Adam, learn what scikit-learn and a plain loop of torch do."""

import numpy as np
import pytest
import torch
from learners import starts_of
from plain import CORPUS, TRAIN, plain, short_training, some_texts, texts_of
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from tiny import LENGTH
from torch import nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from tdd.data.real_examples import inputs_at
from tdd.data.text import TextSplit
from tdd.errors import UsageError
from tdd.evaluation import plain_text_learners
from tdd.evaluation.plain_text_learners import AdamNetwork, TfIdf, soft_logistic_regression, word_counts
from tdd.networks.learner import make_learner
from tdd.system.seeds import generator

# TF-IDF and logistic regression


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


def test_word_counts_are_those_of_the_texts_and_leave_the_split_alone():
    ids = torch.tensor([3, 0, 3, 3, 1, 2, 1, 0], dtype=torch.int32)
    split = TextSplit(ids.clone(), torch.tensor([0, 5, 7, 8]), torch.tensor([0, 1, 2]), TRAIN.vectors, LENGTH)
    counts = word_counts(split, torch.tensor([2, 0, 1])).toarray()
    assert counts.shape == (3, len(TRAIN.vectors))
    assert counts[:, :3].tolist() == [[0, 0, 0], [1, 0, 3], [1, 1, 0]] and counts[:, 3:].sum() == 0
    assert split.ids.tolist() == ids.tolist()


@pytest.mark.parametrize("value", [0.1, 10.0])
def test_hard_labels_give_the_ordinary_pipeline_of_scikit_learn(value):
    texts = some_texts(soft=False)
    vectorizer = TfidfVectorizer(token_pattern=r"\S+", lowercase=False)
    x = vectorizer.fit_transform(texts_of(texts))
    classifier = LogisticRegression(C=value, max_iter=1000).fit(x, texts.labels.argmax(1))
    expected = classifier.score(vectorizer.transform(texts_of(CORPUS.test)), CORPUS.test.labels)
    assert TfIdf(CORPUS.validation, CORPUS.test, None).test([texts], {"C": value}) == [pytest.approx(expected)]


def test_soft_labels_give_the_maximum_of_the_weighted_likelihood():
    texts, value = some_texts(), 3.0
    x = torch.rand(20, 5, generator=generator(2), dtype=torch.float64)
    fitted = soft_logistic_regression(x.numpy(), texts.labels, value)
    weight, bias = (torch.tensor(part, requires_grad=True) for part in (fitted.coef_, fitted.intercept_))
    likelihood = (texts.labels.double() * (x @ weight.T + bias).log_softmax(1)).sum()
    (value * likelihood - weight.square().sum() / 2).backward()
    assert weight.grad.abs().max() < 1e-2 and bias.grad.abs().max() < 1e-2
    hard = LogisticRegression(C=value).fit(x.numpy(), texts.labels.argmax(1).numpy())
    assert np.abs(hard.coef_ - fitted.coef_).max() > 0.1


def test_classes_without_any_weight_are_known_and_not_chosen():
    labels = torch.tensor([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    fitted = soft_logistic_regression(np.eye(2), labels, 1.0)
    assert fitted.classes_.tolist() == [0, 1, 2]
    assert fitted.predict(np.eye(2)).tolist() == [1, 1]


def test_the_vocabulary_is_that_of_the_texts_learned_from():
    texts = some_texts(4)
    known = {word for text in texts_of(texts) for word in text.split()}
    ids = np.where(np.isin(CORPUS.test.ids, [TRAIN.vectors.id_of(word) for word in known]), CORPUS.test.ids, 0)
    cut = TextSplit(
        torch.from_numpy(ids), torch.from_numpy(CORPUS.test.offsets), CORPUS.test.labels, TRAIN.vectors, LENGTH
    )
    assert (ids == 0).any()
    whole, without = (TfIdf(CORPUS.validation, test, None).test([texts], {"C": 1.0}) for test in (CORPUS.test, cut))
    assert whole == without


def test_texts_without_a_word_are_one_clear_line():
    empty = TextSplit(torch.zeros(2, dtype=torch.int32), torch.tensor([0, 1, 2]), torch.eye(2), TRAIN.vectors, LENGTH)
    with pytest.raises(UsageError, match="no word that has a vector"):
        TfIdf(CORPUS.validation, CORPUS.test, None).choose([empty])


# TextCNN


def network_of(learner: AdamNetwork) -> nn.Module:
    return make_learner("text_cnn", learner.recipe.options, TRAIN.space, 3).module


@pytest.mark.parametrize("n", [5, 20])
def test_a_text_cnn_is_what_a_plain_loop_of_torch_trains(n):
    texts, learner = some_texts(n), plain()
    found = list(learner._train(texts, "network", 1, 0.01, 0.0, (1, 3)))
    network = network_of(learner)
    start = starts_of(network, [generator(0, "plain text", "network", 1)])
    for name, parameter in network.named_parameters():
        parameter.data = start[name][0].clone()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    for epoch in range(1, 4):
        order = torch.randperm(n, generator=generator(0, "plain text", "network", 1, "order", epoch))
        for chosen in order.split(n if n <= plain_text_learners.BATCH else n // 2):
            x = inputs_at(texts, chosen)[0]
            optimiser.zero_grad()
            cross_entropy(network(x), texts.labels[chosen]).backward()
            optimiser.step()
        if epoch in (1, 3):
            reached = found.pop(0)
            for name, parameter in network.named_parameters():
                torch.testing.assert_close(reached[name], parameter.detach(), rtol=1e-3, atol=1e-5)
    assert found == []


def test_the_settings_are_those_best_on_held_out_data():
    sets, learner = [some_texts(6), some_texts(9)], plain()
    settings, reached = learner.choose(sets)
    network = network_of(learner)
    means = {}
    for rate in plain_text_learners.RATES:
        for dropout in (0.0, 0.5):
            each = [list(learner._train(sets[i], "choice", i, rate, dropout, (1, 4))) for i in range(2)]
            for place, epochs in enumerate((1, 4)):
                batch = CORPUS.validation.batch(torch.arange(len(CORPUS.validation)))
                right = [functional_call(network, t[place], batch.inputs()[0]).argmax(1) == batch.labels for t in each]
                means[rate, dropout, epochs] = torch.stack(right).double().mean().item()
    assert reached == pytest.approx(max(means.values()), abs=0.01)
    assert means[tuple(settings.values())] == pytest.approx(max(means.values()), abs=0.01)
    assert len(set(means.values())) > 1


def test_a_network_does_not_depend_on_how_many_others_there_are():
    sets, settings = [some_texts(6), some_texts(9)], {"learning_rate": 0.03, "dropout": 0.5, "epochs": 2}
    five = plain(networks=5).test(sets, settings)
    assert plain(networks=3).test(sets, settings) == five[:3]
    assert len(set(five)) > 1
    alone = plain(networks=5, networks_at_once=2).test(sets, settings)
    assert alone == pytest.approx(five, abs=1.01 / len(CORPUS.test))
    assert plain(networks=5, seed=1).test(sets, settings) != five


def test_dropout_is_tried_where_the_recipe_has_some():
    settings, _ = plain(dropout=0.0).choose([some_texts(6)])
    assert settings["dropout"] == 0.0
    with_dropout, without = (
        next(plain()._train(some_texts(6), "network", 0, 0.01, share, (1,))) for share in (0.5, 0.0)
    )
    assert not torch.equal(with_dropout["classifier.weight"], without["classifier.weight"])
