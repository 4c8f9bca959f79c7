"""The samples of a page: what its template writes of each, and what its script knows of their words."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.nearest import Metric
from tdd.inspection.colors import CLASS_COLORS
from tdd.inspection.decode import DecodedSentence
from tdd.inspection.page_extras import Extras
from tdd.inspection.page_shades import Shades, Shown, dominant
from tdd.inspection.pictures import TOP, Picture
from tdd.system.formatting import signed

OPEN_BARS = 12
"""Classes of a label that a sentence shows, those whose numbers are furthest from zero; pictures show `TOP`."""
_MOST_USE = 6  # classes by which a word's use is told
_CUT = 400  # characters of a real text


@dataclass(frozen=True)
class Bar:
    """A class's number in a label, as a bar: percents of the width."""

    place: int
    value: float
    left: float
    width: float

    @property
    def told(self) -> str:
        """The number as it is printed."""
        return signed(self.value)


@dataclass(frozen=True)
class Scale:
    """What all bars of a page have in common: the least and the largest number, zero among them."""

    low: float
    high: float

    @classmethod
    def of(cls, labels: Sequence[Sequence[float]]) -> Scale:
        """That of labels."""
        values = [value for label in labels for value in label]
        return cls(min(0.0, *values), max(1e-6, *values))

    def at(self, value: float) -> float:
        """Where a number lies, in percent of the width."""
        return round(100 * (value - self.low) / (self.high - self.low), 1)

    def bar(self, place: int, value: float) -> Bar:
        """From zero to a number."""
        start, end = self.at(min(value, 0.0)), self.at(max(value, 0.0))
        return Bar(place, value, start, round(end - start, 1))


def open_classes(sample: Shown) -> list[int]:
    """The classes that a sample's bars show, in the order of the set's classes."""
    values = list(sample.label.values())
    places = range(len(values))
    if isinstance(sample, Picture):  # as its title
        return sorted(sorted(places, key=lambda place: -values[place])[:TOP])
    return sorted(sorted(places, key=lambda place: -abs(values[place]))[:OPEN_BARS])


def samples_of(
    shown: Sequence[Shown], scale: Scale, extras: Extras, metric: Metric, public: bool
) -> list[dict[str, Any]]:
    """What the template writes of each sample."""
    shades = Shades.of(shown, extras, metric)
    found = []
    for place, sample in enumerate(shown):
        values = list(sample.label.values())
        largest = open_classes(sample)
        top = dominant(sample)
        found.append(
            {
                "id": f"s{sample.step}-{sample.index}",
                "place": place,
                "step": sample.step,
                "index": sample.index,
                "top": top,
                "top_value": values[top],
                "bars": [scale.bar(c, values[c]) for c in largest],
                "folded": len(values) - len(largest),
                "mini": mini_bars(values, scale),
                **_content(sample, place, shades),
                "real": [] if public or not extras.real else [_real(each) for each in extras.real[place]],
            }
        )
    return found


def _content(sample: Shown, place: int, shades: Shades) -> dict[str, Any]:
    if isinstance(sample, Picture):
        title = ", ".join(sample.title())
        return {"picture": picture_uri(sample.pixels), "title": title, "words": [], "text": None}
    words = [
        (near[0], *shades.levels(place, position, scores[0]))
        for position, (near, scores) in enumerate(zip(sample.words, sample.scores, strict=True))
    ]
    apart = sample.text == " ".join(near[0] for near in sample.words)
    return {"picture": None, "words": words, "text": None if apart else sample.text}


def _real(example: Any) -> dict[str, Any]:
    picture = None if example.pixels is None else picture_uri(example.pixels)
    text = example.text and (example.text[:_CUT] + ("…" if len(example.text) > _CUT else ""))
    return {"label": example.label, "similarity": f"{example.similarity:.2f}", "text": text, "picture": picture}


def picture_uri(pixels: NDArray[np.uint8]) -> str:
    """Pixels (h, w, c) as the address of a png that lies in the address itself."""
    from PIL.Image import fromarray

    drawn = io.BytesIO()
    fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(drawn, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(drawn.getvalue()).decode()}"


def mini_bars(values: Sequence[float], scale: Scale) -> list[tuple[int, str]]:
    """Paths of upright bars for a cell of the overview, 100 wide and 24 high: the class of each and its path.

    Where colours do not tell classes apart all bars are one path, in the colour of the dominant class.
    """
    across = 100 / len(values)
    zero = 24 * (1 - scale.at(0.0) / 100)
    bars = [
        (c, f"M{across * (c + 0.5):.1f} {zero:.1f}V{24 * (1 - scale.at(value) / 100):.1f}")
        for c, value in enumerate(values)
        if abs(scale.at(value) - scale.at(0.0)) >= 1
    ]
    if len(values) <= len(CLASS_COLORS):
        return bars
    return [(values.index(max(values)), "".join(path for _, path in bars))]


def data_of(shown: Sequence[Shown], classes: Sequence[str], extras: Extras, metric: Metric) -> dict[str, Any]:
    """What the script knows: of every word its neighbours, its importance, and its use by class.

    Words are places in "vocabulary"; scores are hundredths, importance thousandths, shares of texts hundredths of a
    percent.
    """
    sentences = [sample for sample in shown if isinstance(sample, DecodedSentence)]
    places: dict[str, int] = {}
    samples = []
    weights = None if extras.importance is None else extras.importance.of
    for at, sentence in enumerate(sentences):
        near = [[places.setdefault(word, len(places)) for word in words] for words in sentence.words]
        scores = [[round(100 * score) for score in row] for row in sentence.scores]
        own = None if weights is None else [round(1000 * value) for value in weights[at, : len(near)].tolist()]
        samples.append({"near": near, "scores": scores, "importance": own})
    use = None
    if extras.use is not None:
        use = [_largest(extras.use.get(word)) for word in places]
    labels = [[round(value, 4) for value in sample.label.values()] for sample in shown]
    return {
        "classes": list(classes),
        "vocabulary": list(places),
        "use": use,
        "samples": samples,
        "labels": labels,
        "metric": metric,
    }


def _largest(shares: Sequence[float] | None) -> list[list[int]]:
    """Class and share, the largest first, those of no text left out; none: the word is not in the table of the data."""
    found = sorted(enumerate(shares or ()), key=lambda item: -item[1])[:_MOST_USE]
    return [[place, round(10000 * share)] for place, share in found if share > 0]
