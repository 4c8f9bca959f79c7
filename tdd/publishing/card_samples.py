"""The section of a card that shows a sample or two of each class, as a network is to learn from them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from tdd.distilled_set.set import DistilledSet
from tdd.hub.layout import SAMPLES
from tdd.publishing.card_text import in_code

MOST_WORDS = 30
"""Words of a sample that are shown."""
_MOST_CLASSES = 60
_TWO_EACH = 6  # classes
_SIDE = 96  # pixels


def shown(distilled: DistilledSet) -> list[int]:
    """Places of the samples that are shown, step by step counted: two a class, or one where there are many classes.

    A sample is of the class with its largest soft label; of a class without one none is shown.
    """
    each = 2 if len(distilled.classes) <= _TWO_EACH else 1
    largest = distilled.labels.flatten(0, 1).argmax(1).tolist()
    by_class: list[list[int]] = [[] for _ in distilled.classes]
    for place, label in enumerate(largest):
        if len(by_class[label]) < each:
            by_class[label].append(place)
    return [place for places in by_class[:_MOST_CLASSES] for place in places]


def samples_section(distilled: DistilledSet, texts: Sequence[str] | None) -> str:
    """The section as Markdown; empty where the texts of a set of sentences are not known.

    Args:
        distilled: the set.
        texts: of every sample; of images None.
    """
    text = distilled.space.kind == "text"
    if texts is None and text:
        return ""
    lines = ["## Samples", ""]
    labels, places = distilled.labels.flatten(0, 1), shown(distilled)
    if not text:
        classes = ", ".join(in_code(distilled.classes[int(labels[place].argmax())]) for place in places)
        return "\n".join([*lines, f"In their order: {classes}.", "", f"![samples of {len(places)}]({SAMPLES})"])
    kind = "which is exactly what is trained on" if distilled.sentences else "by the nearest words of its positions"
    lines += [f"For each class, {kind}; a soft label is a number for each class.", ""]
    lines += ["| class | sample | soft label |", "|---|---|---|"]
    for place in places:
        name = in_code(distilled.classes[int(labels[place].argmax())])
        highest = labels[place].topk(min(3, labels.shape[1]))
        soft = ", ".join(
            f"{in_code(distilled.classes[label])} {value:+.2f}"
            for value, label in zip(highest.values.tolist(), highest.indices.tolist(), strict=True)
        )
        assert texts is not None
        words = texts[place].split(" ")
        more = " …" if len(words) > MOST_WORDS else ""
        lines.append(f"| {name} | {in_code(' '.join(words[:MOST_WORDS]))}{more} | {soft} |")
    return "\n".join(lines)


def samples_picture(distilled: DistilledSet, images: Sequence[Any]) -> bytes:
    """The samples that the section shows side by side, enlarged, as a PNG.

    Args:
        distilled: a set of images.
        images: of every sample, as Pillow has them.
    """
    from PIL import Image

    chosen = [images[place] for place in shown(distilled)]
    width, height = chosen[0].size
    times = max(1, _SIDE // max(width, height))
    sheet = Image.new("RGB", (len(chosen) * (width * times + 4), height * times), "white")
    for place, image in enumerate(chosen):
        sheet.paste(
            image.resize((width * times, height * times), Image.Resampling.NEAREST), (place * (width * times + 4), 0)
        )
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()
