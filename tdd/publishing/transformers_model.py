"""A network trained on a distilled set, as a transformers model that reads raw text.

This file without its imports of tdd, with the network in their place, goes with every model that is saved.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from tdd.data.pairs import cut_pairs
from tdd.publishing.network_of_config import network_of


class DistilledConfig(PreTrainedConfig):  # type: ignore[misc]
    """What `DistilledClassifier` is made of.

    Args:
        shape: the recipe's settings that shape the network, which tdd makes it of; without tdd nothing reads them.
        length: L, tokens that are read.
        takes_mask: whether the network is told where words stand.
        dim: d, length of a word vector.
        vocab_size: tokens of the tokenizer.
        table_size: rows of the table of vectors, those of padding and unknown words included.
        separator: row of the table between the texts of pairs; None: texts are no pairs.
        made_from: data set, n, initialisation and word vectors of the distilled set, and whether its texts are pairs.
    """

    model_type = "tdd"

    def __init__(
        self,
        shape: dict[str, Any] | None = None,
        length: int = 2,
        takes_mask: bool = False,
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
        self.length, self.takes_mask = length, takes_mask


class DistilledClassifier(PreTrainedModel):  # type: ignore[misc]
    """A network that was trained on a distilled set, behind the frozen table of word vectors.

    Rows 0 and 1 of the table, padding and unknown words, are zero. The buffer `rows` has the row of each token: several
    may share one, as a word in lower case and in capitals does where the table has one of them alone.
    """

    config_class = DistilledConfig
    main_input_name = "input_ids"

    def __init__(self, config: DistilledConfig):
        super().__init__(config)
        self.register_buffer("rows", torch.zeros(config.vocab_size, dtype=torch.long))
        self.embedding = nn.Embedding(config.table_size, config.dim, padding_idx=0)
        self.embedding.weight.requires_grad_(False)
        self.length, self.separator, self.takes_mask = config.length, config.separator, config.takes_mask
        self.network = network_of(config)
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
