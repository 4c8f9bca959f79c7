"""Distilled sentences read as words: the nearest word of every position."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from tdd.distilled import DistilledSet
from tdd.errors import UsageError

if TYPE_CHECKING:
    from tdd.vectors import WordVectors

Metric = Literal["cosine", "l2"]
Format = Literal["table", "json", "text"]


@dataclass(frozen=True)
class DecodedSentence:
    """One distilled sentence as words.

    Attributes:
        step: inner step it belongs to.
        index: its place among the step's samples.
        label: soft label, by class name.
        words: for each position, the nearest words, best first.
        scores: their cosine similarities, or L2 distances.
    """

    step: int
    index: int
    label: dict[str, float]
    words: list[list[str]]
    scores: list[list[float]]

    @property
    def text(self) -> str:
        """The nearest word of every position, joined by spaces."""
        return " ".join(words[0] for words in self.words)

    def as_dict(self) -> dict[str, Any]:
        """The sentence as JSON values."""
        return asdict(self)


def decode(
    distilled: DistilledSet, vectors: WordVectors, k: int = 1, metric: Metric = "cosine", first: int | None = None
) -> list[DecodedSentence]:
    """The `k` nearest words of every position of every distilled sentence, step by step; or of the `first` sentences.

    Raises:
        UsageError: `vectors` are not those the set was distilled with, or hold fewer than `k` words.
    """
    made_with = distilled.source.get("vectors_checksum", vectors.checksum)
    if vectors.dim != distilled.samples.shape[-1] or vectors.checksum != made_with:
        name = distilled.source.get("vectors", "other vectors")
        raise UsageError(f"the set was distilled with {name}, not with {vectors.name}; decode it with those")
    if not 1 <= k <= len(vectors):
        raise UsageError(f"--k must be between 1 and {len(vectors)}, the number of words in {vectors.name}")
    sentences = distilled.samples.flatten(0, 1)[:first]
    indices, scores = vectors.nearest(sentences.flatten(0, 1), k, metric)
    shape = (*sentences.shape[:2], k)
    labels = distilled.labels.flatten(0, 1)
    per_step = distilled.samples.shape[1]
    return [
        DecodedSentence(
            place // per_step,
            place % per_step,
            dict(zip(distilled.classes, labels[place].tolist(), strict=True)),
            [[vectors.words[word] for word in position] for position in found],
            found_scores,
        )
        for place, (found, found_scores) in enumerate(
            zip(indices.view(shape).tolist(), scores.view(shape).tolist(), strict=True)
        )
    ]


def render(sentences: list[DecodedSentence], format: Format, color: bool = False) -> str:
    """The sentences as text to print.

    Args:
        sentences: decoded sentences.
        format: "table", a heading with the soft label and then the words with their scores; "json"; or "text", the
            nearest words alone, one sentence a line.
        color: bold headings and faint scores, for a terminal.
    """
    if format == "json":
        return json.dumps([sentence.as_dict() for sentence in sentences], ensure_ascii=False, indent=1)
    if format == "text":
        return "\n".join(sentence.text for sentence in sentences)
    bold, faint, plain = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if color else ("", "", "")
    lines = []
    for sentence in sentences:
        label = "  ".join(f"{name} {value:+.2f}" for name, value in sorted(sentence.label.items(), key=lambda x: -x[1]))
        lines.append(f"{bold}step {sentence.step}, sample {sentence.index}: {label}{plain}")
        positions = [
            "/".join(f"{word}{faint}({score:.2f}){plain}" for word, score in zip(words, scores, strict=True))
            for words, scores in zip(sentence.words, sentence.scores, strict=True)
        ]
        lines += [" ".join(positions), ""]
    return "\n".join(lines).rstrip()
