"""Distilled sentences read as words: the nearest word of every position."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from textwrap import shorten
from typing import TYPE_CHECKING, Any, get_args

import torch

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.vectors import check_vectors
from tdd.embeddings.nearest import Metric
from tdd.errors import UsageError, check_choice, check_count, check_kind
from tdd.system.formatting import counted

if TYPE_CHECKING:
    from tdd.embeddings.protocol import Embedding


@dataclass(frozen=True, repr=False)
class DecodedSentence:
    """One distilled sentence as words.

    Attributes:
        step: inner step it belongs to.
        index: its place among the step's samples.
        label: soft label, by class name.
        words: for each position, padding left out, the nearest words, best first; the first of a set of words is the
            word itself.
        scores: their cosine similarities, or L2 distances.
        text: the nearest word of every position as a sentence, word pieces put together.
    """

    step: int
    index: int
    label: dict[str, float]
    words: list[list[str]]
    scores: list[list[float]]
    text: str

    def __repr__(self) -> str:
        """Where it stands, its largest label, and how it begins."""
        label = max(self.label, key=self.label.__getitem__)
        begins, words = shorten(self.text, 60, placeholder=" ..."), counted(len(self.words), "word")
        return f"DecodedSentence(step {self.step}, index {self.index}, {label}: {begins!r}, {words})"

    def as_dict(self) -> dict[str, Any]:
        """The sentence as JSON values."""
        return asdict(self)


def decode(
    distilled: DistilledSet, vectors: Embedding, k: int = 1, metric: Metric = "cosine", first: int | None = None
) -> list[DecodedSentence]:
    """The `k` nearest words of every position of every distilled sentence, step by step; or of the `first` sentences.

    Raises:
        UsageError: the set is not made of embedded text, `vectors` are not those it was distilled with, or they hold
            fewer than `k` words; or an argument is none that it takes.
    """
    check_kind("distilled", distilled, DistilledSet, "tdd.DistilledSet.from_pretrained(FOLDER)")
    if not hasattr(vectors, "nearest"):
        raise UsageError(f"vectors are a table of words, not a {type(vectors).__name__}: pass tdd.load_vectors(NAME)")
    check_choice("metric", metric, get_args(Metric))
    check_count("k", k)
    if first is not None:
        check_count("first", first)
    check_vectors(distilled, vectors)
    if k > len(vectors):
        raise UsageError(f"k (--k) must be between 1 and {len(vectors)}, the number of words in {vectors.name}")
    sentences = distilled.samples.flatten(0, 1)[:first]
    if distilled.sentences and k == 1:
        # Nothing to seek; padding is left out below.
        indices = distilled.sentences.tokens.flatten(0, 1)[:first].clamp(min=1) - 1
        scores = torch.zeros(indices.shape)
    else:
        indices, scores = vectors.nearest(sentences.flatten(0, 1), k, metric)
    shape = (*sentences.shape[:2], k)
    labels = distilled.labels.flatten(0, 1)
    per_step = distilled.samples.shape[1]
    own = distilled.sentences.by_word() if distilled.sentences else None
    decoded = []
    lengths = distilled.lengths.flatten()[:first].tolist()
    rows = zip(indices.view(shape).tolist(), scores.view(shape).tolist(), lengths, strict=True)
    for place, (word_rows, word_scores, length) in enumerate(rows):
        words = [[vectors.words[word] for word in position] for position in word_rows[:length]]
        if own is not None:
            # Others may have the same vector as the word itself.
            words = [[word, *(x for x in near if x != word)][:k] for word, near in zip(own[place], words, strict=True)]
            # Exactly, whatever rounding makes of it: none of these words is nearer than another.
            for position_scores in word_scores:
                position_scores[0] = 1.0 if metric == "cosine" else 0.0
        label = dict(zip(distilled.classes, labels[place].tolist(), strict=True))
        text = vectors.join([near[0] for near in words])
        at = place // per_step, place % per_step
        decoded.append(DecodedSentence(*at, label, words, word_scores[: len(words)], text))
    return decoded
