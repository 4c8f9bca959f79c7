"""TF-IDF and logistic regression on all the data: what scikit-learn finds, without a weight for words of no text."""

import pytest
import torch
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from tiny import tiny_corpus

from tdd.evaluation.reference import tfidf_reference
from tdd.evaluation.text_learners import word_counts
from tdd.system.seeds import generator


def test_words_of_no_training_text_have_no_part_in_it(monkeypatch):
    corpus = tiny_corpus(3)
    few = torch.randperm(len(corpus.train), generator=generator(0, "reference"))[:8]  # of its 40 words some are left
    shapes, fit = [], LogisticRegression.fit
    monkeypatch.setattr(LogisticRegression, "fit", lambda self, x, y: (shapes.append(x.shape), fit(self, x, y))[1])
    found = tfidf_reference(corpus, most=8)
    used = len({int(token) for place in few.tolist() for token in corpus.train.row(place)})
    assert set(shapes) == {(8, used)} and used < len(corpus.train.vectors)

    monkeypatch.undo()
    weigh = TfidfTransformer(sublinear_tf=True)
    x, test = weigh.fit_transform(word_counts(corpus.train, few)), word_counts(corpus.test, torch.arange(60))
    model = LogisticRegression(C=found["C"], max_iter=300).fit(x, corpus.train.labels[few].numpy())
    whole = model.score(weigh.transform(test), corpus.test.labels.numpy())
    assert found["accuracy"] == pytest.approx(whole)
