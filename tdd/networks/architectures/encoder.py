"""A pretrained encoder of transformers: a text's word pieces, its layers, one vector of a text, a linear layer."""

from __future__ import annotations

import copy
import json

import torch
from torch import Tensor, nn

from tdd.data.protocols import InputSpace
from tdd.embeddings.encoder import encoder_tokens
from tdd.embeddings.encoder_model import load_encoder
from tdd.errors import UsageError
from tdd.hub.encoders import encoder_files
from tdd.networks.encoder_parts import Body, Pooled, Upper, add_lora, split, train_layers
from tdd.networks.hidden_states import HiddenStates
from tdd.networks.initialisation import fresh
from tdd.networks.kernels.arithmetic import Precision
from tdd.networks.kernels.attention_loss import Attended
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.linear_upper import LinearUpper
from tdd.settings.initialisations import USUAL_INITIALISATION
from tdd.settings.networks import EncoderOptions


class Encoder(nn.Module):
    """A pretrained encoder with a linear layer on the vector of a text.

    Its weights are where training starts; the classifier is zero for a fixed initialisation, and drawn for a random
    one. The table of word pieces is frozen: the space of its examples.

    Args:
        space: pieces (L, d).
        classes: C, number of logits.
        options: see `EncoderOptions`.
        name: of the encoder, see `tdd.hub.encoders.encoder_files`.

    Raises:
        UsageError: the encoder cannot be used so, or reads fewer pieces.
    """

    def __init__(self, space: InputSpace, classes: int, options: EncoderOptions, name: str):
        super().__init__()
        tokens, model = encoder_tokens(name), copy.deepcopy(load_encoder(name))
        config, kind = model.config, options.train.partition(":")[0]
        count = int(options.train.partition(":")[2] or 0)
        if space.embedding not in (None, tokens.checksum):
            raise UsageError(f"{name} reads its own word pieces, and the data are encoded otherwise: leave vectors out")
        self.reference = encoder_files(name)
        self.check_length("max_length", space.shape[0])
        around = [tokens.embed(torch.tensor(ids, dtype=torch.long) + 1) for ids in (tokens.prefix, tokens.suffix)]
        below: nn.Module | None = None
        body: Body | None = None
        if kind == "head":
            below = Pooled(Body(model, *around), options.pooling)
        elif kind == "last":
            lower, upper = split(name, model, count)
            below, body = Body(lower, *around), Body(upper)
        else:
            body = Body(model, *around)
        if kind == "lora":
            add_lora(name, model, count)
        elif kind == "last":
            train_layers(model)
        elif body is not None:
            body.requires_grad_()
        if kind == "all":
            model.get_input_embeddings().requires_grad_(False)
        self.front = None if below is None else below.requires_grad_(False)
        self.upper = (
            LinearUpper(config.hidden_size, classes)
            if body is None
            else Upper(body, options.pooling, config.hidden_size, classes)
        )
        self.tokens_checksum = tokens.checksum
        self.options, self.states = options, dict[Precision, HiddenStates]()

    def forward(self, x: Tensor, mask: Tensor | None = None, attention: int = 0) -> Tensor | Attended:
        """Logits (N, C) of pieces (N, L, d), of which `mask` (N, L) says where they stand.

        Where nothing is frozen below what is trained, also of token ids, see `Body.attended`. With the attention of the
        last layers, where that of so many is asked for.
        """
        mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device) if mask is None else mask
        if self.front is not None:
            x, mask = self.front(x, mask)
        found: Tensor | Attended = self.upper(x, mask, attention)
        return found

    def initial(
        self, generator: torch.Generator, fixed: bool = False, initialisation: str = USUAL_INITIALISATION
    ) -> Parameters:
        """The parameters that training starts from: pretrained, with a classifier of zeros, or drawn where not `fixed`.

        The first factor of LoRA is drawn (arXiv 2106.09685, 4.1), the second one is zero; `initialisation` is that of
        the classifier.
        """
        start = {}
        for name, value in self.named_parameters():
            if not value.requires_grad or name in start:
                continue
            start[name] = value.detach().clone()
            if name.endswith("lora_a"):
                start[name] = torch.randn(value.shape, generator=generator) / value.shape[1] ** 0.5
            elif name.startswith("upper.classifier."):
                start[name] = torch.zeros(value.shape)
                if not fixed:
                    head = fresh(self.upper, ["classifier.weight", "classifier.bias"], generator, initialisation)
                    start |= {f"upper.{key}": drawn for key, drawn in head.items()}
        return start

    def hidden_states(self, precision: Precision = "float32") -> HiddenStates:
        """The cache of what the front makes of real texts when it computes with this precision."""
        if precision not in self.states:
            options, reference = self.options, self.reference
            front = f"{options.train} {options.pooling}" if options.train == "head" else options.train
            about = f"{reference.name} {front}" + ("" if precision == "float32" else f" by {precision}")
            # Whatever it is called: only what it computes counts.
            parts = [reference.checksum(), reference.config, self.tokens_checksum, front, precision]
            self.states[precision] = HiddenStates(about, json.dumps(parts, sort_keys=True), options.hidden_states)
        return self.states[precision]

    def check_length(self, setting: str, length: int) -> None:
        """Raise UsageError where the model has no positions for as many pieces as a setting says."""
        name = self.reference.name
        most = encoder_tokens(name).longest
        if length > most:
            raise UsageError(f"{setting} = {length}: {name} reads at most {most} pieces; lower it to that")

    def given(self, name: str) -> bool:
        """Whether the reference gives where a trained parameter starts, so that a set need not hold it."""
        return not (name.startswith("upper.classifier.") or "lora_" in name)
