"""Decoded accuracy: how well a set trains when every position is replaced by its nearest word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerate import Accelerator
from torch import nn

from tdd.data.text import TextSplit
from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.vectors import check_vectors
from tdd.errors import UsageError
from tdd.evaluation.evaluation import Evaluation, evaluate
from tdd.evaluation.kept_tests import KeptTests
from tdd.system.reporter import Progress

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus
    from tdd.embeddings.protocol import Embedding


CHECKPOINT_EVERY = 20
"""Outer steps of a fit after which its state is kept."""


def to_words(distilled: DistilledSet, vectors: Embedding) -> tuple[DistilledSet, float]:
    """The set with the vector of the nearest word (by cosine) at every position, and the mean cosine similarity.

    Labels, learning rates, momentum and initialisation stay; the new set bears no results.

    Raises:
        UsageError: the set is not made of embedded text, or `vectors` are not those it was distilled with.
    """
    check_vectors(distilled, vectors)
    words, similarity = vectors.nearest(distilled.samples.flatten(0, 2), 1)
    samples = vectors.embed(words[:, 0] + 1).view_as(distilled.samples)
    if distilled.mask is not None:
        samples, similarity = samples * distilled.mask[..., None], similarity[distilled.mask.flatten()]
    return replace(distilled, samples=samples, results={}), similarity.mean().item()


def check_decodable(distilled: DistilledSet) -> None:
    """Raise UsageError where the samples are words already."""
    if distilled.sentences:
        raise UsageError(
            "this set is made of words and reads as it trains: its accuracy as words is its own (leave --decoded out)"
        )


def refit(
    words: DistilledSet,
    corpus: Corpus,
    init: str,
    accelerator: Accelerator | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    outer_steps: int | None = None,
    network: str | nn.Module | None = None,
    checkpoint: Path | None = None,
) -> tuple[DistilledSet, dict[str, Any]]:
    """Learn labels, learning rates and momentum anew for fixed samples.

    A distillation of `outer_steps` outer steps, or of `refit_steps` in a single course where None, that starts from the
    set; of all sets validated, the start included, the best on held-out data is returned.

    Its state is kept in the file `checkpoint`, and found by a later call; None: nowhere.

    Returns:
        The set, and "outer_steps", "best_step" and "validation_accuracy" of the fit.
    """
    steps = outer_steps or words.recipe.refit_steps
    # The minutes are those of a run, which can be resumed.
    settings = {"init": init, "outer_steps": steps, "validate_every": max(1, steps // 10), "warmup": 0}
    settings["patience"] = None
    settings["max_minutes"] = None
    settings["checkpoint_every"] = CHECKPOINT_EVERY
    if outer_steps is None:  # else they are those of a run, with its courses
        settings["restarts"] = []
    if init == "fixed":
        settings["networks"] = 1
    recipe = words.recipe.model_copy(update=settings)
    if recipe.inner == "plain" and recipe.labels == "hard":  # nothing is left to learn
        networks = None if init == "fixed" else recipe.validation_networks
        about = (networks, init, recipe.seed, recipe.max_validation, accelerator)
        held_out = evaluate(words, corpus.validation, *about, network=network)
        return words, {"outer_steps": 0, "best_step": 0, "validation_accuracy": held_out.mean}
    distiller = Distiller(
        recipe,
        corpus,
        checkpoint,
        accelerator,
        on_progress,
        start=words,
        frozen={"samples"},
        network=network,
    )
    fitted = distiller.run()
    state = distiller.state
    fit = {"outer_steps": steps, "best_step": state.best_step, "validation_accuracy": state.best_accuracy}
    # The samples themselves again: an average of equal numbers is rounded.
    return replace(fitted, samples=words.samples, initialisation=words.initialisation), fit


def decoded_accuracy(
    distilled: DistilledSet,
    corpus: Corpus,
    init: str,
    networks: int = 200,
    max_test: int | None = None,
    accelerator: Accelerator | None = None,
    on_fit: Callable[[Progress], None] = lambda _: None,
    on_test: Callable[[Evaluation], None] = lambda _: None,
    network: str | nn.Module | None = None,
    kept: KeptTests | None = None,
) -> dict[str, Any]:
    """Test accuracy of networks trained on the words nearest to a distilled set.

    Args:
        distilled: the set.
        corpus: the data it was distilled from: held-out examples for the fit, the test split for the figures.
        init: "fixed" or "random" networks.
        networks: fresh networks for random initialisation.
        max_test: test on this many examples only.
        accelerator: device and processes.
        on_fit: called after every outer step of the fit.
        on_test: called with an evaluation so far whenever more networks are done.
        network: the user's own network, see `make_learner`; None: the recipe's.
        kept: where the fit and the networks tested so far are kept; None: nowhere.

    Returns:
        ``{"similarity": mean cosine similarity of a position and its word, "as_learned": evaluation with the labels and
        learning rates of the set, "refitted": evaluation with those of `refit`, and how it went}``.

    Raises:
        UsageError: the set is not made of embedded text, or does not fit the corpus.
    """
    if not isinstance(corpus.train, TextSplit):
        raise UsageError("only a set made from text can be read as words; this data set holds images")
    check_decodable(distilled)
    words, similarity = to_words(distilled, corpus.train.vectors)
    checkpoint = None if kept is None else kept.fit(words, init)
    fitted, fit = refit(words, corpus, init, accelerator, on_fit, network=network, checkpoint=checkpoint)
    seed = distilled.recipe.seed
    as_learned, refitted = (
        evaluate(
            word_set,
            corpus.test,
            None if init == "fixed" else networks,
            init,
            seed,
            max_test,
            accelerator,
            on_test,
            network,
            kept=kept,
        ).as_dict()
        for word_set in (words, fitted)
    )
    return {"similarity": similarity, "as_learned": as_learned, "refitted": refitted | fit}
