"""What the files of a distilled set hold, checked before it is used: they may come from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tdd.distilled_set.sentences import Sentences
from tdd.errors import TddError

FORMAT = 3
"""Raised whenever what a set's files hold changes its meaning; other versions are refused."""


def read_about(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    """What a set's metadata say: "classes", "source", and "words" where it is made of words.

    Raises:
        TddError: the file at `path` is foreign, damaged or of a newer version.
    """
    try:
        about = json.loads(metadata["tdd"])
        version, classes, source = about["format"], about["classes"], about["source"]
    except (KeyError, ValueError, TypeError):
        raise TddError(f"{path} is a safetensors file but not a distilled set") from None
    if not isinstance(version, int) or version > FORMAT:
        raise TddError(f"{path} was written by a newer version of tdd (format {version}); upgrade tdd to read it")
    if version < FORMAT:
        raise TddError(f"{path} was written by a version of tdd before its release (format {version}); distil it again")
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes) or len(classes) < 2:
        raise TddError(f"{path} names no classes; get a fresh copy")
    if not isinstance(source, dict) or not all(isinstance(value, str) for value in source.values()):
        raise TddError(f"{path} does not say what it was distilled from; get a fresh copy")
    return {"classes": classes, "source": source, "words": about.get("words")}


def read_sentences(path: Path, tokens: Tensor, about: dict[str, Any]) -> Sentences:
    """The sentences of a set of words, from its tokens (steps, per_step, L) and what `read_about` found.

    Raises:
        TddError: they do not fit together.
    """
    words = about["words"]
    good = tokens.dtype == torch.int32 and tokens.dim() == 3 and tokens.numel() > 0 and isinstance(words, dict)
    if good:
        padding = tokens == 0
        word_of = {id_: words.get(str(id_)) for id_ in tokens.unique().tolist() if id_}
        good = min(word_of, default=0) > 0 and all(isinstance(word, str) for word in word_of.values())
        # Every sentence has a word, and none after its padding: its text would not say where it stands.
        good = good and not padding[..., 0].any() and not (padding[..., :-1] & ~padding[..., 1:]).any()
    if not good:
        raise TddError(f"{path}: the words and their places do not fit together; get a fresh copy")
    return Sentences(tokens, word_of)


def check_tensors(path: Path, tensors: dict[str, Tensor], classes: int, learners: int) -> None:
    """Raise TddError unless the tensors are those of a set for so many classes and learners: finite, and fitting."""
    for name in ("samples", "labels", "learning_rates"):
        if name not in tensors:
            raise TddError(f"{path} has no '{name}'; it is not a distilled set")
    samples, labels, rates = tensors["samples"], tensors["labels"], tensors["learning_rates"]
    mask = tensors.get("mask")
    if mask is not None and (mask.dtype != torch.uint8 or mask.shape != samples.shape[:-1] or mask.max() > 1):
        raise TddError(f"{path}: 'mask' does not say of each position whether it holds a word; get a fresh copy")
    if mask is not None and (not mask[..., 0].all() or (mask[..., 1:] > mask[..., :-1]).any()):
        raise TddError(f"{path}: 'mask' has padding before a word; get a fresh copy")
    rows = tensors.get("test_rows")
    if rows is not None and (rows.dtype != torch.int64 or rows.dim() != 1 or not len(rows) or rows.min() < 0):
        raise TddError(f"{path}: 'test_rows' are no rows of a data set; get a fresh copy")
    for name, tensor in tensors.items():
        if name not in ("mask", "test_rows") and (tensor.dtype != torch.float32 or not tensor.isfinite().all()):
            raise TddError(f"{path}: '{name}' is not made of finite float32 numbers; get a fresh copy")
    if (
        samples.dim() not in (4, 5)
        or (mask is not None and samples.dim() != 4)
        or not samples.numel()
        or labels.shape != (*samples.shape[:2], classes)
    ):
        raise TddError(f"{path}: samples {tuple(samples.shape)} and labels {tuple(labels.shape)} do not fit together")
    if rates.dim() != 2 or not rates.numel() or rates.shape[1] % len(samples) or rates.min() <= 0:
        raise TddError(
            f"{path}: learning_rates {tuple(rates.shape)} do not fit {len(samples)} steps, or are not positive"
        )
    if len(rates) != learners:
        raise TddError(f"{path}: learning_rates of {len(rates)} networks, and its recipe names {learners}")
    attention = tensors.get("attention")
    if attention is not None and (attention.dim() != 6 or attention.shape[:2] != samples.shape[:2]):
        raise TddError(f"{path}: attention labels {tuple(attention.shape)} do not fit the samples; get a fresh copy")
    momentum = tensors.get("momentum")
    if momentum is not None and (momentum.dim() or not 0 <= momentum < 1):
        raise TddError(f"{path}: 'momentum' is not a single number from 0 to below 1; get a fresh copy")
