"""A set's samples as a table, text, json or a web page; images as pictures."""

from __future__ import annotations

import shutil

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.vectors import load_vectors_of
from tdd.embeddings.nearest import Metric
from tdd.errors import UsageError
from tdd.inspection.decode import decode
from tdd.inspection.terminal import Format, render


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
    if distilled.space.kind == "text":
        from tdd.inspection.page import page

        k = k or (5 if format == "html" else 1)
        sentences = decode(distilled, load_vectors_of(distilled), k, metric, first)
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
