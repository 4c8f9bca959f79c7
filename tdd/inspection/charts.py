"""Line charts of a page as inline SVG: lines, axes with units, and the numbers for whoever does not see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup, escape

WIDTH, HEIGHT = 320, 185
"""Units of the drawing, about pixels."""
_RIGHT, _TOP, _BOTTOM = 12, 10, 38
_MOST_POINTS, _MOST_DOTS, _MOST_ROWS = 240, 60, 120


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes:
        name: what the legend and the table call it.
        points: its (x, y).
        style: 0 ... 3, a colour and a dash, see ``page.css``.
        dots: whether its points are marked.
        told: of each point what pointing at it tells; none: its numbers.
    """

    name: str
    points: Sequence[tuple[float, float]]
    style: int = 0
    dots: bool = False
    told: Sequence[str] = ()


@dataclass(frozen=True)
class Chart:
    """A chart as a page shows it: the drawing, and the same as a table."""

    title: str
    svg: Markup
    note: str
    columns: list[str]
    rows: list[list[str]]
    lines: list[tuple[int, str]]


def chart(
    title: str,
    x: str,
    y: str,
    lines: Sequence[Line],
    note: str = "",
    from_zero: bool = False,
    marks: Sequence[tuple[float, str]] = (),
    whole: bool = True,
) -> Chart | None:
    """Lines over a common axis; None where there is nothing to draw.

    Args:
        title: what it shows.
        x, y: of the axes, with their units.
        lines: those with a point are drawn.
        note: what is said beneath.
        from_zero: let the vertical axis begin at 0.
        marks: places on the horizontal axis, with the words that stand there.
        whole: whether the horizontal axis counts.
    """
    lines = [line for line in lines if line.points]
    if not lines:
        return None
    xs, ys = ([point[axis] for line in lines for point in line.points] for axis in (0, 1))
    across = ticks(min(xs), max(xs), 6, whole)
    up = ticks(min(0.0, *ys) if from_zero else min(ys), max(ys), 5)
    left, right = min(*xs, across[0]), max(*xs, across[-1])
    low, high = up[0], up[-1]
    inset = 24 + 6.6 * max(len(number(value, up)) for value in up)

    def place(px: float, py: float) -> tuple[float, float]:
        inner = WIDTH - inset - _RIGHT, HEIGHT - _TOP - _BOTTOM
        return (
            round(inset + inner[0] * (px - left) / ((right - left) or 1), 1),
            round(_TOP + inner[1] * (1 - (py - low) / ((high - low) or 1)), 1),
        )

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    for value in up:
        _, at = place(left, value)
        parts.append(f'<path class="grid" d="M{inset:.1f} {at}H{WIDTH - _RIGHT}"/>')
        parts.append(f'<text x="{inset - 5:.1f}" y="{at + 3.5}" text-anchor="end">{number(value, up)}</text>')
    for value in across:
        at, _ = place(value, low)
        parts.append(f'<text x="{at}" y="{HEIGHT - _BOTTOM + 15}" text-anchor="middle">{number(value, across)}</text>')
    for value, words in marks:
        at, _ = place(value, low)
        parts.append(f'<path class="mark" d="M{at} {_TOP}V{HEIGHT - _BOTTOM}"><title>{escape(words)}</title></path>')
    parts.append(
        f'<text class="axis" x="{(inset + WIDTH) / 2:.1f}" y="{HEIGHT - 5}" text-anchor="middle">{escape(x)}</text>'
    )
    middle = (HEIGHT - _BOTTOM + _TOP) / 2
    parts.append(
        f'<text class="axis" x="11" y="{middle}" text-anchor="middle" transform="rotate(-90 11 {middle})">'
        f"{escape(y)}</text>"
    )
    for line in lines:
        kept = _thinned(line.points)
        path = "L".join(f"{px} {py}" for px, py in (place(*point) for point in kept))
        parts.append(f'<path class="line l{line.style}" d="M{path}"/>')
        if line.dots and len(line.points) <= _MOST_DOTS:
            for index, point in enumerate(line.points):
                px, py = place(*point)
                told = line.told[index] if line.told else f"{line.name}, {x} {point[0]:g}: {point[1]:.4g}"
                circle = f'<circle class="dot l{line.style}" cx="{px}" cy="{py}" r="3">'
                parts.append(f"{circle}<title>{escape(told)}</title></circle>")
    parts.append("</svg>")
    return Chart(
        title,
        Markup("".join(parts)),
        note,
        [x, *(line.name for line in lines)],
        _rows(lines),
        [(line.style, line.name) for line in lines] if len(lines) > 1 else [],
    )


def ticks(low: float, high: float, about: int, whole: bool = False) -> list[float]:
    """Round numbers from at most `low` to at least `high`, about so many; those of a `whole` axis lie inside."""
    span = high - low or abs(high) or 1.0
    raw = span / about
    power = 10.0 ** floor(log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    if whole:
        step = max(1.0, step)
        first, last = ceil(low / step), floor(high / step)
        return [place * step for place in range(first, last + 1)] or [low]
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [place * step for place in range(first, max(last, first + 1) + 1)]


def number(value: float, beside: Sequence[float]) -> str:
    """A tick's number, with as many decimal places as the step between ticks needs."""
    step = beside[1] - beside[0] if len(beside) > 1 else 1.0
    places = max(0, -floor(log10(step) + 1e-9)) if step < 1 else 0
    return f"{value + 0.0:,.{places}f}"


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """The points, or of very many the mean of as many as lie beside each other."""
    if len(points) <= _MOST_POINTS:
        return points
    size = -(-len(points) // _MOST_POINTS)
    parts = [points[start : start + size] for start in range(0, len(points), size)]
    return [(part[-1][0], sum(y for _, y in part) / len(part)) for part in parts]


def _rows(lines: Sequence[Line]) -> list[list[str]]:
    """The numbers by x, at most `_MOST_ROWS` of them and the last."""
    values = [dict(line.points) for line in lines]
    xs = sorted({x for line in values for x in line})
    every = -(-len(xs) // _MOST_ROWS)
    kept = sorted({*xs[::every], xs[-1]})
    return [[f"{x:g}", *(f"{line[x]:.4g}" if x in line else "" for line in values)] for x in kept]
