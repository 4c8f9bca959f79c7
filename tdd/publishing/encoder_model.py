"""An encoder trained on a distilled set as a transformers model, with its tokenizer.

Where transformers' own classifier of its kind can express it, that is what it becomes; else it carries its code,
`tdd.publishing.pooled_encoder`. `transformers.AutoModelForSequenceClassification` loads either without tdd.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.embeddings.encoder import EncoderTokens, encoder_tokens
from tdd.embeddings.encoder_model import load_encoder
from tdd.errors import TddError
from tdd.hub.layout import MODELING
from tdd.hub.quiet import quiet
from tdd.networks.encoder_weights import weights_of
from tdd.publishing import pooled_encoder
from tdd.publishing.encoder_heads import set_head, settings_of_head
from tdd.publishing.pooled_encoder import PooledEncoder, PooledEncoderConfig

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

# Logits of the saved model may differ from ours by rounding: this much of the largest one.
_ROUNDING = 1e-3
# What a configuration says of files and of a classifier, and not of the encoder.
_NOT_OF_ENCODER = ("_name_or_path", "architectures", "transformers_version", "dtype", "id2label", "label2id")


def build_encoder(distilled: DistilledSet, network: Any) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """The trained network of a set for an encoder as a model of transformers, and its tokenizer.

    The model is a `PooledEncoder` where transformers' own model of that kind cannot express the network.

    Args:
        distilled: the set.
        network: the trained `tdd.networks.architectures.encoder.Encoder`.

    Raises:
        TddError: the model does not give the network's logits, as one of an unknown version may.
    """
    name, length = distilled.recipe.network, distilled.network_space.shape[0]
    pretrained, tokens = load_encoder(name), encoder_tokens(name)
    shared = public(distilled).recipe
    classifier: nn.Linear = network.upper.classifier
    settings = settings_of_head(
        pretrained.config.model_type, network.options.pooling, classifier.out_features, classifier.in_features
    )
    config = _config(pretrained, network.options.pooling, settings)
    config.id2label = dict(enumerate(distilled.classes))
    config.label2id = {label: place for place, label in enumerate(distilled.classes)}
    config.problem_type, config._name_or_path = "single_label_classification", ""
    config.made_from = {"dataset": shared.dataset, "n": distilled.n, "init": shared.init, "encoder": shared.network}
    config.made_from |= {"of_pairs": distilled.pair is not None}
    weights = weights_of(network, name)
    if settings is None:
        model = _pooled(config, weights, classifier)
    else:
        model = _own_of_transformers(config, weights, classifier, name)
    _check_logits(model, network, tokens, length)
    return model, _tokenizer(tokens, pretrained.config, length)


def _config(pretrained: PreTrainedModel, pooling: str, settings: dict[str, Any] | None) -> PreTrainedConfig:
    """The configuration: the encoder's own, with the settings of its classifier, or that of a `PooledEncoder`."""
    own = pretrained.config.to_dict()
    if settings is not None:
        config = type(pretrained.config)(**own)
        config.update(settings)
        return config
    own |= {"model_type": pretrained.config.model_type}
    encoder = {key: value for key, value in own.items() if key not in _NOT_OF_ENCODER}
    padding = pretrained.config.pad_token_id
    made = PooledEncoderConfig(encoder, pooling, pad_token_id=padding, architectures=[PooledEncoder.__name__])
    module = MODELING.removesuffix(".py")
    made.auto_map = {
        "AutoConfig": f"{module}.{PooledEncoderConfig.__name__}",
        "AutoModelForSequenceClassification": f"{module}.{PooledEncoder.__name__}",
    }
    return made


def code_of(model: PreTrainedModel) -> str | None:
    """The text of `MODELING`, which goes with a model; None: transformers knows its kind."""
    return inspect.getsource(pooled_encoder) if isinstance(model, PooledEncoder) else None


@torch.no_grad()
def _pooled(config: PreTrainedConfig, weights: dict[str, Tensor], classifier: nn.Linear) -> PreTrainedModel:
    with quiet():
        model = PooledEncoder(config).eval()
    model.encoder.load_state_dict(weights)
    model.classifier.load_state_dict(classifier.state_dict())
    return model


def _own_of_transformers(
    config: PreTrainedConfig, weights: dict[str, Tensor], classifier: nn.Linear, name: str
) -> PreTrainedModel:
    from transformers import AutoModelForSequenceClassification

    with quiet():
        model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").eval()
    found = model.base_model.load_state_dict(weights, strict=False)
    if missing := [key for key in [*found.missing_keys, *found.unexpected_keys] if "pooler" not in key.split(".")]:
        raise TddError(f"{type(model).__name__} has other weights than {name}: {missing[0]}; test the set as it is")
    set_head(model, classifier.weight.detach(), classifier.bias.detach())
    return model


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
