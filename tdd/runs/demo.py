"""The demonstration: a set of the embedded film reviews, and beside it what tells whether that is good."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tdd.distilled_set.results import read_results
from tdd.distilled_set.run_folder import read_run
from tdd.distilled_set.set import DistilledSet
from tdd.hub.layout import RESULTS
from tdd.inspection.show import show
from tdd.runs.baselines import measure_baselines_of_run
from tdd.runs.evaluate import evaluate_run
from tdd.runs.reference import measure_reference
from tdd.runs.reuse import run_or_reuse
from tdd.settings.recipe import Recipe
from tdd.system.formatting import aligned, duration, percent
from tdd.system.reporter import Reporter

FREE, WORDS = "free", "words"
"""Folders of the two runs."""
SHOWN = 4
"""Sentences that are shown of the words."""


def demo(recipe: Recipe, word_steps: int, folder: Path, reporter: Reporter) -> str:
    """Distil two sets, of any numbers and of real words, and measure what they are compared with.

    Args:
        recipe: of the set of numbers, with a fixed initialisation.
        word_steps: outer steps of the set of words.
        folder: holds both runs; what is there of them is reused.
        reporter: where progress is told.

    Returns:
        The comparison, a few sentences of words, and what to do next.

    Raises:
        UsageError: the folder holds other runs, or what `tdd.runs.distill.distill` raises.
        Interrupted: the same call goes on.
    """
    free, words = folder / FREE, folder / WORDS
    run_or_reuse(recipe, free, reporter)
    of_words = recipe.model_copy(update={"samples": "words", "outer_steps": word_steps})
    run_or_reuse(of_words, words, reporter)
    measure_baselines_of_run(free, only=["random"], reporter=reporter, threads=recipe.threads)
    before = read_results(free / RESULTS)
    if "full_data" not in before:
        evaluate_run(free, full=True, reporter=reporter, only_missing=True, threads=recipe.threads)
    if "tfidf" not in before:
        measure_reference(free, None, reporter)
    sets = read_run(free), read_run(words)
    first = show(sets[1], None, "cosine", SHOWN, "table", False, False)
    return "\n".join([_comparison(*sets), "", f"{SHOWN} of the sentences of words:", "", first, "", _next(folder)])


def _comparison(free: DistilledSet, words: DistilledSet) -> str:
    """A line for each thing that a network, or another learner, can be trained on."""
    results, n = free.results, free.n
    own, of_words = (each.results["evaluation"]["fixed"] for each in (free, words))
    random, train = results["baselines"]["random"], results["data"]["classes"].values()
    texts = f"all {sum(counts['train'] for counts in train):,} sentences"
    rows: list[tuple[str, float, float, float]] = [
        ("nothing: always the most frequent class", own["majority"], 0.0, 0.0),
        (f"{n} real sentences, drawn at random", random["mean"], random["sd"], random["seconds"]),
        (f"{n} distilled sentences of real words", of_words["mean"], 0.0, _spent(words)),
        (f"{n} distilled sentences of any numbers", own["mean"], 0.0, _spent(free)),
        *(
            (f"{texts}, {learner}", found["accuracy"], 0.0, found.get("seconds", 0.0))
            for learner, found in (
                ("the same network", results["full_data"]),
                ("TF-IDF and logistic regression", results["tfidf"]),
            )
        ),
    ]
    cells = [["trained on", "test accuracy", "took"]]
    cells += [[about, percent(mean, sd), duration(took) if took else "-"] for about, mean, sd, took in rows]
    steps = free.learning_rates.shape[1]
    return (
        f"Is this good? On {own['test_examples']:,} sentences that nothing has seen:\n\n{aligned(cells, left=(0,))}\n\n"
        f"A network is trained on a distilled set in {steps} gradient steps; what took the time is to learn the set."
    )


def _spent(distilled: DistilledSet) -> float:
    distillation: Mapping[str, Any] = distilled.results["distillation"]
    return float(distillation["seconds"])


def _next(folder: Path) -> str:
    lines = [
        (f'  tdd predict {folder / FREE} "a fine film"', "the class of a text, by a network trained on the set"),
        (f"  tdd decode {folder / WORDS} --format html", "all its sentences, as a page"),
        ("  tdd describe reviews.csv", "what would be read of your own data"),
        ("  tdd distill reviews.csv --n 20", "a set of them"),
    ]
    return f"Next:\n{aligned(lines, left=(0, 1))}"
