"""How sure a classifier is of the class of examples that it did not learn from."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import Tensor

FOLDS = 5
"""Parts that examples are split into; a classifier learns from all but one."""
# Of logistic regression, on features of unit deviation: weight of the data against that of the penalty.
_C = 0.1
# Examples that a classifier learns from: more of them change little, and take long.
_MOST = 50_000


def confidence(features: Tensor, labels: Tensor, draw_from: torch.Generator) -> Tensor:
    """The probability (M,) that a classifier gives the class of each example: logistic regression on the others.

    Args:
        features: (M, f) of the examples.
        labels: (M,) their classes.
        draw_from: where the folds come from.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    x = (features / features.std().clamp(min=1e-12)).float().numpy()
    y = labels.numpy()
    order = torch.randperm(len(y), generator=draw_from).numpy()
    # Members of a class lie in all folds in turn.
    order = order[np.argsort(y[order], kind="stable")]
    folds = [order[start::FOLDS] for start in range(min(FOLDS, len(y)))]
    found = np.zeros(len(y), dtype=np.float32)
    for fold in folds:
        others = np.setdiff1d(order, fold)
        others = others[:: max(1, -(-len(others) // _MOST))]
        known = np.unique(y[others])
        if len(known) < 2:
            found[fold] = np.isin(y[fold], known)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            classifier = LogisticRegression(C=_C, max_iter=100).fit(x[others], y[others])
        columns = np.searchsorted(known, y[fold]).clip(max=len(known) - 1)
        own = classifier.predict_proba(x[fold])[np.arange(len(fold)), columns]
        found[fold] = np.where(known[columns] == y[fold], own, 0.0)
    return torch.from_numpy(found)
