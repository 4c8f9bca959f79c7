"""Two learners that know nothing of distillation, for texts with a probability for each class.

Either offers `choose`, which finds its settings on held-out data, and `test`, the only one that reads the test split.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from tdd.data.text import TextSplit
from tdd.distillation.accuracy import counts_of
from tdd.errors import UsageError
from tdd.evaluation.adam import train_epoch
from tdd.evaluation.rate_search import choose
from tdd.networks.kernels.parameters import Parameters, stack
from tdd.networks.learner import make_learner
from tdd.networks.own import network_to_use
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_HELD_OUT = 1000
"""Held-out examples that a setting is judged by at most: as many for either learner."""
INVERSE_PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
"""Logistic regression: values tried of C, the weight of the data against that of the penalty."""
RATES, EPOCHS = (0.001, 0.003), (10, 20, 40)
"""The network: Adam step sizes and passes over the texts that are tried, without dropout and with the recipe's."""
TRIALS, BATCH = 3, 16
"""The network: fresh ones that a setting is judged by, and most texts of a mini-batch."""

Chosen = tuple[dict[str, float], float]
"""Settings, and the held-out accuracy that they were chosen by."""


def word_counts(split: TextSplit, places: Tensor) -> csr_array:
    """How often each of the V words with a vector stands in the texts at `places`, each whole: (n, V)."""
    from scipy.sparse import csr_array

    # Copies: scipy adds equal words up in place.
    arrays = (np.ones(len(split.ids)), split.ids.copy(), split.offsets.copy())
    counts = csr_array(arrays, shape=(len(split), len(split.vectors) + 1))[places.numpy()][:, 1:]
    counts.sum_duplicates()
    return counts


class TfIdf:
    """scikit-learn's TF-IDF and logistic regression; its vocabulary is that of the texts it learns from.

    Args:
        validation: held-out examples, of which `MOST_HELD_OUT` are read at most.
        test: examples to test on, read by `test` alone.
        max_test: test on this many of them only.
    """

    def __init__(self, validation: TextSplit, test: TextSplit, max_test: int | None):
        self.validation, self.tested, self.max_test = validation, test, max_test

    def choose(self, sets: Sequence[TextSplit]) -> Chosen:
        """The settings with the best mean accuracy over the sets."""
        held_out = torch.tensor([_accuracies(texts, INVERSE_PENALTIES, *self._held_out) for texts in sets])
        setting, _ = choose(held_out, len(sets))
        return {"C": INVERSE_PENALTIES[setting]}, held_out[:, setting].mean().item()

    def test(self, sets: Sequence[TextSplit], settings: dict[str, float]) -> list[float]:
        """Test accuracy after training on each set."""
        return [_accuracies(texts, [settings["C"]], *self._test)[0] for texts in sets]

    @cached_property
    def _held_out(self) -> tuple[csr_array, Tensor]:
        return _examples(self.validation, MOST_HELD_OUT)

    @cached_property
    def _test(self) -> tuple[csr_array, Tensor]:
        return _examples(self.tested, self.max_test)


def _examples(split: TextSplit, most: int | None) -> tuple[csr_array, Tensor]:
    """Word counts and labels of those examples of a split that networks are tested on, too."""
    places = split.spread(most)
    return word_counts(split, places), split.labels[places]


def _accuracies(texts: TextSplit, tried: Sequence[float], counts: csr_array, labels: Tensor) -> list[float]:
    """Accuracy on examples with these word counts and labels after training on `texts` with each value of C."""
    from sklearn.feature_extraction.text import TfidfTransformer

    own = word_counts(texts, torch.arange(len(texts)))
    vocabulary = np.unique(own.indices)
    if not len(vocabulary):
        raise UsageError("the sentences to learn from hold no word that has a vector; a larger n may help")
    weigh = TfidfTransformer().fit(own[:, vocabulary])
    x, examples = weigh.transform(own[:, vocabulary]), weigh.transform(counts[:, vocabulary])
    predicted = [soft_logistic_regression(x, texts.labels, value).predict(examples) for value in tried]
    return [float((classes == labels.numpy()).mean()) for classes in predicted]


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


class AdamNetwork:
    """The recipe's network, fresh, trained by Adam in shuffled mini-batches.

    Args:
        recipe: the network.
        classes: C.
        validation: held-out examples, of which `MOST_HELD_OUT` are read at most.
        test: examples to test on, read by `test` alone.
        max_test: test on this many of them only.
        networks: fresh networks that are tested, shared out over the sets.
        device: where it is computed.
        network: the user's own network, see `make_learner`; None: the recipe's.
    """

    def __init__(
        self,
        recipe: Recipe,
        classes: int,
        validation: TextSplit,
        test: TextSplit,
        max_test: int | None,
        networks: int,
        device: torch.device,
        network: str | nn.Module | None = None,
    ):
        self.recipe, self.networks, self.device = recipe, networks, device
        self.validation, self.tested, self.max_test = validation, test, max_test
        network = network_to_use(recipe.network, network)
        ways = recipe.initialisation
        self.learner = make_learner(network, recipe.options, validation.space, classes, device, ways)
        self.kernel = self.learner.kernel()

    def choose(self, sets: Sequence[TextSplit]) -> Chosen:
        """The settings with the best mean accuracy over `TRIALS` networks, shared out over the sets."""
        paths = list(product(RATES, sorted({0.0, float(getattr(self.recipe.options, "dropout", 0.0))})))
        held_out = []
        for index in range(TRIALS):
            texts = sets[index % len(sets)]
            trained = [theta for path in paths for theta in self._train(texts, "choice", index, *path, EPOCHS)]
            tested = counts_of(self.kernel, stack(trained), self.validation, self.device, MOST_HELD_OUT)
            held_out.append(tested.accuracy())
        accuracies = torch.stack(held_out)
        setting, _ = choose(accuracies, TRIALS)
        (rate, dropout), epochs = list(product(paths, EPOCHS))[setting]
        settings = {"learning_rate": rate, "dropout": dropout, "epochs": epochs}
        return settings, accuracies[:, setting].mean().item()

    def test(self, sets: Sequence[TextSplit], settings: dict[str, float]) -> list[float]:
        """Test accuracy of each of the networks."""
        rate, dropout, epochs = settings["learning_rate"], settings["dropout"], [int(settings["epochs"])]
        accuracies: list[float] = []
        for indices in torch.arange(self.networks).split(self.recipe.networks_at_once):
            trained = [
                theta
                for index in indices.tolist()
                for theta in self._train(sets[index % len(sets)], "network", index, rate, dropout, epochs)
            ]
            tested = counts_of(self.kernel, stack(trained), self.tested, self.device, self.max_test)
            accuracies += tested.accuracy().tolist()
        return accuracies

    def _train(
        self, texts: TextSplit, purpose: str, index: int, rate: float, dropout: float, epochs: Sequence[int]
    ) -> Iterator[Parameters]:
        """One network as it is after each of `epochs`."""
        place = (self.recipe.seed, "plain text", purpose, index)
        theta = self.learner.starts(*place[:-1], indices=[index])
        optimiser = torch.optim.Adam(list(theta.values()), lr=rate)
        # Batches as even as can be.
        size = -(-len(texts) // -(-len(texts) // BATCH))
        for epoch in range(1, max(epochs) + 1):
            shuffle = generator(*place, "order", epoch)
            drop = generator(*place, "dropout", epoch) if dropout else None
            train_epoch(self.kernel, theta, optimiser, texts, size, shuffle, drop)
            if epoch in epochs:
                yield {name: value[0].clone() for name, value in theta.items()}
