"""What baselines, learners and training on all the data are called; imports nothing that would slow ``tdd --help``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tdd.settings.encoder_names import BY_MINILM

RANDOM = "random"
"""The way to choose real examples that looks at nothing."""
BY_VECTORS = {
    "herding": "herding",
    "k_center": "k-center",
    "nearest": "nearest to k-means",
    "confident": "herding of the surest",
}
"""Ways that look at the plain vectors of the examples, see `Split.features`."""
CHOICES = {
    RANDOM: "random real",
    **BY_VECTORS,
    **{f"{choice}{BY_MINILM}": f"{about} by MiniLM" for choice, about in BY_VECTORS.items()},
}
"""How real examples are chosen."""
LABELS = {"hard": "", "teacher": ", teacher's labels", "ensemble": ", several teachers' labels"}
"""What labels they get: their own, or soft ones of an early-stopped teacher, or of several."""
REAL = {
    choice if kind == "hard" else f"{choice}_{kind}": f"{chosen}{labels}"
    for choice, chosen in CHOICES.items()
    for kind, labels in LABELS.items()
}
"""Sets of real examples."""
PLAIN = "_plain"
"""What the names of baselines end in that are trained plainly, not by as many steps as the set has."""
OTHERS = {
    "optimised": "optimised real",
    "kmeans": "k-means per class",
    "average": "average per class",
    "knn_random": "nearest neighbours, random real",
    "knn_kmeans": "nearest neighbours, k-means",
}
"""Other baselines made of real examples."""
WITHOUT_NETWORKS = ("knn_random", "knn_kmeans")
"""Those of them by which no network is trained."""
NOT_OPPONENTS = {"label_only": "random real, labels learned", "full": "all the data"}
"""What a set is compared with that is no baseline of n real examples: it has seen an outer gradient, or all of them."""
NAMES = REAL | OTHERS | {f"{name}{PLAIN}": f"{about}, plain training" for name, about in REAL.items()} | NOT_OPPONENTS
"""In the order in which they are measured: quick ones first."""

DRAWS, NETWORKS = 20, 200
"""Random sets of real examples, and fresh networks (random initialisation), unless told otherwise."""

TFIDF, FROZEN = "tfidf", "frozen_minilm"
LEARNERS = {TFIDF: "TF-IDF and logistic regression", FROZEN: "MiniLM's sentence vectors and logistic regression"}
"""Learners beside networks that know plain training alone."""
PROTOCOLS = {"learned": "learned steps", "plain": "plain training"}
"""How what is tested is trained; see docs/transfer.md."""
SUBJECT = "set"
"""The row of the set itself in the results of a transfer."""


def is_by_minilm(name: str) -> bool:
    """Whether the real examples of a baseline are chosen by MiniLM's sentence vectors."""
    return choice_and_labels(name.removesuffix(PLAIN))[0].endswith(BY_MINILM)


def choice_and_labels(name: str) -> tuple[str, str]:
    """How the examples of a real set are chosen, and what labels they get."""
    for kind in LABELS:
        if name.endswith(f"_{kind}"):
            return name.removesuffix(f"_{kind}"), kind
    return name, "hard"


MEASURED = tuple(name for name in NAMES if not is_by_minilm(name))
"""Those that are measured unless others are asked for: MiniLM takes minutes to read a training split."""

SEARCHED = "searched"
"""Where results say that the setting was chosen by a search with another "seed", and of how many "settings"."""


def how_many_tried(full: Mapping[str, Any]) -> int:
    """Of how many settings the one is the best by which a network was trained on all the data, from its results."""
    searched: Mapping[str, int] = full.get(SEARCHED, {})
    return max(1, len(full.get("tried", [])), searched.get("settings", 1))


def how_trained(full: Mapping[str, Any]) -> str:
    """How a network was trained on all the data, from its results: ``Adam 0.003, best of 8 settings``."""
    if "learning_rate" not in full:
        return ""
    text = f"Adam {full['learning_rate']:g}"
    if full.get("label_smoothing"):
        text += f", label smoothing {full['label_smoothing']:g} in place of dropout"
    if full.get("weight_decay"):
        text += f", weight decay {full['weight_decay']:g}"
    tried = how_many_tried(full)
    return text + (f", best of {tried} settings on held-out data" if tried > 1 else "")
