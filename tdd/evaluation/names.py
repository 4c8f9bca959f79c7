"""What baselines, learners and training on all the data are called; imports nothing that would slow ``tdd --help``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = {
    "random": "random real",
    "optimised": "optimised real",
    "kmeans": "k-means per class",
    "average": "average per class",
    "herding": "herding",
    "k_center": "k-center",
    "random_converged": "random real, to convergence",
    "herding_converged": "herding, to convergence",
    "k_center_converged": "k-center, to convergence",
    "herding_teacher": "herding, teacher's labels, to convergence",
    "knn_random": "nearest neighbours, random real",
    "knn_kmeans": "nearest neighbours, k-means",
    "label_only": "random real, labels learned",
    "full": "all the data",
}
"""In the order in which they are measured: quick ones first."""

DRAWS, NETWORKS = 20, 200
"""Random sets of real examples, and fresh networks (random initialisation), unless told otherwise."""

LEARNERS = {"tfidf": "TF-IDF and logistic regression", "network": "the set's network by Adam"}
"""Learners that are given a set's sentences and labels alone, see `tdd.evaluation.plain_text`."""
SENTENCES = {"distilled": "this set"} | {name: NAMES[name] for name in ("random", "k_center", "herding")}
"""The sentences that these learners learn from."""


def how_trained(full: Mapping[str, Any]) -> str:
    """How a network was trained on all the data, from its results: ``Adam 0.003, best of 8 settings``."""
    if "learning_rate" not in full:
        return ""
    text = f"Adam {full['learning_rate']:g}"
    if full.get("label_smoothing"):
        text += f", label smoothing {full['label_smoothing']:g} in place of dropout"
    tried = len(full.get("tried", []))
    return text + (f", best of {tried} settings on held-out data" if tried > 1 else "")
