"""A pretrained encoder with a linear layer on the vector of a text, as a transformers model.

Where no classifier of transformers can express a network, this file goes with the model as it is: it needs
transformers alone.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class PooledEncoderConfig(PreTrainedConfig):  # type: ignore[misc]
    """What `PooledEncoder` is made of.

    Args:
        encoder: the configuration of the encoder, "model_type" among it.
        pooling: the vector of a text: "mean" of all its states, or the first of them, "cls".
        made_from: data set, n, initialisation and encoder of the distilled set, and whether its texts are pairs.
    """

    model_type = "tdd-encoder"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        pooling: str = "mean",
        made_from: dict[str, Any] | None = None,
        **others: Any,
    ):
        super().__init__(**others)
        self.encoder, self.pooling, self.made_from = encoder or {"model_type": "bert"}, pooling, made_from or {}


class PooledEncoder(PreTrainedModel):  # type: ignore[misc]
    """An encoder and a linear classifier of the mean of its states, or of the first of them."""

    config_class = PooledEncoderConfig
    main_input_name = "input_ids"

    def __init__(self, config: PooledEncoderConfig):
        super().__init__(config)
        encoder = AutoConfig.for_model(**config.encoder)
        self.encoder = AutoModel.from_config(encoder, attn_implementation="eager")
        if getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None
        self.pooling = config.pooling
        self.classifier = nn.Linear(encoder.hidden_size, config.num_labels)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The table of word pieces."""
        table: nn.Module = self.encoder.get_input_embeddings()
        return table

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        **_: Any,
    ) -> SequenceClassifierOutput:
        """Logits (N, C) of token ids (N, P), special tokens among them.

        Args:
            input_ids: token ids.
            attention_mask: (N, P), 0 where a token does not count.
            labels: (N,) classes, for the loss.
        """
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        states = self.encoder(input_ids=input_ids, attention_mask=mask).last_hidden_state
        inside = mask[..., None].to(states.dtype)
        text = states[:, 0] if self.pooling == "cls" else (states * inside).sum(1) / inside.sum(1)
        logits = self.classifier(text)
        loss = None if labels is None else F.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)
