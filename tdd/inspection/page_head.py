"""The head of a page: what the set is, what it reached beside all the data and real examples, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.differences import better_than, strongest
from tdd.evaluation.names import NAMES, NOT_OPPONENTS, PLAIN, WITHOUT_NETWORKS
from tdd.system.formatting import duration, percent

PAPER = "https://arxiv.org/abs/1910.02551"
COMMAND = "tdd distill --recipe recipe.yaml"
"""Makes such a set again, with the settings that the page prints as `recipe.yaml`."""


@dataclass(frozen=True)
class Accuracy:
    """A bar of the head.

    Attributes:
        name: what was trained on.
        about: how, in a few words.
        mean, sd: in [0, 1].
        kind: "set", "real" or "all".
    """

    name: str
    about: str
    mean: float
    sd: float
    kind: str


def accuracies(distilled: DistilledSet) -> list[Accuracy]:
    """The set's own accuracies, that of its best baseline of real examples and that of all the data, if measured.

    The best baseline is the one that is best on held-out data; where none was tested there, on the test split. With it
    stands how much better the set is, trained in the same way, with the 95 % interval of the difference.
    """
    results, found = distilled.results, []
    for init, evaluation in results.get("evaluation", {}).items():
        networks = evaluation.get("networks", 1)
        about = f"{init} initialisation" + (f", {networks} networks" if networks > 1 else "")
        if evaluation.get("test_examples", 0) < evaluation.get("test_split", 0):
            about += f", {evaluation['test_examples']:,} of {evaluation['test_split']:,} test examples"
        found.append(Accuracy("this set", about, evaluation["mean"], evaluation.get("sd", 0.0), "set"))
    if best := best_baseline(results):
        name, evaluation = best
        how = "plain training" if name.endswith(PLAIN) else "as many gradient steps"
        chosen = NAMES.get(name, name).removesuffix(", plain training")
        about = chosen if name in WITHOUT_NETWORKS else f"{chosen}; {how}"
        if difference := better_than(results, name, distilled.recipe.init):
            within = ", 95 % interval" if difference.interval else ""
            about += f"; the set, trained so, differs by {difference} points{within}"
        found.append(
            Accuracy(f"{distilled.n} real examples", about, evaluation["mean"], evaluation.get("sd", 0.0), "real")
        )
    if full := results.get("full_data"):
        found.append(Accuracy("all the data", "the same network", full["accuracy"], 0.0, "all"))
    return found


def best_baseline(results: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Name and result of the best baseline that is made of real examples; None: none was measured."""
    baselines = {
        name: result
        for name, result in (results.get("baselines") or {}).items()
        if name not in NOT_OPPONENTS and "mean" in result
    }
    name = strongest(baselines) or max(baselines, key=lambda each: baselines[each]["mean"], default=None)
    return None if name is None else (name, baselines[name])


def ratio(distilled: DistilledSet) -> float | None:
    """Accuracy of the set, as it was made to be trained on, over that of all the data; None: one is not measured."""
    full = distilled.results.get("full_data")
    own = distilled.results.get("evaluation", {}).get(distilled.recipe.init)
    return own["mean"] / full["accuracy"] if own and full else None


def details(distilled: DistilledSet) -> str:
    """Interval, macro-F1 and majority class of the set's own accuracy, in a line; empty where none is measured."""
    own = distilled.results.get("evaluation", {}).get(distilled.recipe.init) or {}
    parts = []
    if "interval" in own:
        parts.append(f"95 % interval over test examples {' to '.join(f'{100 * end:.1f}' for end in own['interval'])} %")
    if "macro_f1" in own:
        parts.append(f"macro-F1 {percent(own['macro_f1']['mean'], own['macro_f1']['sd'])}")
    if "majority" in own:
        parts.append(f"most frequent class {percent(own['majority'])}")
    return f"This set, {distilled.recipe.init} initialisation: {', '.join(parts)}." if parts else ""


def facts(distilled: DistilledSet, distilled_on: str) -> list[tuple[str, str]]:
    """What the set is, a name and a few words each, of a set that may be told of (`public`)."""
    recipe, results = distilled.recipe, distilled.results
    shape = distilled.samples.shape[2:]
    kind = "real words" if distilled.sentences else "learned vectors"
    is_text = distilled.space.kind == "text"
    found = [
        ("n", str(distilled.n)),
        _inner_steps(distilled),
        ("a sample", f"{shape[0]} positions of {kind}" if is_text else f"{shape[2]} × {shape[1]} pixels"),
        ("network", ", ".join(recipe.pool or [recipe.network])),
        ("made for", f"{recipe.init} initialisation"),
        ("labels", recipe.labels),
    ]
    if is_text:
        found.append(("word vectors", distilled.source.get("vectors", recipe.vectors)))
    if distilled.attention is not None:
        layers = distilled.attention.shape[2]
        found.append(("attention labels", f"{layers} layer{'s' if layers > 1 else ''}"))
    distillation = results.get("distillation") or {}
    if "outer_steps" in distillation:
        took = f" in {duration(distillation['seconds'])}" if "seconds" in distillation else ""
        found.append(("learned by", f"{distillation['outer_steps']:,} outer steps{took}"))
    if version := (distillation.get("versions") or {}).get("tdd"):
        found.append(("made with", f"tdd {version}"))
    if distilled_on:
        found.append(("distilled", distilled_on))
    return found


def _inner_steps(distilled: DistilledSet) -> tuple[str, str]:
    recipe, (steps, per_step) = distilled.recipe, distilled.samples.shape[:2]
    if recipe.inner == "plain":
        return "trained by", f"AdamW, {recipe.inner_steps[1]} steps of {min(recipe.inner_batch, distilled.n)} samples"
    return "inner steps", f"{steps} of {per_step} sample{'s' if per_step > 1 else ''}"


def about_labels(distilled: DistilledSet) -> str:
    """What the numbers of the labels are, in a sentence or two."""
    if distilled.recipe.labels == "hard":
        return "Labels are hard: 1 for the class of the sample, which is not learned."
    if distilled.recipe.inner == "plain":
        return "A label is learned: a probability for each class."
    return (
        "A label's number is learned and may be any real number: how strongly the sample pulls a network towards the "
        "class or, below zero, away from it. It is no probability."
    )


def links(distilled: DistilledSet) -> list[tuple[str, str]]:
    """Where the data set and the method are to be found: words and address."""
    found = [("the method's paper", PAPER)]
    if "revision" in distilled.source:  # read from the Hub
        name = distilled.source["dataset"]
        found.insert(0, (f"{name} on the Hub", f"https://huggingface.co/datasets/{name}"))
    return found
