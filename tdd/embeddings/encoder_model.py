"""The model of a pretrained encoder, loaded by transformers from files that are checked first."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch import nn

from tdd.errors import TddError, UsageError
from tdd.hub.encoders import encoder_files
from tdd.hub.quiet import quiet, without_bars

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def load_encoder(name: str) -> PreTrainedModel:
    """The pretrained encoder called `name`, on the CPU, in evaluation mode, all frozen; to be copied, not changed.

    Raises:
        UsageError: it is no encoder of texts that takes embedded words.
        TddError: its files are damaged.
    """
    return _load(name, encoder_files(name).state())


@lru_cache(maxsize=2)
def _load(name: str, state: object) -> PreTrainedModel:
    """As `load_encoder`, for the files that are in this `state`."""
    from transformers import AutoModel

    files = encoder_files(name)
    if files.config.get("is_encoder_decoder") or files.config.get("is_decoder"):
        raise UsageError(
            f"{name} is a {files.config['model_type']} with a decoder; name an encoder of texts, as BERT is"
        )
    try:
        with quiet(), without_bars():
            # Attention written out: the fused kernels have no second derivative.
            model, found = AutoModel.from_pretrained(
                files.folder,
                dtype=torch.float32,
                attn_implementation="eager",
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
    except Exception as error:  # of many kinds
        raise TddError(f"{name} cannot be loaded by transformers: {_line(error)}") from None
    # What is missing would be drawn anew in every process. A pooler is not used.
    if missing := sorted(key for key in found["missing_keys"] if "pooler" not in key.split(".")):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise TddError(f"the weights of {name} lack {missing[0]}{more}; get a fresh copy")
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    model.eval().requires_grad_(False)
    if (fault := _not_an_encoder(model)) is not None:
        raise UsageError(
            f"{name} is a {files.config['model_type']}, which {fault}; name an encoder of texts, as BERT is"
        )
    return model


def _not_an_encoder(model: PreTrainedModel) -> str | None:
    """Why a model cannot be used, in a few words; None: it can."""
    try:
        table = model.get_input_embeddings()
    except (NotImplementedError, AttributeError):  # how models without one answer
        table = None
    if not isinstance(table, nn.Embedding):
        return "has no table of tokens"
    if "inputs_embeds" not in inspect.signature(model.forward).parameters:
        return "takes no embedded words"
    words = torch.randn(1, 3, table.embedding_dim, generator=torch.Generator().manual_seed(0))
    changed = torch.cat([words[:, :2], -words[:, 2:]], dim=1)
    with torch.no_grad():
        first = [model(inputs_embeds=x).last_hidden_state[0, 0] for x in (words, changed)]
    return "reads from left to right: its first word does not see the others" if torch.equal(*first) else None


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
