"""Decoded sentences on a terminal: words in shades of how near they are."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from typing import Literal

from tdd.embeddings.nearest import Metric
from tdd.inspection.decode import DecodedSentence
from tdd.system.formatting import printable, signed


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
        format: "table", a heading with the soft label and then the words with their scores, or the text where there
            are none; "json"; or "text", the nearest words alone, one sentence a line.
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
        label = "  ".join(f"{printable(name)} {signed(value)}" for name, value in by_value)
        heading = f"step {sentence.step}, sample {sentence.index}: {label}"
        wrapped = textwrap.wrap(heading, width, subsequent_indent="  ") if width else [heading]
        lines += [f"\x1b[1m{line}\x1b[0m" if color else line for line in wrapped]
        column = 0
        line = ""
        positions: Iterable[tuple[list[str], list[float]]] = zip(sentence.words, sentence.scores, strict=True)
        if not with_scores:
            positions = (([word], [0.0]) for word in sentence.text.split(" "))
        for words, scores in positions:
            cell = [
                (printable(word), f"({score:.2f})" if with_scores else "")
                for word, score in zip(words, scores, strict=True)
            ]
            length = sum(len(word) + len(score) + 1 for word, score in cell) - 1
            if width and column and column + length > width:
                lines.append(line.rstrip())
                line, column = "", 0
            column += length + 1
            line += (
                "/".join(_painted(*pair, level(scores[0])) if color and with_scores else "".join(pair) for pair in cell)
                + " "
            )
        lines += [line.rstrip(), ""]
    return "\n".join(lines).rstrip()


def _painted(word: str, score: str, level: int) -> str:
    return f"{_SHADES[level]}{word}\x1b[0m\x1b[2m{score}\x1b[0m"


Format = Literal["table", "json", "text"]
