"""Pieces of real training texts that samples are put together of: clauses, or whole texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tdd.data.pairs import cut_row
from tdd.data.text import TextSplit
from tdd.system.seeds import generator

LONGEST = 12
"""Words of a clause at most; a longer one is cut."""
MARKS = {*".,;:!?()[]{}\"'`|/-–—…。，；：！？、", "``", "''", "--", "..."}
"""Words that stand at the end of a clause."""
OPENING = {"and", "but", "or", "that", "which", "because", "while"}
"""Words that begin one."""
MOST = 100_000
"""Pieces that are looked at, of texts in random order: data often lie class by class."""

Span = tuple[int, int]


def clauses(words: Sequence[str]) -> list[Span]:
    """Where the clauses of a text begin and end, side by side from its first word to its last."""
    spans, begin = [], 0
    for place, word in enumerate(words):
        if word not in MARKS and (word in OPENING or place - begin >= LONGEST) and place > begin:
            spans.append((begin, place))
            begin = place
        # Marks that follow each other end the same clause.
        ends = word in MARKS and not (place + 1 < len(words) and words[place + 1] in MARKS)
        if ends or place + 1 - begin >= LONGEST:
            spans.append((begin, place + 1))
            begin = place + 1
    return spans + ([(begin, len(words))] if begin < len(words) else [])


@dataclass(frozen=True)
class Pieces:
    """Different pieces of as many words.

    Attributes:
        tokens: (P, words) int64 token ids.
        classes: (P, C) bool, of what classes the texts are that each was met in.
    """

    tokens: Tensor
    classes: Tensor


def pieces_of(train: TextSplit, length: int, whole: bool, classes: int) -> dict[int, Pieces]:
    """Different pieces of the training texts by their number of words.

    Args:
        train: the texts.
        length: words that are read of each.
        whole: whether a piece is a whole text, as far as it is read, and not a clause of it.
        classes: C.

    Words without a vector are left out; a clause holds no separator of pairs.
    """
    found: dict[int, dict[bytes, set[int]]] = {}
    count = 0
    for piece, label in _pieces(train, length, whole):
        seen = found.setdefault(len(piece), {})
        if (key := piece.tobytes()) not in seen:
            seen[key] = set()
            count += 1
        seen[key].add(label)
        if count == MOST:
            break
    made = {}
    for words, met in sorted(found.items()):
        tokens = np.frombuffer(b"".join(met), np.int32).reshape(-1, words).astype(np.int64)
        of_class = torch.zeros(len(met), classes, dtype=torch.bool)
        for row, labels in zip(of_class, met.values(), strict=True):
            row[list(labels)] = True
        made[words] = Pieces(torch.from_numpy(tokens), of_class)
    return made


def _pieces(train: TextSplit, length: int, whole: bool) -> Iterator[tuple[np.ndarray, int]]:
    """Every piece, with the class of the text that it is of."""
    separator = set(train.vectors.separator or ())
    for place in torch.randperm(len(train), generator=generator(0, "pieces")).tolist():
        row = np.ascontiguousarray(train.row(place), np.int32)
        row = row[row > 0]
        row = cut_row(row, train.vectors.separator, length) if separator else row[:length]
        spans: Iterable[Span] = [(0, len(row))] if whole else spans_of(row.tolist(), train)
        for begin, end in spans:
            piece = row[begin:end]
            if len(piece) and (whole or not separator & set(piece.tolist())):
                yield piece, int(train.labels[place])


def spans_of(ids: Sequence[int], train: TextSplit) -> list[Span]:
    """The clauses of a text of token ids; a separator of pairs is none, and ends one."""
    words, separator = train.vectors.words, set(train.vectors.separator or ())
    spans, begin = [], 0
    for place, id_ in enumerate([*ids, None]):
        if id_ is None or id_ in separator:
            part = [words[token - 1] if token else "" for token in ids[begin:place]]
            spans += [(begin + start, begin + end) for start, end in clauses(part)]
            begin = place + 1
    return spans
