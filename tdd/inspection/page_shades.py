"""How strongly a page shades words: by importance and by nearness, both above what chance reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tdd.embeddings.nearest import Metric
from tdd.inspection.decode import DecodedSentence
from tdd.inspection.page_extras import Extras
from tdd.inspection.pictures import Picture

Shown = DecodedSentence | Picture

LEVELS = 7
"""Shades of a word above the level of chance."""


def dominant(sample: Shown) -> int:
    """The class with the largest number in a sample's label."""
    values = list(sample.label.values())
    return values.index(max(values))


@dataclass(frozen=True)
class Shades:
    """Where shades begin and end.

    Attributes:
        importance: of every word; None: not known.
        chance, most: importance of the lowest shade and of the darkest.
        near_chance, nearest: the same of nearness, the greater the nearer; None: words are no neighbours.
        sign: of a score, 1 of similarities and -1 of distances.
    """

    importance: Sequence[Sequence[float]] | None
    chance: float
    most: float
    near_chance: float | None
    nearest: float
    sign: int

    @classmethod
    def of(cls, shown: Sequence[Shown], extras: Extras, metric: Metric) -> Shades:
        """Those of the words of a page: the darkest shade is that of the top 2 %."""
        sentences = [sample for sample in shown if isinstance(sample, DecodedSentence)]
        sign = 1 if metric == "cosine" else -1
        scores = sorted(sign * scores[0] for sentence in sentences for scores in sentence.scores)
        rows, chance, values = None, 0.0, [0.0]
        if extras.importance is not None and sentences:
            rows = extras.importance.of.tolist()
            chance = max(extras.importance.chance, 0.0)
            values = sorted(
                value for row, each in zip(rows, sentences, strict=False) for value in row[: len(each.words)]
            )
        near = extras.chance if extras.chance is None else sign * extras.chance
        return cls(rows, chance, _high(values), near, _high(scores or [0.0]), sign)

    def levels(self, place: int, position: int, score: float) -> tuple[int, int]:
        """Shades 0 ... LEVELS of a word: by importance (-1: it speaks against its class), and by nearness."""
        by_importance = by_nearness = 0
        if self.importance is not None:
            value = self.importance[place][position]
            by_importance = -1 if value < -self.chance else _level(value, self.chance, self.most)
        if self.near_chance is not None:
            by_nearness = _level(self.sign * score, self.near_chance, self.nearest)
        return by_importance, by_nearness


def _high(in_order: Sequence[float]) -> float:
    return in_order[int(0.98 * (len(in_order) - 1))]


def _level(value: float, low: float, high: float) -> int:
    if value <= low:
        return 0
    return min(1 + int(LEVELS * (value - low) / ((high - low) if high > low else 1.0)), LEVELS)


def telling_words(
    shown: Sequence[Shown], extras: Extras, classes: int, most: int = 12
) -> list[list[tuple[str, float]]]:
    """Of each class the words that matter most in its sentences: a word, and its importance over all of them."""
    totals: list[dict[str, float]] = [{} for _ in range(classes)]
    if extras.importance is not None:
        for sample, row in zip(shown, extras.importance.of.tolist(), strict=False):
            if isinstance(sample, DecodedSentence):
                of_class = totals[dominant(sample)]
                for near, value in zip(sample.words, row, strict=False):
                    of_class[near[0]] = of_class.get(near[0], 0.0) + value
    return [
        sorted(((word, value) for word, value in total.items() if value > 0), key=lambda item: -item[1])[:most]
        for total in totals
    ]
