"""What a page shows beside the samples themselves: what is measured for it, and what is left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tdd.data.text import TextSplit
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.nearest import Metric
from tdd.errors import TddError
from tdd.evaluation.after_steps import accuracy_after_steps
from tdd.inspection.decode import DecodedSentence
from tdd.inspection.importance import CHANCE, Importance, importance, shuffled
from tdd.inspection.nearest_examples import RealExample, nearest_examples
from tdd.inspection.word_use import word_use

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus
    from tdd.embeddings.protocol import Embedding

REAL = 3
"""Real examples beside each distilled one."""
_LOOKED_UP = 512  # random vectors whose nearest word tells the level of chance


@dataclass(frozen=True)
class Extras:
    """What is known of a set beside it; empty where nobody asked.

    Attributes:
        importance: of words; None: images, or a network that cannot be made here.
        chance: similarity to the nearest word that a share `CHANCE` of random vectors stays below (distance: above).
        use: share of each class's training texts that a word occurs in, by word; None: the data are not at hand.
        real: the training examples nearest to each sample.
        after_steps: held-out accuracy after so many gradient steps.
        log: the run's, see `tdd.distilled_set.run_log`.
        notes: what is left out and why, a line each.
        distilled_on: the day on which the run ended; empty: not known.
        made_on: the day of the page.
    """

    importance: Importance | None = None
    chance: float | None = None
    use: Mapping[str, Sequence[float]] | None = None
    real: Sequence[Sequence[RealExample]] = ()
    after_steps: Mapping[int, float] | None = None
    log: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    distilled_on: str = ""
    made_on: str = ""


def measured(
    distilled: DistilledSet,
    sentences: Sequence[DecodedSentence] = (),
    vectors: Embedding | None = None,
    metric: Metric = "cosine",
    corpus: Corpus | None = None,
    real: int = 0,
    public: bool = False,
) -> Extras:
    """What can be measured of a set, on its data where they are given.

    Args:
        distilled: the set.
        sentences: its decoded sentences; none for images.
        vectors: those that they were decoded with.
        metric: what they were decoded by.
        corpus: the data that it was distilled from; None: not at hand.
        real: look for the nearest real examples of so many of its samples, which are not to be published.
        public: do not say why something is left out: that may name folders of this machine.
    """
    notes, weights, chance, use, after, nearest = [], None, None, None, None, []
    if sentences and vectors is not None:
        try:
            weights = importance(distilled)
        except TddError as error:  # code of one's own, which is not run unasked
            notes.append(left_out("Importance of words is left out", error, public))
        chance = None if distilled.sentences else _chance(distilled, vectors, metric)
    if corpus is not None:
        if isinstance(corpus.train, TextSplit):
            words = (word for sentence in sentences for near in sentence.words for word in near)
            use = word_use(corpus.train, words, len(distilled.classes))
        try:
            after = accuracy_after_steps(distilled, corpus.validation)
        except TddError as error:
            notes.append(left_out("Accuracy after each step is left out", error, public))
        if real:
            nearest = nearest_examples(distilled, corpus.train, REAL, real)
    return Extras(weights, chance, use, nearest, after, notes=notes)


def left_out(what: str, error: TddError, public: bool) -> str:
    """A note on what is left out and why, or, `public`, that it is: an error may name folders of this machine."""
    return f"{what}." if public else f"{what}: {error}."


def _chance(distilled: DistilledSet, vectors: Embedding, metric: Metric) -> float:
    """How near the nearest word is to the set's own vectors with their numbers in a random order."""
    there = distilled.samples.flatten(0, 1)
    positions = there.flatten(0, 1) if distilled.mask is None else there[distilled.mask.flatten(0, 1)]
    every = -(-len(positions) // _LOOKED_UP)
    _, scores = vectors.nearest(shuffled(positions[::every], 0), 1, metric)
    return scores.flatten().quantile(CHANCE if metric == "cosine" else 1 - CHANCE).item()
