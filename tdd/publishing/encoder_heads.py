"""The classifier of an encoder in the form that transformers' own models for the classification of texts have.

Their heads have a dense layer, and most an activation or a normalisation, between the vector of a text and the
classifier, which is linear here. These are made neutral: by weights, or by the configuration where that says what they
are. Most read the first token alone: only a model whose configuration names its pooling can express a mean.
`tdd.publishing.pooled_encoder` is for what they cannot express.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_SMALL = 2.0**-14
"""Of numbers so small tanh gives back the number itself: it differs by a third of its square, 1e-7 of it for 10."""
_LINEAR_FROM = 8.0
"""From here on GELU gives back the number itself, in float32."""
_TINY = 2.0**-24
"""Beside numbers so small what a normalisation adds to their variance, to divide by something, is all that counts."""


def _identity(layer: Any, scale: float = 1.0) -> None:
    layer.weight.copy_(torch.eye(len(layer.weight)) * scale)
    if layer.bias is not None:
        layer.bias.zero_()


def _linear(layer: Any, weight: Tensor, bias: Tensor) -> None:
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)


def _by_tanh(dense: Any, classifier: Any, weight: Tensor, bias: Tensor) -> None:
    """Behind tanh: numbers are made small before it, and large again by the classifier."""
    _identity(dense, _SMALL)
    _linear(classifier, weight / _SMALL, bias)


def _by_shift(dense: Any, classifier: Any, weight: Tensor, bias: Tensor, most: Tensor) -> None:
    """Behind ReLU or GELU: numbers of absolute value `most` (h,) are made positive before it, and the classifier
    takes back what was added."""
    _identity(dense)
    dense.bias.copy_(most + _LINEAR_FROM)
    _linear(classifier, weight, (bias.double() - weight.double() @ dense.bias.double()).float())


def _most(norm: Any) -> Tensor:
    """(h,) what a number is at most, in absolute value, behind a normalisation of layers."""
    most: Tensor = norm.weight.abs() * len(norm.weight) ** 0.5 + norm.bias.abs()
    return most


def _bert(model: Any, weight: Tensor, bias: Tensor) -> None:
    _by_tanh(model.bert.pooler.dense, model.classifier, weight, bias)


def _albert(model: Any, weight: Tensor, bias: Tensor) -> None:
    _by_tanh(model.albert.pooler, model.classifier, weight, bias)


def _roberta(model: Any, weight: Tensor, bias: Tensor) -> None:
    _by_tanh(model.classifier.dense, model.classifier.out_proj, weight, bias)


def _distilbert(model: Any, weight: Tensor, bias: Tensor) -> None:
    last = model.distilbert.transformer.layer[-1].output_layer_norm
    _by_shift(model.pre_classifier, model.classifier, weight, bias, _most(last))


def _electra(model: Any, weight: Tensor, bias: Tensor) -> None:
    last = model.electra.encoder.layer[-1].output.LayerNorm
    _by_shift(model.classifier.dense, model.classifier.out_proj, weight, bias, _most(last))


def _deberta(model: Any, weight: Tensor, bias: Tensor) -> None:
    _identity(model.pooler.dense)  # its activation is that of the configuration
    _linear(model.classifier, weight, bias)


def _modernbert(model: Any, weight: Tensor, bias: Tensor) -> None:
    """Behind a normalisation: the dense layer gives the logits and their negatives, whose mean is 0, and so small that
    they are divided by a constant."""
    classes, hidden = weight.shape
    dense, norm = model.head.dense, model.head.norm
    dense.weight.zero_()
    dense.weight[: 2 * classes] = torch.cat([weight, -weight]) * _TINY
    norm.weight.fill_(1)
    for part in (dense, norm):
        if part.bias is not None:
            part.bias.zero_()
    _linear(model.classifier, torch.eye(classes, hidden) * (norm.eps**0.5 / _TINY), bias)


Head = Callable[[Any, Tensor, Tensor], None]
HEADS: dict[str, Head] = {
    "albert": _albert,
    "bert": _bert,
    "camembert": _roberta,
    "deberta": _deberta,
    "deberta-v2": _deberta,
    "distilbert": _distilbert,
    "electra": _electra,
    "modernbert": _modernbert,
    "mpnet": _roberta,
    "roberta": _roberta,
    "xlm-roberta": _roberta,
}
"""What sets the head of a kind of model to a linear classifier with weight (C, h) and bias (C,)."""
_SETTINGS: dict[str, dict[str, Any]] = {
    "deberta": {"pooler_hidden_act": "linear"},
    "deberta-v2": {"pooler_hidden_act": "linear"},
    "modernbert": {"classifier_activation": "linear"},
}
_TAKE_A_MEAN = {"modernbert": "classifier_pooling"}


def settings_of_head(kind: str, pooling: str, classes: int, hidden: int) -> dict[str, Any] | None:
    """What the configuration of a model of this kind must say so that its head can be a linear classifier.

    Args:
        kind: "model_type" of the configuration.
        pooling: of the network.
        classes: C.
        hidden: h, length of a state.

    Returns:
        Its settings; None where the model of transformers cannot express the classifier: of that kind, with this
        pooling, or of so many classes.
    """
    setting = _TAKE_A_MEAN.get(kind)
    if kind not in HEADS or (pooling != "cls" and setting is None) or (kind == "modernbert" and 2 * classes > hidden):
        return None
    return _SETTINGS.get(kind, {}) | ({setting: pooling} if setting else {})


@torch.no_grad()
def set_head(model: Any, weight: Tensor, bias: Tensor) -> None:
    """Make the head of a model a linear classifier on the vector of a text: weight (C, h), bias (C,)."""
    HEADS[model.config.model_type](model, weight, bias)
