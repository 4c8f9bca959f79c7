"""A set's samples as a table, text or json; images as pictures. Its page: `tdd.runs.page`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.vectors import load_vectors_of
from tdd.embeddings.nearest import Metric
from tdd.inspection.decode import DecodedSentence, decode
from tdd.inspection.importance import importance
from tdd.inspection.terminal import Format, render
from tdd.networks.own import can_be_imported

if TYPE_CHECKING:
    from torch import Tensor

    from tdd.embeddings.protocol import Embedding

TELLING = 24
"""Words of a long sentence that a table has."""


def show(
    distilled: DistilledSet,
    k: int | None = None,
    metric: Metric = "cosine",
    first: int | None = None,
    format: Format = "table",
    color: bool = False,
    all_words: bool = False,
) -> str:
    """A set as text to print, whatever it holds: sentences as their `k` nearest words, images as pictures.

    With `color` it is made for the terminal: its width, its colours. `k` is 1 when None. Of long
    sentences a table has the `TELLING` words that matter most to a network, or `all_words`.

    Raises:
        UsageError: see `decode`.
    """
    if distilled.space.kind == "text":
        k = k or 1
        sentences = decode(distilled, load_vectors_of(distilled), k, metric, first)
        width = shutil.get_terminal_size().columns if color else None
        # The words of a set of words are no neighbours of anything.
        with_scores = distilled.sentences is None or k > 1
        note = ""
        longest = max(len(sentence.words) for sentence in sentences)
        if format == "table" and not all_words and longest > TELLING and not can_be_imported(distilled.recipe.network):
            sentences = _telling(sentences, importance(distilled).of, load_vectors_of(distilled))
            note = (
                f"\n\n{TELLING} of up to {longest} words each: those that matter most to a network trained on the set; "
                "all of them by tdd decode RUN --all-words"
            )
        return render(sentences, format, color, width, metric, with_scores) + note
    from tdd.inspection import pictures

    return pictures.render(pictures.pictures(distilled, first), format, color)


def _telling(sentences: Sequence[DecodedSentence], weights: Tensor, vectors: Embedding) -> list[DecodedSentence]:
    """The sentences with their `TELLING` most important words alone, in their order."""
    shorter = []
    for sentence, row in zip(sentences, weights, strict=False):
        kept = sorted(row[: len(sentence.words)].topk(min(TELLING, len(sentence.words))).indices.tolist())
        words = [sentence.words[place] for place in kept]
        scores = [sentence.scores[place] for place in kept]
        shorter.append(replace(sentence, words=words, scores=scores, text=vectors.join([near[0] for near in words])))
    return shorter
