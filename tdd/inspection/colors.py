"""A colour for each class, the same on the page and in figures, told apart by colour-blind readers too."""

from __future__ import annotations

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#cc79a7",
    "#56b4e9",
    "#777777",
)
"""Okabe and Ito's colours (2008), with a grey in place of their black, which is seen on light and dark ground."""

CLASS_COLORS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, "#aa3377", "#999933", GREY, "#7a6ff0")
"""In the order of a set's classes; of more classes they come again, and names tell them apart."""


def class_color(place: int) -> str:
    """The colour of the class at `place` among a set's classes, as ``#rrggbb``."""
    return CLASS_COLORS[place % len(CLASS_COLORS)]


def ink_on(color: str) -> str:
    """Black or white, whichever has more contrast (WCAG 2.2, relative luminance) on `color`."""
    light = _luminance(color)
    return "#000000" if (light + 0.05) / 0.05 > 1.05 / (light + 0.05) else "#ffffff"


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
