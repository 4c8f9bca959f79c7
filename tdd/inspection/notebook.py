"""A distilled set as a notebook shows it: a few samples with their labels."""

from __future__ import annotations

import base64
import io
from html import escape

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.vectors import load_vectors_of
from tdd.errors import TddError
from tdd.inspection.decode import decode
from tdd.inspection.pictures import TOP, pictures
from tdd.system.formatting import signed

SHOWN = 6
"""Samples that are shown."""
WORDS = 40
"""Words of a sentence that are shown."""
_SIDE = 64  # pixels


def notebook(distilled: DistilledSet) -> str:
    """The first samples of a set as HTML: nearest words or pictures, and the largest soft labels."""
    about = f"<pre>{escape(repr(distilled))}</pre>"
    try:
        rows = _sentences(distilled) if distilled.space.kind == "text" else _pictures(distilled)
    except TddError as error:  # its vectors are not there: no reason to show nothing
        return f"{about}<p>{escape(str(error))}</p>"
    more = f"<p>{distilled.n - SHOWN} more</p>" if distilled.n > SHOWN else ""
    return f"{about}<table><tbody>{''.join(rows)}</tbody></table>{more}"


def _sentences(distilled: DistilledSet) -> list[str]:
    rows = []
    for sentence in decode(distilled, load_vectors_of(distilled), first=SHOWN):
        words = sentence.text.split(" ")
        text = " ".join(words[:WORDS]) + (" ..." if len(words) > WORDS else "")
        rows.append(_row(_label(sentence.label), f'<span dir="auto">{escape(text)}</span>'))
    return rows


def _pictures(distilled: DistilledSet) -> list[str]:
    from PIL.Image import fromarray

    rows = []
    for picture in pictures(distilled, SHOWN):
        pixels, buffer = picture.pixels, io.BytesIO()
        fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(buffer, "PNG")
        data = base64.b64encode(buffer.getvalue()).decode()
        rows.append(_row(_label(picture.label), f'<img alt="" height="{_SIDE}" src="data:image/png;base64,{data}">'))
    return rows


def _label(label: dict[str, float]) -> str:
    top = sorted(label.items(), key=lambda item: -item[1])[:TOP]
    return "<br>".join(f"{escape(name)} {signed(value)}" for name, value in top)


def _row(label: str, sample: str) -> str:
    return f'<tr><td style="text-align:left">{label}</td><td style="text-align:left">{sample}</td></tr>'
