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
        raise TddError(f"{name} cannot be loaded by transformers, get a fresh copy: {_line(error)}") from None
    # What is missing would be drawn anew in every process. A pooler is not used.
    if missing := sorted(key for key in found["missing_keys"] if "pooler" not in key.split(".")):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise TddError(f"the weights of {name} lack {missing[0]}{more}; get a fresh copy")
    model.eval().requires_grad_(False)
    if (fault := _without_pooler(model) or _not_an_encoder(model)) is not None:
        raise UsageError(
            f"{name} is a {files.config['model_type']}, which {fault}; name an encoder of texts, as BERT is"
        )
    return model


def positions(model: PreTrainedModel) -> int | None:
    """The most tokens that a model reads, special ones among them; None: any number.

    Where padding has a position of its own, those of tokens begin after it.
    """
    most = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(most, int) or most <= 0:
        return None
    tables = [layer for path, layer in model.named_modules() if path.endswith("position_embeddings")]
    padding = next((layer.padding_idx for layer in tables if isinstance(layer, nn.Embedding)), None)
    return most if padding is None else most - padding - 1


def _without_pooler(model: PreTrainedModel) -> str | None:
    """Leave out the pooler, which is not used, where the model runs without it; the fault where it never runs."""
    table = _table(model)
    if table is None:
        return "has no table of tokens"
    if "inputs_embeds" not in inspect.signature(model.forward).parameters:
        return "takes no embedded words"
    fault, pooler = None, getattr(model, "pooler", None)
    for kept in (None, pooler):
        if pooler is not None:
            model.pooler = kept
        try:
            _states(model, _words(table, 3))
            return None
        except Exception as error:  # of many kinds
            fault = f"does not run on embedded words alone ({_line(error)})"
    return fault


def _not_an_encoder(model: PreTrainedModel) -> str | None:
    """Why a model cannot be used, in a few words; None: it can."""
    table = _table(model)
    assert table is not None
    words = _words(table, 3)
    plain = _states(model, words)
    if not plain.isfinite().all():
        return "gives numbers that are not finite, so that its weights are damaged, or it is none for text"
    if torch.equal(plain[0], _states(model, torch.cat([words[:, :2], -words[:, 2:]], dim=1))[0]):
        return "does not let the first word see the others, as where text is read from left to right"
    padded = torch.cat([words, _words(table, 5)[:, 3:]], dim=1)
    if not _agree(_states(model, padded, torch.tensor([[1, 1, 1, 0, 0]]))[:3], plain):
        return "reads on behind the end of a text: its attention mask is not heeded"
    rows = torch.arange(table.num_embeddings - 3, table.num_embeddings)[None]
    with torch.no_grad():
        by_id = model(input_ids=rows, attention_mask=torch.ones_like(rows)).last_hidden_state[0]
    if not _agree(by_id, _states(model, table(rows))):
        return "reads embedded words otherwise than tokens"
    return None


def _table(model: PreTrainedModel) -> nn.Embedding | None:
    try:
        table = model.get_input_embeddings()
    except (NotImplementedError, AttributeError):  # how models without one answer
        return None
    return table if isinstance(table, nn.Embedding) else None


def _words(table: nn.Embedding, count: int) -> torch.Tensor:
    """Embedded words (1, count, d) of no meaning; fewer are the first of more."""
    draw = torch.Generator().manual_seed(0)
    return torch.stack([torch.randn(table.embedding_dim, generator=draw) for _ in range(count)])[None]


@torch.no_grad()
def _states(model: PreTrainedModel, words: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """States (L, h) of one text."""
    mask = torch.ones(words.shape[:2], dtype=torch.long) if mask is None else mask
    states: torch.Tensor = model(inputs_embeds=words, attention_mask=mask).last_hidden_state[0]
    return states


def _agree(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether two are the same but for rounding."""
    return found.shape == expected.shape and torch.allclose(found, expected, rtol=1e-3, atol=1e-3)


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
