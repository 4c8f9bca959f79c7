"""The last layer of K stacked networks, ``classifier``, and its soft cross-entropy, with their derivatives."""

from __future__ import annotations

import torch
from torch import Tensor

from tdd.networks.kernels.parameters import Parameters


def product(features: Tensor, weight: Tensor) -> Tensor:
    """(n, K, H) times the classifier's weight (K, C, H): (n, K, C)."""
    return torch.einsum("nkh,kch->nkc", features, weight)


def classify(theta: Parameters, features: Tensor) -> Tensor:
    """Logits (n, K, C) of features (n, K, H)."""
    return product(features, theta["classifier.weight"]) + theta["classifier.bias"]


def classifier_reverse(theta: Parameters, error: Tensor) -> Tensor:
    """Gradient to the pooled features (n, K, H) of logits that have gradient (n, K, C)."""
    return torch.einsum("nkc,kch->nkh", error, theta["classifier.weight"])


def classifier_gradient(error: Tensor, features: Tensor) -> Parameters:
    """Gradient to the classifier of logits that have gradient `error` (n, K, C)."""
    return {
        "classifier.weight": torch.einsum("nkc,nkh->kch", error, features),
        "classifier.bias": error.sum(0),
    }


def softmax_error(theta: Parameters, h: Tensor, y: Tensor, log: bool = False) -> tuple[Tensor, Tensor]:
    """Probabilities (n, K, C), or their logarithms, and the loss's gradient to the logits; labels y (n, C)."""
    log_p = classify(theta, h).log_softmax(2)
    p = log_p.exp()
    labels = y[:, None]
    return log_p if log else p, (labels.sum(2, keepdim=True) * p - labels) / len(y)


def relu_reverse(z: Tensor, gradient: Tensor) -> Tensor:
    """Gradient, or tangent, on the other side of a ReLU at z."""
    return gradient * (z > 0)
