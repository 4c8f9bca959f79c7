"""Learners of texts that are no networks of ours: logistic regression on TF-IDF, or on sentence vectors.

Their settings are fixed, see `tdd.settings.plain_settings`; soft labels are weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tdd.data.text import TextSplit
from tdd.errors import UsageError
from tdd.networks.kernels.front import FrontKernel, HiddenBatch
from tdd.networks.learner import Learner
from tdd.settings.plain_settings import EMBEDDINGS_C, TFIDF_C

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Sentences whose vectors are looked up at once.
_AT_ONCE = 256


def word_counts(split: TextSplit, places: Tensor) -> csr_array:
    """How often each of the V words with a vector stands in the texts at `places`, each whole: (n, V)."""
    from scipy.sparse import csr_array

    # Copies: scipy adds equal words up in place.
    arrays = (np.ones(len(split.ids)), split.ids.copy(), split.offsets.copy())
    counts = csr_array(arrays, shape=(len(split), len(split.vectors) + 1))[places.numpy()][:, 1:]
    counts.sum_duplicates()
    return counts


@dataclass(frozen=True)
class Fitted:
    """A classifier of texts.

    Attributes:
        features: what it takes of the texts of a split at some places (M,): (M, f).
        classifier: one of scikit-learn, of these.
    """

    features: Callable[[TextSplit, Tensor], Any]
    classifier: Any

    def accuracy(self, split: TextSplit, most: int | None = None) -> float:
        """On so many examples of a split at most, in [0, 1]."""
        places = split.spread(most)
        predicted = self.classifier.predict(self.features(split, places))
        return float((predicted == split.labels[places].numpy()).mean())


class TfIdf:
    """TF-IDF whose vocabulary is that of the texts it learns from, and logistic regression."""

    def __init__(self, inverse_penalty: float = TFIDF_C):
        self.inverse_penalty = inverse_penalty

    def fitted(self, texts: TextSplit) -> Fitted:
        """What is learned from texts with probabilities (n, C).

        Raises:
            UsageError: these hold no word that has a vector.
        """
        from sklearn.feature_extraction.text import TfidfTransformer

        own = word_counts(texts, torch.arange(len(texts)))
        # The separator of pairs, which stands in every text, tells none apart.
        vocabulary = np.setdiff1d(own.indices, [id_ - 1 for id_ in texts.vectors.separator])
        if not len(vocabulary):
            raise UsageError("the sentences to learn from hold no word that has a vector; a larger n may help")
        weigh = TfidfTransformer().fit(own[:, vocabulary])

        def features(split: TextSplit, places: Tensor) -> Any:
            return weigh.transform(word_counts(split, places)[:, vocabulary])

        own = features(texts, torch.arange(len(texts)))
        return Fitted(features, soft_logistic_regression(own, texts.labels, self.inverse_penalty))


class SentenceVectors:
    """Sentence vectors of a pretrained encoder, mean pooled, of unit length; and logistic regression.

    Args:
        learner: the encoder, of which the classifier alone is trained (train: head). Vectors of real texts are kept on
            disk, see `tdd.networks.hidden_states`.
        inverse_penalty: C of the logistic regression.
    """

    def __init__(self, learner: Learner, inverse_penalty: float = EMBEDDINGS_C):
        kernel = learner.kernel()
        assert isinstance(kernel, FrontKernel)
        self.front, self.states, self.inverse_penalty = kernel.front, kernel.states, inverse_penalty

    def of(self, split: TextSplit, places: Tensor) -> Tensor:
        """The vectors (M, h) of the texts at `places`, in their order."""
        parts = []
        for chosen in places.split(_AT_ONCE):
            hidden = HiddenBatch(split.batch(chosen), self.front, self.states).inputs()[0][:, 0]
            found = torch.empty_like(hidden)
            found[split.lengths[chosen].argsort(stable=True)] = hidden  # a batch holds them shortest first
            parts.append(found)
        return torch.nn.functional.normalize(torch.cat(parts))

    def fitted(self, texts: TextSplit) -> Fitted:
        """See `TfIdf.fitted`."""

        def features(split: TextSplit, places: Tensor) -> Any:
            return self.of(split, places).numpy()

        own = features(texts, torch.arange(len(texts)))
        return Fitted(features, soft_logistic_regression(own, texts.labels, self.inverse_penalty))


def soft_logistic_regression(x: Any, labels: Tensor, inverse_penalty: float) -> Any:
    """scikit-learn's logistic regression on features x (n, f) and probabilities (n, C): soft cross-entropy.

    Every row is there once for each class, weighed by its probability.
    """
    from sklearn.linear_model import LogisticRegression

    needed = labels > 0
    # A class that no row is of stands there once without weight, so that there are C of them whatever the labels.
    needed[labels.argmax(0), torch.arange(labels.shape[1])] = True
    rows, classes = needed.nonzero(as_tuple=True)
    weights = labels[rows, classes].double().numpy()
    return LogisticRegression(C=inverse_penalty, max_iter=1000).fit(
        x[rows.numpy()], classes.numpy(), sample_weight=weights
    )
