"""How often words occur in real texts of each class."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tdd.data.text import TextSplit

_AT_ONCE = 2**20  # tokens


def word_use(split: TextSplit, words: Iterable[str], classes: int) -> dict[str, list[float]]:
    """For each word that the split's table has, the share of each class's texts that it occurs in.

    Args:
        split: real texts.
        words: words of its table; others are left out.
        classes: C.
    """
    wanted = {word: split.vectors.id_of(word) for word in dict.fromkeys(words)}
    ids = np.unique([at for at in wanted.values() if at])
    if not len(ids):
        return {}
    place = np.full(len(split.vectors) + 1, -1)
    place[ids] = np.arange(len(ids))
    labels, counts = split.labels.numpy(), np.zeros((classes, len(ids)), dtype=np.int64)
    texts = np.repeat(np.arange(len(split)), np.diff(split.offsets))
    # A text may lie in two parts, and one of its words in both.
    seen: list[np.ndarray] = []
    for start in range(0, len(split.ids), _AT_ONCE):
        found = place[split.ids[start : start + _AT_ONCE]]
        inside = found >= 0
        seen.append(np.unique(texts[start : start + _AT_ONCE][inside] * len(ids) + found[inside]))
    pairs = np.unique(np.concatenate(seen)) if seen else np.zeros(0, dtype=np.int64)
    np.add.at(counts, (labels[pairs // len(ids)], pairs % len(ids)), 1)
    shares = counts / np.maximum(np.bincount(labels, minlength=classes), 1)[:, None]
    return {word: shares[:, place[at]].tolist() for word, at in wanted.items() if at}
