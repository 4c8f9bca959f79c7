"""Charts of a page lie where their numbers say, and tell them as a table too."""

import re
from itertools import pairwise

import pytest

from tdd.inspection.charts import Line, chart, number, ticks
from tdd.inspection.colors import CLASS_COLORS, class_color, ink_on


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.237, 0.411), (61.2, 67.9), (-3, 40), (5, 5), (0, 0)])
def test_ticks_are_round_and_hold_all_numbers(low, high):
    found = ticks(low, high, 5)
    steps = {round(b - a, 12) for a, b in pairwise(found)}
    assert len(steps) == 1 and found[0] <= low + 1e-9 and found[-1] >= high - 1e-9 and len(found) <= 8
    assert len({number(value, found) for value in found}) == len(found)


def test_whole_ticks_count():
    assert ticks(0, 9, 6, whole=True) == [0, 2, 4, 6, 8]
    assert ticks(0, 0, 6, whole=True) == [0]
    assert ticks(1, 2, 6, whole=True) == [1, 2]


def test_points_lie_in_proportion_and_are_told():
    made = chart("title & more", "x", "y (%)", [Line("a<b", [(0, 0), (1, 50), (2, 100)], dots=True)], "note")
    assert made is not None
    dots = [(float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', made.svg)]
    (x0, y0), (x1, y1), (x2, y2) = dots
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2) and y0 - y1 == pytest.approx(y1 - y2, abs=0.2) and y2 < y0
    assert "a&lt;b, x 1: 50" in made.svg and 'aria-label="title &amp; more"' in made.svg
    assert made.columns == ["x", "a<b"] and made.rows == [["0", "0"], ["1", "50"], ["2", "100"]]


def test_very_many_points_are_means_of_their_neighbours_and_the_table_has_the_last():
    made = chart("loss", "step", "loss", [Line("loss", [(float(i), float(i % 2)) for i in range(10_000)])])
    path = re.search(r'class="line l0" d="M([^"]*)"', made.svg).group(1).split("L")
    assert len(path) <= 240 and len({point.split()[1] for point in path}) == 1
    assert len(made.rows) <= 121 and made.rows[-1][0] == "9999"


def test_nothing_is_drawn_of_nothing():
    assert chart("loss", "step", "loss", [Line("loss", [])]) is None


def test_colours_of_classes_are_different_and_carry_readable_text():
    assert len(set(CLASS_COLORS)) == 10 and class_color(13) == class_color(3)

    def luminance(color):
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for color in CLASS_COLORS:
        light = sorted([luminance(color), luminance(ink_on(color))])
        assert (light[1] + 0.05) / (light[0] + 0.05) >= 4.5
