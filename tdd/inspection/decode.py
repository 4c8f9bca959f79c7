"""Distilled sentences read as words: the nearest word of every position."""

from __future__ import annotations

import json
import shutil
import textwrap
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.nearest import Metric
from tdd.errors import UsageError
from tdd.system.reporter import printable

if TYPE_CHECKING:
    from tdd.embeddings.word_vectors import WordVectors

Format = Literal["table", "json", "text", "html"]


def show(
    distilled: DistilledSet,
    k: int | None = None,
    metric: Metric = "cosine",
    first: int | None = None,
    format: Format = "table",
    color: bool = False,
) -> str:
    """A set as text to print, whatever it holds: sentences as their `k` nearest words, images as pictures.

    With `color` it is made for the terminal: its width, its colours. `k` is 1 when None, and 5 in a page of html.

    Raises:
        UsageError: an html page is asked for and the set holds images, or see `decode`.
    """
    if distilled.is_text:
        from tdd.embeddings.word_vectors import load_vectors
        from tdd.inspection.page import page

        k = k or (5 if format == "html" else 1)
        sentences = decode(distilled, load_vectors(distilled.recipe.vectors), k, metric, first)
        if format == "html":
            return page(distilled, sentences, metric)
        width = shutil.get_terminal_size().columns if color else None
        # The words of a set of words are no neighbours of anything.
        with_scores = distilled.sentences is None or k > 1
        return render(sentences, format, color, width, metric, with_scores)
    if format == "html":
        raise UsageError("--format html shows sentences, and this set holds images: draw them with tdd plot")
    from tdd.inspection import pictures

    return pictures.render(pictures.pictures(distilled, first), format, color)


@dataclass(frozen=True)
class DecodedSentence:
    """One distilled sentence as words.

    Attributes:
        step: inner step it belongs to.
        index: its place among the step's samples.
        label: soft label, by class name.
        words: for each position, the nearest words, best first; the first of a set of words is the word itself, and
            its padding is left out.
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
        UsageError: the set is not made of embedded text, `vectors` are not those it was distilled with, or they hold
            fewer than `k` words.
    """
    check_vectors(distilled, vectors)
    if not 1 <= k <= len(vectors):
        raise UsageError(f"--k must be between 1 and {len(vectors)}, the number of words in {vectors.name}")
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
    for place, (found, near) in enumerate(zip(indices.view(shape).tolist(), scores.view(shape).tolist(), strict=True)):
        words = [[vectors.words[word] for word in position] for position in found]
        if own is not None:
            # Others may have the same vector as the word itself.
            words = [[word, *(x for x in few if x != word)][:k] for word, few in zip(own[place], words, strict=False)]
            # Exactly, whatever rounding makes of it: none of these words is nearer than another.
            for few in near:
                few[0] = 1.0 if metric == "cosine" else 0.0
        label = dict(zip(distilled.classes, labels[place].tolist(), strict=True))
        decoded.append(DecodedSentence(place // per_step, place % per_step, label, words, near[: len(words)]))
    return decoded


def check_vectors(distilled: DistilledSet, vectors: WordVectors) -> None:
    """Raise UsageError unless the set is made of embedded text and was distilled with `vectors`."""
    if not distilled.is_text:
        raise UsageError("this set holds pictures, not embedded sentences: there are no words to read")
    made_with = distilled.source.get("vectors_checksum", vectors.checksum)
    if vectors.dim != distilled.samples.shape[-1] or vectors.checksum != made_with:
        name = distilled.source.get("vectors", "other vectors")
        raise UsageError(f"the set was distilled with {name}, not with {vectors.name}; decode it with those")


class Nearness:
    """Levels 0 ... levels - 1 of how near words are, as equal parts of the middle 96 % of all `scores`.

    Attributes:
        far: score at which the lowest level begins.
        near: score at which the highest level ends.
    """

    def __init__(self, scores: list[float], metric: Metric, levels: int):
        in_order = sorted(scores, reverse=metric == "l2")
        self.far, self.near = in_order[int(0.02 * len(scores))], in_order[int(0.98 * (len(scores) - 1))]
        self.levels = levels

    def __call__(self, score: float) -> int:
        """The level of a similarity or distance."""
        share = (score - self.far) / ((self.near - self.far) or 1.0)
        return min(max(int(share * self.levels), 0), self.levels - 1)


# Faint, plain and bold green: the levels of nearness on a terminal of any colours.
_SHADES = ("\x1b[2m", "", "\x1b[1;32m")


def render(
    sentences: list[DecodedSentence],
    format: Format,
    color: bool = False,
    width: int | None = None,
    metric: Metric = "cosine",
    with_scores: bool = True,
) -> str:
    """The sentences as text to print.

    Args:
        sentences: decoded sentences.
        format: "table", a heading with the soft label and then the words with their scores; "json"; or "text", the
            nearest words alone, one sentence a line.
        color: bold headings, faint scores, and words the brighter the nearer they are, for a terminal.
        width: columns that a table is wrapped to; None: a sentence is one line.
        metric: what the scores are.
        with_scores: show in a table how near words are.
    """
    if format == "json":
        text = json.dumps([sentence.as_dict() for sentence in sentences], ensure_ascii=False, indent=1)
        return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    if format == "text":
        return "\n".join(printable(sentence.text) for sentence in sentences)
    level = Nearness([scores[0] for sentence in sentences for scores in sentence.scores], metric, len(_SHADES))
    lines: list[str] = []
    for sentence in sentences:
        by_value = sorted(sentence.label.items(), key=lambda x: -x[1])
        label = "  ".join(f"{printable(name)} {value:+.2f}" for name, value in by_value)
        heading = f"step {sentence.step}, sample {sentence.index}: {label}"
        wrapped = textwrap.wrap(heading, width, subsequent_indent="  ") if width else [heading]
        lines += [f"\x1b[1m{line}\x1b[0m" if color else line for line in wrapped]
        column = 0
        line = ""
        for words, scores in zip(sentence.words, sentence.scores, strict=True):
            found = [
                (printable(word), f"({score:.2f})" if with_scores else "")
                for word, score in zip(words, scores, strict=True)
            ]
            length = sum(len(word) + len(score) + 1 for word, score in found) - 1
            if width and column and column + length > width:
                lines.append(line.rstrip())
                line, column = "", 0
            column += length + 1
            line += (
                "/".join(
                    _painted(*pair, level(scores[0])) if color and with_scores else "".join(pair) for pair in found
                )
                + " "
            )
        lines += [line.rstrip(), ""]
    return "\n".join(lines).rstrip()


def _painted(word: str, score: str, level: int) -> str:
    return f"{_SHADES[level]}{word}\x1b[0m\x1b[2m{score}\x1b[0m"
