"""A pretrained encoder taken apart: its lower layers, its upper ones, one vector of a text, corrections of low rank."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tdd.errors import UsageError
from tdd.networks.kernels.attention_loss import Attended

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Where the models of transformers keep their layers.
_LAYERS = ("encoder.layer", "transformer.layer", "layers")
# What else stands between embeddings and layers, or after these, and has no place in a part.
_BEFORE, _AFTER = ("embeddings_project",), ("final_norm",)


class Body(nn.Module):
    """Layers of an encoder; the first of them with the special tokens put around the pieces.

    Args:
        model: of transformers, which takes `inputs_embeds`.
        prefix, suffix: (p, d) and (s, d) vectors of the special tokens; None: what is read are hidden states.
    """

    def __init__(self, model: nn.Module, prefix: Tensor | None = None, suffix: Tensor | None = None):
        super().__init__()
        self.model = model
        self.register_buffer("prefix", prefix, persistent=False)
        self.register_buffer("suffix", suffix, persistent=False)

    def positions(self, length: int) -> int:
        """L', the hidden states of a text of `length` pieces."""
        special = [tokens for tokens in (self.prefix, self.suffix) if isinstance(tokens, Tensor)]
        return length + sum(map(len, special))

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states (N, L', h) and their mask, of pieces (N, L, d), or of hidden states below; L' = L + p + s."""
        states, _, mask = self.attended(x, mask, 0)
        return states, mask

    def attended(self, x: Tensor, mask: Tensor, layers: int) -> tuple[Tensor, Tensor | None, Tensor]:
        """States, attention (N, layers, heads, L', L') of the last `layers`, None where there are none, and mask.

        Of token ids (N, L'), those of special tokens among them and 0 where there is padding, the model's own table has
        the vectors.
        """
        if x.dim() == 2:
            table: Tensor = self.model.get_input_embeddings().weight  # type: ignore[operator]
            x = F.embedding((x - 1).clamp(min=0), table)
        elif isinstance(self.prefix, Tensor) and isinstance(self.suffix, Tensor):
            x, mask = self._with_special_tokens(x, mask, self.prefix, self.suffix)
        # Where there are only shapes, nobody can ask whether anything is masked.
        attended = None if mask.is_meta else mask.long()
        more = {"output_attentions": True} if layers else {}
        output = self.model(inputs_embeds=x, attention_mask=attended, **more)
        return output.last_hidden_state, torch.stack(output.attentions[-layers:], 1) if layers else None, mask

    @staticmethod
    def _with_special_tokens(x: Tensor, mask: Tensor, prefix: Tensor, suffix: Tensor) -> tuple[Tensor, Tensor]:
        count = len(x)
        before = prefix.to(x.dtype).expand(count, *prefix.shape)
        x = torch.cat([before, x, x.new_zeros(count, *suffix.shape)], dim=1)
        places = torch.arange(x.shape[1], device=x.device)
        end = len(prefix) + mask.sum(1, keepdim=True)
        for place, token in enumerate(suffix.to(x.dtype)):
            x = torch.where((places == end + place)[..., None], token, x)
        return x, places < end + len(suffix)


class Pooled(nn.Module):
    """A body, and one vector for each text, (N, 1, h), with its mask."""

    def __init__(self, body: Body, pooling: str):
        super().__init__()
        self.body, self.pooling = body, pooling

    def positions(self, length: int) -> int:
        """One vector for a text of any `length`."""
        return 1

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors of pieces (N, L, d)."""
        states, inside = self.body(x, mask)
        return _vectors(states, inside, self.pooling)[:, None], mask[:, :1]


class Upper(nn.Module):
    """The layers that are trained, and the classifier."""

    def __init__(self, body: Body, pooling: str, hidden: int, classes: int):
        super().__init__()
        self.body, self.pooling = body, pooling
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, x: Tensor, mask: Tensor, attention: int = 0) -> Tensor | Attended:
        """Logits (N, C), and the attention of the last layers where that of so many is asked for."""
        states, found, mask = self.body.attended(x, mask, attention)
        logits: Tensor = self.classifier(_vectors(states, mask, self.pooling))
        return logits if found is None else Attended(logits, found, mask)


class Lora(nn.Module):
    """A frozen linear layer and a learned correction of low rank (arXiv 2106.09685)."""

    def __init__(self, linear: nn.Linear, rank: int):
        super().__init__()
        self.linear = linear
        self.lora_a = nn.Parameter(torch.zeros(rank, linear.in_features))
        self.lora_b = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output, corrected."""
        corrected: Tensor = self.linear(x) + x @ self.lora_a.T @ self.lora_b.T
        return corrected


class Given(nn.Module):
    """Stands for the embeddings of an upper part: hands on the hidden states that it is given."""

    def forward(self, *arguments: Any, inputs_embeds: Tensor | None = None, **_: Any) -> Tensor:
        """The hidden states, which DistilBERT passes by their place."""
        states = inputs_embeds if inputs_embeds is not None else arguments[1]
        assert isinstance(states, Tensor)
        return states


def _vectors(states: Tensor, mask: Tensor, pooling: str) -> Tensor:
    """One vector (N, h) for each text, of its states (N, L', h)."""
    if pooling == "cls":
        return states[:, 0]
    inside = mask[..., None].to(states.dtype)
    return (states * inside).sum(1) / inside.sum(1)


def layers_at(model: nn.Module) -> str | None:
    """Where a model keeps its layers; None where it does not keep each for itself."""
    for place in _LAYERS:
        try:
            layers = model.get_submodule(place)
        except AttributeError:
            continue
        if isinstance(layers, nn.ModuleList):
            return place
    return None


def split(name: str, model: PreTrainedModel, last: int) -> tuple[nn.Module, nn.Module]:
    """A model below its `last` layers, and these layers as a model of hidden states."""
    place = layers_at(model)
    if place is None:
        kind = model.config.model_type
        raise UsageError(f"{name}: a {kind} shares its layers, or keeps them elsewhere; use train: head, lora:R or all")
    layers = model.get_submodule(place)
    assert isinstance(layers, nn.ModuleList)
    if not 1 <= last < len(layers):
        raise UsageError(f"{name} has {len(layers)} layers: train fewer of them, or all, in place of last:{last}")
    parent = model.get_submodule(place.rpartition(".")[0])
    attribute = place.rpartition(".")[2]
    setattr(parent, attribute, layers[: len(layers) - last])
    lower = copy.deepcopy(model)
    setattr(parent, attribute, layers[len(layers) - last :])
    for absent in _AFTER:
        if hasattr(lower, absent):
            setattr(lower, absent, nn.Identity())
    for absent in _BEFORE:
        if hasattr(model, absent):
            setattr(model, absent, nn.Identity())
    model.embeddings = Given()
    return lower, model


def train_layers(model: nn.Module) -> None:
    """Train the layers of an upper part, and what follows them; not what they share with those below, such as the
    vectors of relative positions."""
    for path in (layers_at(model), *_AFTER):
        if path is not None and hasattr(model, path.partition(".")[0]):
            model.get_submodule(path).requires_grad_()


def add_lora(name: str, model: nn.Module, rank: int) -> None:
    """Put a correction of `rank` around every linear layer but those of the embeddings."""
    linear = [
        path
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and not path.startswith("embeddings")
    ]
    if not linear:
        raise UsageError(f"{name} has no linear layers for LoRA; use train: head, last:K or all")
    most = min(min(model.get_submodule(path).weight.shape) for path in linear)  # type: ignore[arg-type]
    if rank > most:
        raise UsageError(f"train: lora:{rank}: the layers of {name} are {most} wide; lower the rank to less than that")
    for path in linear:
        parent, _, attribute = path.rpartition(".")
        setattr(model.get_submodule(parent), attribute, Lora(model.get_submodule(path), rank))  # type: ignore[arg-type]
