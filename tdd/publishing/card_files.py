"""What the files beside a card hold."""

from __future__ import annotations

from tdd.distilled_set.set import DistilledSet
from tdd.hub.layout import EMBEDDING, RECIPE, RESULTS, TOKENIZER


def files_sentence(distilled: DistilledSet) -> str:
    """A sentence that says which file holds what."""
    text = f"Every setting is in `{RECIPE}`, everything measured in `{RESULTS}`"
    if distilled.embedding is not None:
        text += f", what the vectors are of in `{EMBEDDING}`"
        if distilled.embedding.tokenizer is not None:
            text += f";\n`{TOKENIZER}` splits text into these word pieces, uncut and without padding"
    return f"{text}."
