"""Logistic regression on TF-IDF, or on sentence vectors, is what scikit-learn makes of the same texts."""

import numpy as np
import pytest
import torch
from plain import CORPUS, TRAIN, some_texts, texts_of
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from tiny import LENGTH
from tiny_encoders import tiny_encoder, tiny_text_corpus

from tdd.data.text import TextSplit
from tdd.embeddings.encoder import load_encoder
from tdd.errors import UsageError
from tdd.evaluation.real_sets import RealSet
from tdd.evaluation.text_learners import SentenceVectors, TfIdf, soft_logistic_regression, word_counts
from tdd.networks.learner import make_learner
from tdd.system.seeds import generator


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
    assert TfIdf(value).fitted(texts).accuracy(CORPUS.test) == pytest.approx(expected)


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
    fitted = TfIdf().fitted(texts)
    assert fitted.accuracy(CORPUS.test) == fitted.accuracy(cut)


def test_texts_without_a_word_are_one_clear_line():
    empty = TextSplit(torch.zeros(2, dtype=torch.int32), torch.tensor([0, 1, 2]), torch.eye(2), TRAIN.vectors, LENGTH)
    with pytest.raises(UsageError, match="no word that has a vector"):
        TfIdf().fitted(empty)


def test_sentence_vectors_are_the_means_of_what_the_encoder_makes_of_a_text():
    corpus, name = tiny_text_corpus(), tiny_encoder()
    learner = make_learner(name, {"train": "head"}, corpus.train.space, 2)
    places = torch.tensor([5, 0, 3])
    found = SentenceVectors(learner).of(corpus.train, places)
    for row, place in zip(found, places.tolist(), strict=True):
        pieces = torch.tensor([[2, *(corpus.train.row(place) - 1), 3]])  # between [CLS] and [SEP]
        with torch.no_grad():
            mean = load_encoder(name)(input_ids=pieces).last_hidden_state[0].mean(0)
        torch.testing.assert_close(row, mean / mean.norm(), rtol=1e-3, atol=1e-5)


def test_sentence_vectors_are_learned_from_as_any_features_are():
    corpus = tiny_text_corpus()
    learner = make_learner(tiny_encoder(), {"train": "head"}, corpus.train.space, 2)
    vectors, places = SentenceVectors(learner, 3.0), torch.arange(8)
    labels = torch.nn.functional.one_hot(corpus.train.labels[places], 2).float()
    texts = RealSet(places, labels).examples(corpus.train)
    fitted = LogisticRegression(C=3.0, max_iter=1000).fit(
        vectors.of(corpus.train, places).numpy(), corpus.train.labels[places].numpy()
    )
    whole = torch.arange(len(corpus.test))
    expected = fitted.score(vectors.of(corpus.test, whole).numpy(), corpus.test.labels.numpy())
    assert vectors.fitted(texts).accuracy(corpus.test) == pytest.approx(expected)
