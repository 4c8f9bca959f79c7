"""The files that a published distilled set is made of, and which of a repository's files are ours."""

from __future__ import annotations

import re

WEIGHTS, RECIPE, RESULTS = "distilled.safetensors", "recipe.yaml", "results.json"

TABLES = {"default": "default/train.parquet", "embeddings": "embeddings/train.parquet"}
"""Where the table of each configuration lies in a repository."""

README = "README.md"

FIGURES = "figures"

_KEPT = re.compile(
    rf"{README}|{re.escape(RECIPE)}|{re.escape(RESULTS)}|{re.escape(WEIGHTS)}|{FIGURES}/[\w-]+\.(png|svg)"
)

# Those that `tdd plot` draws; others in the folder may be the owner's.
_DRAWN = re.compile(rf"{FIGURES}/(curves|learning-rates|labels|networks|step-\d+)\.(png|svg)")


def is_kept(name: str) -> bool:
    """Whether a file of a repository belongs into a run folder; the tables do not, they repeat the tensors."""
    return _KEPT.fullmatch(name) is not None


def is_ours(name: str) -> bool:
    """Whether a file of a repository was written by a push, so that a later one without it may delete it."""
    return _DRAWN.fullmatch(name) is not None or name in (README, RECIPE, RESULTS, WEIGHTS, *TABLES.values())
