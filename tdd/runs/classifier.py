"""A classifier of texts with the manners of scikit-learn: it distils what it is given and trains a network on that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError, check_kind
from tdd.evaluation.predictor import Predictor, Text
from tdd.runs.start_from import named_set, starting_set
from tdd.settings.recipe import Recipe
from tdd.system import processes
from tdd.system.formatting import counted
from tdd.system.reporter import Reporter

NAME = "texts"
"""What the data are called in the recipe of the set."""
_NO_LABELS = ("nan", "none", "null", "na", "n/a")


class TextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Distils texts into n samples, trains a network on these, and tells the class of others.

    ``fit`` learns a distilled set of the texts (`distilled_`), with a part of them held out to choose it, and tests
    nothing: use scikit-learn's own splits and scores for that. `TextClassifier.from_set` does without fitting.

    Args:
        n: distilled samples.
        network: name of a network, see `tdd.Recipe`.
        init: "fixed" or "random" initialisation.
        outer_steps: updates of the distilled set; None: until held-out texts show no gain.
        vectors: word vectors; None: the usual ones, or the network's own.
        seed: of every draw.
        settings: more settings of `tdd.Recipe`, by their names.

    Attributes:
        classes_: (C,) the labels, in the order of the columns of `predict_proba`.
        distilled_: the distilled set; its classes are the labels as text.
    """

    def __init__(
        self,
        n: int = 20,
        network: str = "text_cnn",
        init: str = "fixed",
        outer_steps: int | None = None,
        vectors: str | None = None,
        seed: int = 0,
        settings: Mapping[str, Any] | None = None,
    ):
        self.n, self.network, self.init, self.outer_steps = n, network, init, outer_steps
        self.vectors, self.seed, self.settings = vectors, seed, settings

    @classmethod
    def from_set(cls, distilled: DistilledSet, seed: int = 0) -> TextClassifier:
        """A fitted classifier of a set that is there: `classes_` are its names, in its order.

        Raises:
            UsageError: `distilled` is something else.
        """
        check_kind("distilled", distilled, DistilledSet, "tdd.DistilledSet.from_pretrained(folder)")
        recipe = distilled.recipe
        classifier = cls(distilled.n, recipe.network, recipe.init, recipe.outer_steps, recipe.vectors, seed)
        classifier.distilled_, classifier.classes_ = distilled, np.array(distilled.classes)
        classifier._columns, classifier._predictor = np.arange(len(distilled.classes)), Predictor(distilled, seed=seed)
        return classifier

    def fit(self, X: Sequence[Text], y: Sequence[Any]) -> TextClassifier:
        """Distil the texts, and train a network on what comes out.

        Args:
            X: N texts, as a list, an array, or a column of a table.
            y: N labels of any kind.

        Raises:
            UsageError: X or y holds something else, or there are too few texts.
        """
        texts, labels = _texts(X), np.asarray(y)
        if labels.ndim != 1:
            raise UsageError(f"y has the shape {labels.shape}: give each text one label")
        check_kind("settings", self.settings or {}, Mapping, "settings of tdd.Recipe by their names")
        if len(texts) != len(labels):
            raise UsageError(
                f"X holds {counted(len(texts), 'text')} and y {counted(len(labels), 'label')}: give each one label"
            )
        check_classification_targets(labels)
        self.classes_, places = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise UsageError(f"y holds {counted(len(self.classes_), 'class')}: there is nothing to tell apart")
        names = _names(self.classes_.tolist())
        rows = texts, [names[place] for place in places]
        chosen = {"n": self.n, "network": self.network, "init": self.init, "seed": self.seed}
        chosen |= {"outer_steps": self.outer_steps, "vectors": self.vectors} | dict(self.settings or {})
        chosen = {name: value for name, value in chosen.items() if value is not None}
        recipe = Recipe(dataset=NAME, data_from="memory", keep_labels=True, **chosen)
        # Nothing is tested: of the split that a data set has for that, a text of each class is enough.
        one_each = np.unique(places, return_index=True)[1]
        test = [texts[place] for place in one_each], [rows[1][place] for place in one_each]
        corpus = load_corpus(recipe, data={"train": rows, "test": test})
        with Reporter() as reporter:
            settled = recipe.settled(len(corpus.classes), **corpus.found())
            start = starting_set(named_set(recipe, None), settled, corpus, None, processes.accelerator(), reporter)
            distiller = Distiller(recipe, corpus, start=start)
            distiller.on_progress = lambda told: reporter.outer_step(told, distiller.state.schedule.last)
            self.distilled_ = distiller.run()
        self._columns = np.array([self.distilled_.classes.index(name) for name in names])
        self._predictor = Predictor(self.distilled_, cast(Any, corpus.train).vectors, self.seed)
        return self

    def predict_proba(self, X: Sequence[Text]) -> NDArray[np.float64]:
        """The probability of each class of `classes_` (N, C) for N texts."""
        check_is_fitted(self, "distilled_")
        return self._predictor.probabilities(_texts(X))[:, self._columns]

    def predict(self, X: Sequence[Text]) -> NDArray[Any]:
        """The label of each of N texts."""
        places = self.predict_proba(X).argmax(1)
        found: NDArray[Any] = self.classes_[places]
        return found

    def __sklearn_tags__(self) -> Any:
        """That it reads texts."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False, True
        return tags


def _names(labels: list[Any]) -> list[str]:
    """A name for each label: the label as text, or numbered where that could be read as no label or another one."""
    names = [" ".join(str(label).split()) for label in labels]
    alike = len({name.casefold() for name in names}) < len(names)
    if alike or any(not re.match(r"\w", name) or name.casefold() in _NO_LABELS for name in names):
        return [f"{place} {name}" for place, name in enumerate(names)]
    return names


def _texts(given: Any) -> list[Text]:
    """Texts of a list, an array, a Series, or a table of one column.

    Raises:
        UsageError: something else.
    """
    if isinstance(given, str) or not hasattr(given, "__len__"):
        raise UsageError(f"X is a list of texts, not {type(given).__name__}")
    if getattr(given, "ndim", 1) == 2:  # a table
        if given.shape[1] != 1:
            raise UsageError(f"X has {given.shape[1]} columns: pass that of the texts")
        given = given.iloc[:, 0] if hasattr(given, "iloc") else given[:, 0]
    values = given.tolist() if hasattr(given, "tolist") else list(given)
    for number, value in enumerate(values, 1):
        if not isinstance(value, str | tuple):
            raise UsageError(f"text {number} of X is {type(value).__name__}: X holds texts")
    return values
