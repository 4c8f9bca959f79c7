"""Pieces of text that the sections of a card share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tdd.distilled_set.set import DistilledSet


def is_on_hub(distilled: DistilledSet) -> bool:
    """Whether the data set was read from the Hub, at a known revision."""
    return "revision" in distilled.source


def dataset_name(distilled: DistilledSet) -> str:
    """The data set's name on the Hub, or else as the recipe has it, on one line."""
    name = distilled.source["dataset"] if is_on_hub(distilled) else distilled.recipe.dataset
    return " ".join(name.split())


def in_code(text: str) -> str:
    """Any text as a piece of code inside a line or a table."""
    return "`" + " ".join(text.replace("`", "'").replace("|", "/").split()) + "`"


def as_python(text: str) -> str:
    """Any text as a literal of Python, on one line."""
    return json.dumps(text, ensure_ascii=False)


def times(*sizes: int | str) -> str:
    """A shape, as in 10 × 2 × 400."""
    return " × ".join(map(str, sizes))


def rates_column(distilled: DistilledSet, network: str) -> str:
    """The column with the learning rates of a network."""
    return f"learning_rates_{network}" if distilled.recipe.pool else "learning_rates"
