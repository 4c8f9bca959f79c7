"""The weights of an encoder that was trained in parts, under the names that transformers gives them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tdd.embeddings.encoder_model import load_encoder
from tdd.networks.encoder_parts import Lora, layers_at


@torch.no_grad()
def weights_of(network: Any, name: str) -> dict[str, Tensor]:
    """The weights of the whole model that an `Encoder` has, as those of the model called `name` are.

    Corrections of low rank are added to what they correct, and the upper layers stand behind the lower ones.
    """
    model = load_encoder(name)
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    body = getattr(network.upper, "body", None)
    if body is None:  # the classifier alone is trained
        return weights
    trained = body.model.state_dict()
    for path, layer in body.model.named_modules():
        if isinstance(layer, Lora):
            trained = {key: value for key, value in trained.items() if not key.startswith(f"{path}.")}
            trained[f"{path}.weight"] = layer.linear.weight + layer.lora_b @ layer.lora_a
            if layer.linear.bias is not None:
                trained[f"{path}.bias"] = layer.linear.bias
    place = layers_at(model)
    if network.front is not None and place is not None:
        upper, whole = body.model.get_submodule(place), model.get_submodule(place)
        trained = {_moved(key, place, len(whole) - len(upper)): value for key, value in trained.items()}
    return weights | {key: value.detach().clone() for key, value in trained.items()}


def _moved(key: str, place: str, by: int) -> str:
    """The name of a layer's weight where so many layers stand before it."""
    if not key.startswith(f"{place}."):
        return key
    number, _, rest = key.removeprefix(f"{place}.").partition(".")
    return f"{place}.{int(number) + by}.{rest}"
