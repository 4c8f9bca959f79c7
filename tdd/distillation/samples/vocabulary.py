"""The words that distilled sentences are made of, and the sentences they start as."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tdd.data.text import TextSplit
from tdd.errors import UsageError
from tdd.system.formatting import counted


def vocabulary(train: TextSplit, size: int, file: str | None = None, excluded: Sequence[str] = ()) -> Tensor:
    """(V,) int64 token ids, ascending: the words of a file, or the `size` most frequent ones of the training split.

    Words of `excluded` are left out, those with a vector of zeros, which stands for padding, and those with white space
    inside, at which a sentence is read.

    Raises:
        UsageError: the file cannot be read, has a word without a vector, or fewer than two words are left.
    """
    vectors = train.vectors
    if file is not None:
        ids = _of_file(Path(file), train)
    else:
        counts = np.bincount(train.ids, minlength=len(vectors) + 1)
        counts[0] = 0
        by_frequency = np.argsort(-counts, kind="stable")[:size]
        ids = torch.from_numpy(by_frequency[counts[by_frequency] > 0])
    left_out = _ids(excluded, train, "excluded_words")
    ids = torch.tensor(sorted(set(ids.tolist()) - set(left_out)), dtype=torch.int64)
    ids = ids[vectors.embed(ids).any(1)]
    ids = ids[torch.tensor([len(vectors.words[id_ - 1].split()) == 1 for id_ in ids.tolist()], dtype=torch.bool)]
    if len(ids) < 2:
        raise UsageError(
            f"{counted(len(ids), 'word')} to make sentences of: set a larger vocabulary, or exclude fewer words"
        )
    return ids


def _of_file(path: Path, train: TextSplit) -> Tensor:
    try:
        words = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"cannot read vocabulary_file {path}: {why}") from None
    return torch.tensor(_ids(words, train, f"vocabulary_file {path}"))


def _ids(words: Sequence[str], train: TextSplit, where: str) -> list[int]:
    ids = [train.vectors.id_of(word) for word in words]
    if 0 in ids:
        word = words[ids.index(0)]
        raise UsageError(f"{where}: '{word}' has no vector in {train.vectors.name}; remove it")
    return ids
