"""Names of baselines and of learners, and how they are printed; imports nothing, so that ``tdd --help`` stays fast."""

NAMES = {
    "random": "random real",
    "optimised": "optimised real",
    "kmeans": "k-means per class",
    "average": "average per class",
    "herding": "herding",
    "k_center": "k-center",
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
