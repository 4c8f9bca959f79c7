"""A few examples that stand for all the data: chosen among the real ones, or made of them class by class.

Whatever is chosen, sample i of n belongs to class i mod C, as its first label says
(`tdd.distillation.samples.start.first_labels`); with fewer samples than classes the first n classes have one each. A
class with fewer examples than samples has its examples again.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tdd.data.confidence import confidence
from tdd.data.protocols import Split

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_CLUSTERED = 2000
"""Training examples of a class that k-means clusters: at most 160 MB of sentences of 400 words in 50 dimensions."""
CONFIDENT = 0.3
"""Share of each class that `confident` chooses from; chosen on held-out data, see docs/plain-settings.md."""
# Examples made dense at once.
_DENSE = 256


def random_examples(
    labels: Tensor, n: int, classes: int, draw_from: torch.Generator, among: Tensor | None = None
) -> Tensor:
    """Places (n,) of random examples, none twice while its class has others.

    Where `among` (N,) bool is not None, the others are left out.
    """
    order = torch.randperm(len(labels), generator=draw_from)
    order = order if among is None else order[among[order]]
    return _by_class(order, labels, n, classes, lambda members, count: members[:count])


Features = Callable[[Tensor], Tensor]
"""Plain vectors (M, f) of the examples at some places (M,), as `Split.features` gives them."""
LoadFeatures = Callable[[], Features]
"""Loads what gives others, once they are asked for."""


def herding(
    split: Split, n: int, classes: int, features_of: Features | None = None, among: Tensor | None = None
) -> Tensor:
    """Places (n,) of examples picked so that the mean feature of those of a class stays close to the class's own.

    Where `among` (N,) bool is not None, the others are left out of both.

    Greedy, one example after the other (Welling 2009; in this form iCaRL, arXiv 1611.07725, section 3.3).
    """

    def choose(members: Tensor, count: int) -> Tensor:
        features = (features_of or split.features)(members)
        target, total = features.mean(0), torch.zeros(features.shape[1])
        chosen: list[int] = []
        for size in range(1, min(count, len(members)) + 1):
            distances = (target - (total + features) / size).norm(dim=1)
            distances[chosen] = torch.inf
            chosen.append(int(distances.argmin()))
            total += features[chosen[-1]]
        return members[chosen]

    return _by_class(_pool(split, among), split.labels, n, classes, choose)


def k_center(
    split: Split, n: int, classes: int, features_of: Features | None = None, among: Tensor | None = None
) -> Tensor:
    """Places (n,) of examples picked so that no example of a class has a feature far from those of the picked ones.

    Where `among` (N,) bool is not None, the others are left out of both.

    Greedy: the one nearest to the class's mean, then always the farthest (Sener & Savarese, arXiv 1708.00489).
    """

    def choose(members: Tensor, count: int) -> Tensor:
        features = (features_of or split.features)(members)
        chosen = [int((features - features.mean(0)).norm(dim=1).argmin())]
        nearest = torch.full((len(members),), torch.inf)
        while len(chosen) < min(count, len(members)):
            nearest = nearest.minimum((features - features[chosen[-1]]).norm(dim=1))
            nearest[chosen[-1]] = -1  # Not even where all others are the same example again.
            chosen.append(int(nearest.argmax()))
        return members[chosen]

    return _by_class(_pool(split, among), split.labels, n, classes, choose)


def nearest_to_centroids(
    split: Split,
    n: int,
    classes: int,
    draw_from: torch.Generator,
    features_of: Features | None = None,
    among: Tensor | None = None,
) -> Tensor:
    """Places (n,) of examples whose features lie nearest to the centroids of k-means in their class, none twice.

    Where `among` (N,) bool is not None, the others are left out of both.
    """

    def choose(members: Tensor, count: int) -> Tensor:
        features = (features_of or split.features)(members)
        seed = int(torch.randint(2**31, (), generator=draw_from))
        centres = _centroids(features.numpy(), min(count, len(members)), seed)
        distances = torch.cdist(centres.to(features.dtype), features)
        chosen: list[int] = []
        for row in distances:
            row[chosen] = torch.inf
            chosen.append(int(row.argmin()))
        return members[chosen]

    return _by_class(_pool(split, among), split.labels, n, classes, choose)


def confident(
    split: Split,
    n: int,
    classes: int,
    draw_from: torch.Generator,
    features_of: Features | None = None,
    among: Tensor | None = None,
    share: float = CONFIDENT,
) -> Tensor:
    """Places (n,) of examples that `herding` picks among those whose class can be told from their features.

    They are the `share` of each class of which a classifier is surest that did not learn from them: where few
    examples are kept, easy ones are worth most (Sorscher et al., arXiv 2206.14486). The folds are drawn.
    """
    pool, sure = _pool(split, among), torch.zeros(len(split.labels), dtype=torch.bool)
    labels = split.labels[pool]
    own = confidence((features_of or split.features)(pool), labels, draw_from)
    for label in range(min(n, classes)):
        members = (labels == label).nonzero()[:, 0]
        least = -(-(n - label) // classes)  # its samples
        count = max(least, round(share * len(members)))
        sure[pool[members[own[members].argsort(descending=True, stable=True)[:count]]]] = True
    return herding(split, n, classes, features_of, sure)


def chosen_examples(
    choice: str,
    split: Split,
    n: int,
    classes: int,
    draw_from: torch.Generator,
    features_of: Features | None = None,
    among: Tensor | None = None,
) -> Tensor:
    """Places (n,) of examples chosen by "herding", "k_center", "nearest" or "confident"; the last two draw."""
    if choice in ("nearest", "confident"):
        drawn = nearest_to_centroids if choice == "nearest" else confident
        return drawn(split, n, classes, draw_from, features_of, among)
    return {"herding": herding, "k_center": k_center}[choice](split, n, classes, features_of, among)


def class_means(split: Split, n: int, classes: int) -> Tensor:
    """Inputs (n, ...): the mean input of each class (paper 4.3), which all its samples share."""
    total = torch.zeros(classes, *split.space.shape, dtype=torch.float64)
    for batch in split.batches(_DENSE):
        total.index_add_(0, batch.labels, batch.inputs()[0].double())
    counts = torch.bincount(split.labels, minlength=classes).view(-1, *[1] * len(split.space.shape))
    return (total / counts).float()[torch.arange(n) % classes]


def class_centroids(split: Split, n: int, classes: int, draw_from: torch.Generator) -> Tensor:
    """Inputs (n, ...): centroids of k-means in each class, on whole inputs laid flat (paper 4.3).

    Of a class with more than `MOST_CLUSTERED` examples, as many random ones are clustered, which bounds memory.
    """
    order = torch.randperm(len(split), generator=draw_from)
    centroids = torch.empty(n, *split.space.shape)
    for label in range(min(n, classes)):
        members = order[split.labels[order] == label][:MOST_CLUSTERED]
        places = torch.arange(label, n, classes)
        flat = torch.empty(len(members), *split.space.shape)
        for some in torch.arange(len(members)).split(_DENSE):
            flat[some] = split.batch(members[some]).inputs()[0]
        seed = int(torch.randint(2**31, (), generator=draw_from))
        centres = _centroids(flat.flatten(1).numpy(), min(len(places), len(members)), seed)
        repeated = centres[torch.arange(len(places)) % len(centres)]
        centroids[places] = repeated.view(-1, *split.space.shape).to(centroids.dtype)
    return centroids


def _centroids(points: NDArray[np.float32], count: int, seed: int) -> Tensor:
    """`count` centroids (count, f) of points (N, f), which may be overwritten."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():  # where points are equal there are fewer clusters; empty ones repeat a point
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = KMeans(count, n_init=1, random_state=seed, copy_x=False).fit(points)
    return torch.from_numpy(fitted.cluster_centers_)


def _pool(split: Split, among: Tensor | None) -> Tensor:
    """Places of the examples that are chosen from: all, or those of `among` (N,) bool."""
    return torch.arange(len(split)) if among is None else among.nonzero()[:, 0]


def _by_class(pool: Tensor, labels: Tensor, n: int, classes: int, choose: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Places (n,), of which every C-th belongs to one class and comes from `choose`, out of `pool` in its order.

    `choose` is given the places of the class's members and how many are wanted; it may return fewer.
    """
    chosen = torch.empty(n, dtype=torch.int64)
    for label in range(min(n, classes)):
        places = torch.arange(label, n, classes)
        picked = choose(pool[labels[pool] == label], len(places))
        chosen[places] = picked[torch.arange(len(places)) % len(picked)]
    return chosen
