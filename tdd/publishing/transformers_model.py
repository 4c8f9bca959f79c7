"""A network trained on a distilled set, as a transformers model that reads raw text.

After `tdd.register_transformers()`, ``pipeline("text-classification", folder)`` loads it without code from the folder.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tdd.data.pairs import cut_pairs
from tdd.data.protocols import InputSpace
from tdd.errors import TddError
from tdd.networks.learner import make_learner
from tdd.networks.own import network_to_use
from tdd.settings.from_data import LONGEST
from tdd.settings.recipe import Recipe

try:
    from transformers import (
        AutoConfig,
        AutoModelForSequenceClassification,
        PreTrainedConfig,
        PreTrainedModel,
    )
    from transformers.modeling_outputs import SequenceClassifierOutput
except ImportError:
    raise TddError("models are saved by transformers, which is not installed: pip install transformers") from None

# The settings that shape the network.
SHAPE = ("network", "options", "max_length")


class DistilledConfig(PreTrainedConfig):  # type: ignore[misc]
    """What `DistilledClassifier` is made of.

    Args:
        shape: the recipe's settings that shape the network.
        dim: d, length of a word vector.
        vocab_size: tokens of the tokenizer.
        table_size: rows of the table of vectors, those of padding and unknown words included.
        separator: row of the table between the texts of pairs; None: texts are no pairs.
        made_from: data set, n, initialisation and word vectors of the distilled set.
    """

    model_type = "tdd"

    def __init__(
        self,
        shape: dict[str, Any] | None = None,
        dim: int = 50,
        vocab_size: int = 2,
        table_size: int = 2,
        separator: int | None = None,
        made_from: dict[str, Any] | None = None,
        **others: Any,
    ):
        super().__init__(pad_token_id=others.pop("pad_token_id", 0), **others)
        self.shape, self.dim, self.made_from = shape or {}, dim, made_from or {}
        self.vocab_size, self.table_size, self.separator = vocab_size, table_size, separator


class DistilledClassifier(PreTrainedModel):  # type: ignore[misc]
    """A network that was trained on a distilled set, behind the frozen table of word vectors.

    Rows 0 and 1 of the table, padding and unknown words, are zero. The buffer `rows` has the row of each token: several
    may share one, as a word in lower case and in capitals does where the table has one of them alone.
    """

    config_class = DistilledConfig
    main_input_name = "input_ids"

    def __init__(self, config: DistilledConfig):
        super().__init__(config)
        recipe = Recipe.build(config.shape, where="config.json")
        self.register_buffer("rows", torch.zeros(config.vocab_size, dtype=torch.long))
        self.embedding = nn.Embedding(config.table_size, config.dim, padding_idx=0)
        self.embedding.weight.requires_grad_(False)
        self.length, self.separator = recipe.max_length or LONGEST, config.separator
        space = InputSpace("text", (self.length, config.dim))
        network = network_to_use(recipe.network, None)
        learner = make_learner(network, recipe.options, space, config.num_labels)
        self.network, self.takes_mask = learner.module, learner.takes_mask
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Every number is loaded; nothing is drawn."""

    def get_input_embeddings(self) -> nn.Module:
        """The table of word vectors."""
        return self.embedding

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        **_: Any,
    ) -> SequenceClassifierOutput:
        """Logits (N, C) of token ids (N, P), padded with zeros or cut to the network's length L.

        Args:
            input_ids: token ids.
            attention_mask: (N, P), 0 where a token does not count.
            labels: (N,) classes, for the loss.
        """
        ids = self.rows[input_ids]
        if attention_mask is not None:
            ids = ids * attention_mask
        if self.separator is not None:
            ids = cut_pairs(ids, [self.separator], self.length)
        ids = F.pad(ids, (0, max(0, self.length - ids.shape[1])))[:, : self.length]
        words = self.embedding(ids)
        logits = self.network(words, ids > 0) if self.takes_mask else self.network(words)
        loss = None if labels is None else F.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


def register() -> None:
    """Make `DistilledClassifier` known to transformers' Auto classes."""
    AutoConfig.register(DistilledConfig.model_type, DistilledConfig, exist_ok=True)
    AutoModelForSequenceClassification.register(DistilledConfig, DistilledClassifier, exist_ok=True)
