"""The simplest thing that a sceptic would try: TF-IDF and logistic regression on the real texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tdd.data.corpus import Corpus
from tdd.data.text import TextSplit
from tdd.evaluation.class_figures import effective_examples, interval
from tdd.evaluation.text_learners import word_counts
from tdd.system.seeds import generator

MOST = 20_000
"""Training texts that are learned from at most; of more, so many are drawn."""
_INVERSE_PENALTIES = (1.0, 10.0)


def tfidf_reference(corpus: Corpus, most: int = MOST) -> dict[str, Any]:
    """Accuracy of scikit-learn's TF-IDF and logistic regression, the penalty chosen on held-out texts.

    Its words are those that have a vector, and a text is read whole.

    Returns:
        "accuracy" on the test split, its 95 % "interval", "train_examples" and "C".
    """
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    train, validation, test = corpus.train, corpus.validation, corpus.test
    assert isinstance(train, TextSplit) and isinstance(validation, TextSplit) and isinstance(test, TextSplit)
    places = torch.randperm(len(train), generator=generator(0, "reference"))[:most]
    held_out = torch.arange(min(len(validation), most))
    weigh = TfidfTransformer(sublinear_tf=True)
    x, y = weigh.fit_transform(word_counts(train, places)), train.labels[places].numpy()
    # Words of no training text get no weight: without them a table of many words takes no longer than one of few.
    used = np.unique(x.indices)
    x, x_held_out = x[:, used], weigh.transform(word_counts(validation, held_out))[:, used]
    y_held_out = validation.labels[held_out].numpy()
    fitted = [LogisticRegression(C=c, max_iter=300).fit(x, y) for c in _INVERSE_PENALTIES]
    scores = [model.score(x_held_out, y_held_out) for model in fitted]
    best = scores.index(max(scores))
    features = weigh.transform(word_counts(test, torch.arange(len(test))))[:, used]
    accuracy = float(fitted[best].score(features, test.labels.numpy()))
    return {
        "accuracy": accuracy,
        "interval": list(interval(accuracy, effective_examples(test))),
        "train_examples": len(places),
        "C": _INVERSE_PENALTIES[best],
    }
