"""An encoder trained on a distilled set as transformers' own model of its kind, with its tokenizer.

`transformers.AutoModelForSequenceClassification` loads it without tdd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.embeddings.encoder import EncoderTokens, encoder_tokens
from tdd.embeddings.encoder_model import load_encoder
from tdd.errors import TddError
from tdd.hub.quiet import quiet
from tdd.networks.encoder_weights import weights_of
from tdd.publishing.encoder_heads import set_head, settings_of_head

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

# Logits of the saved model may differ from ours by rounding: this much of the largest one.
_ROUNDING = 1e-3


def build_encoder(distilled: DistilledSet, network: Any) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """The trained network of a set for an encoder as a model of transformers, and its tokenizer.

    Args:
        distilled: the set.
        network: the trained `tdd.networks.architectures.encoder.Encoder`.

    Raises:
        UsageError: the models of transformers cannot express it, see `settings_of_head`.
        TddError: the model does not give the network's logits, as one of an unknown version may.
    """
    from transformers import AutoModelForSequenceClassification

    name, length = distilled.recipe.network, distilled.network_space.shape[0]
    pretrained, tokens = load_encoder(name), encoder_tokens(name)
    shared = public(distilled).recipe
    config = type(pretrained.config)(**pretrained.config.to_dict())
    config.update(settings_of_head(name, config.model_type, network.options.pooling))
    config.id2label = dict(enumerate(distilled.classes))
    config.label2id = {label: place for place, label in enumerate(distilled.classes)}
    config.problem_type, config._name_or_path = "single_label_classification", ""
    config.made_from = {"dataset": shared.dataset, "n": distilled.n, "init": shared.init, "encoder": shared.network}
    with quiet():
        model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").eval()
    found = model.base_model.load_state_dict(weights_of(network, name), strict=False)
    if missing := [key for key in [*found.missing_keys, *found.unexpected_keys] if "pooler" not in key.split(".")]:
        raise TddError(f"{type(model).__name__} has other weights than {name}: {missing[0]}; test the set as it is")
    classifier: nn.Linear = network.upper.classifier
    set_head(model, classifier.weight.detach(), classifier.bias.detach())
    _check_logits(model, network, tokens, length)
    return model, _tokenizer(tokens, config, length)


@torch.no_grad()
def _check_logits(model: Any, network: Any, tokens: EncoderTokens, length: int) -> None:
    """Raise TddError unless the model gives the network's logits for a text of some pieces."""
    ids = torch.arange(1, 1 + min(length, 8)) * 7919 % len(tokens)
    ours: Tensor = network(tokens.embed(ids + 1)[None])
    whole = torch.tensor([[*tokens.prefix, *ids.tolist(), *tokens.suffix]])
    theirs: Tensor = model(input_ids=whole, attention_mask=torch.ones_like(whole)).logits
    if not torch.allclose(ours, theirs, rtol=_ROUNDING, atol=_ROUNDING * max(1.0, ours.abs().max().item())):
        raise TddError(
            f"{type(model).__name__} of this version of transformers does not give the logits of the network; "
            "test the set with tdd evaluate, or install the version that tdd env names"
        )


def _tokenizer(tokens: EncoderTokens, config: Any, length: int) -> PreTrainedTokenizerFast:
    """The encoder's tokenizer; texts are cut to as many pieces as the network reads, where truncation is asked for."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer.from_str(tokens.tokenizer())
    padding = tokenizer.id_to_token(config.pad_token_id or 0)
    around = {key: tokens.words[rows[0]] for key, rows in _special(tokens).items() if rows}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=padding,
        model_max_length=len(tokens.prefix) + length + len(tokens.suffix),
        # Both texts of a pair are of token type 0.
        model_input_names=["input_ids", "attention_mask"],
        # Else a text that speaks of [SEP] would hold one.
        split_special_tokens=True,
        **around,
    )


def _special(tokens: EncoderTokens) -> dict[str, list[int]]:
    return {"cls_token": tokens.prefix, "sep_token": tokens.suffix}
