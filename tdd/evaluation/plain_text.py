"""Accuracy of other learners trained on the sentences and soft labels of a distilled set of words alone.

Two learners that know nothing of distillation learn from them, and from as many real sentences with their own labels.
The settings of each are chosen on held-out data, all of them before the test split is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor, nn

from tdd.data.protocols import Split
from tdd.data.real_examples import herding, k_center, random_examples
from tdd.data.text import TextSplit
from tdd.distillation.accuracy import check_fits
from tdd.distilled_set.sentences import Sentences
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.evaluation.evaluation import Evaluation
from tdd.evaluation.names import LEARNERS, SENTENCES
from tdd.evaluation.plain_text_learners import AdamNetwork, Chosen, TfIdf
from tdd.settings.pool_parts import check_one_network
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.seeds import generator

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

NETWORKS, DRAWS = 8, 8
"""Fresh networks trained on each kind of sentences, unless told otherwise, and sets of random real sentences."""


def sentences_of(distilled: DistilledSet) -> Sentences:
    """The set's sentences.

    Raises:
        UsageError: it is not made of words.
    """
    if distilled.space.kind != "text":
        raise UsageError("--plain-text needs sentences, and this set holds images")
    if distilled.sentences is None:
        raise UsageError(
            "--plain-text needs a set made of words, and this one is made of other vectors: distil with "
            "--samples words, or see what its nearest words are worth with --decoded"
        )
    return distilled.sentences


def plain_text_accuracy(
    distilled: DistilledSet,
    corpus: Corpus,
    networks: int = NETWORKS,
    max_test: int | None = None,
    accelerator: Accelerator | None = None,
    on_progress: Callable[[int, int, str], None] = lambda done, total, purpose: None,
    network: str | nn.Module | None = None,
) -> dict[str, dict[str, Any]]:
    """Test accuracy of both learners on the set's sentences and on real ones.

    Args:
        distilled: a set of words.
        corpus: the data it was distilled from.
        networks: fresh networks trained on each kind of sentences; on random ones, shared out over their draws.
        max_test: test on this many examples only.
        accelerator: the device.
        on_progress: called with the jobs done, their number, and what the last one was.

    Returns:
        By learner (`LEARNERS`) and kind of sentences (`SENTENCES`): an evaluation with the settings chosen, their
        "validation_accuracy", the "draws", and what the deviation is "sd_over".

    Raises:
        UsageError: the set is not made of words, or is made for a pool, or does not fit the corpus.
    """
    sentences = sentences_of(distilled)
    check_one_network(distilled.recipe, "--plain-text is")
    check_fits(distilled, corpus.train)
    train, validation, test = (_text(split) for split in (corpus.train, corpus.validation, corpus.test))
    device = (accelerator or default_accelerator()).device
    classes, recipe = len(corpus.classes), distilled.recipe
    generators = [generator(recipe.seed, "plain text", "random", index) for index in range(DRAWS)]
    chosen_by = {
        "random": [random_examples(train.labels, distilled.n, classes, draw_from) for draw_from in generators],
        "k_center": [k_center(train, distilled.n, classes)],
        "herding": [herding(train, distilled.n, classes)],
    }
    sets = {"distilled": [distilled_texts(sentences, distilled.labels, train)]}
    sets |= {kind: [real_texts(train, places, classes) for places in draws] for kind, draws in chosen_by.items()}
    learners: dict[str, TfIdf | AdamNetwork] = {
        "tfidf": TfIdf(validation, test, max_test),
        "network": AdamNetwork(recipe, classes, validation, test, max_test, networks, device, network),
    }
    jobs = list(product(LEARNERS, SENTENCES))
    chosen: list[Chosen] = []
    for learner, kind in jobs:
        chosen.append(learners[learner].choose(sets[kind]))
        on_progress(len(chosen), 2 * len(jobs), f"settings chosen: {LEARNERS[learner]}, {SENTENCES[kind]}")
    # The test split is read from here on.
    results: dict[str, dict[str, Any]] = {learner: {} for learner in LEARNERS}
    for place, ((learner, kind), (settings, held_out)) in enumerate(zip(jobs, chosen, strict=True), 1):
        accuracies = learners[learner].test(sets[kind], settings)
        trained = len(accuracies) if learner == "network" else 0
        drawn = min(len(sets[kind]), len(accuracies))
        sd_over = " and ".join(name for name, count in (("networks", trained), ("draws", drawn)) if count > 1)
        details = {"networks": trained, "draws": drawn, "sd_over": sd_over, "validation_accuracy": held_out}
        examples = len(test) if max_test is None else min(max_test, len(test))
        evaluation = Evaluation("random", accuracies, examples, len(test))
        results[learner][kind] = evaluation.as_dict() | details | settings
        on_progress(len(jobs) + place, 2 * len(jobs), f"tested: {LEARNERS[learner]}, {SENTENCES[kind]}")
    return results


# Texts and labels


def probabilities(labels: Tensor) -> Tensor:
    """Soft labels, any real numbers (n, C), as probabilities (n, C).

    Negative numbers become 0 and the others are divided by their sum. A row where nothing is positive becomes its
    softmax, which keeps the order of the classes.
    """
    labels = labels.double()  # in which no sum of single numbers overflows
    positive = labels.clamp(min=0)
    total = positive.sum(1, keepdim=True)
    return torch.where(total > 0, positive / total, labels.softmax(1)).float()


def distilled_texts(sentences: Sentences, labels: Tensor, like: TextSplit) -> TextSplit:
    """A set's n sentences, without padding, with its labels (steps, per_step, C) as probabilities (n, C)."""
    rows = [row[row > 0] for row in sentences.tokens.flatten(0, 1).numpy()]
    return _texts(rows, probabilities(labels.flatten(0, 1)), like)


def real_texts(split: TextSplit, places: Tensor, classes: int) -> TextSplit:
    """The sentences at `places` (n,) of a split, each whole, with their own labels, one-hot (n, C)."""
    rows = [split.ids[split.offsets[place] : split.offsets[place + 1]] for place in places.tolist()]
    return _texts(rows, F.one_hot(split.labels[places], classes).float(), split)


def _texts(rows: Sequence[NDArray[np.int32]], labels: Tensor, like: TextSplit) -> TextSplit:
    offsets = torch.tensor([0, *map(len, rows)]).cumsum(0)
    return TextSplit(torch.from_numpy(np.concatenate(rows)), offsets, labels, like.vectors, like.max_length)


def _text(split: Split) -> TextSplit:
    if not isinstance(split, TextSplit):
        raise UsageError("--plain-text needs a data set of texts, and this one holds images")
    return split
