"""The files that a published distilled set is made of, and which of a repository's files are ours."""

from __future__ import annotations

import re

WEIGHTS, RECIPE, RESULTS = "distilled.safetensors", "recipe.yaml", "results.json"
EMBEDDING, TOKENIZER = "embedding.json", "tokenizer.json"
"""What the vectors of text are of, and what splits text into word pieces: there where they are needed."""

SET_FILES = (RECIPE, RESULTS, WEIGHTS, EMBEDDING, TOKENIZER)

LARGEST = {WEIGHTS: 2 * 2**30, "model.safetensors": 16 * 2**30, TOKENIZER: 2**26, EMBEDDING: 2**24}
"""Bytes of the largest file that is taken; of any file without an entry here: `LARGEST_OTHER`."""

LARGEST_OTHER = 32 * 2**20

TABLES = {"default": "default/train.parquet", "embeddings": "embeddings/train.parquet"}
"""Where the table of each configuration lies in a repository."""

README = "README.md"

NETWORK, SCRIPT = "network.py", "train.py"
"""The network in plain torch, and the script of the card, for those who have no tdd; they are no part of a run."""

FIGURES = "figures"

SAMPLES = f"{FIGURES}/samples.png"
"""A picture of each class, for the card of a set of images."""

MODELING = "modeling_distilled.py"
"""The code of a classifier whose kind transformers does not know."""

CONFIG, WEIGHTS_OF_MODEL = "config.json", "model.safetensors"

_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*")

_OF_MODEL = re.compile(
    rf"{CONFIG}|model(-\d+-of-\d+)?\.safetensors(\.index\.json)?|tokenizer\w*\.json|special_tokens_map\.json|"
    rf"vocab\.(txt|json)|merges\.txt|{re.escape(MODELING)}|{README}"
)

_KEPT = re.compile(rf"{README}|{'|'.join(map(re.escape, SET_FILES))}|{FIGURES}/[\w-]+\.(png|svg)")

# Those that are drawn by tdd; others in the folder may be the owner's.
_DRAWN = re.compile(
    rf"{FIGURES}/(curves|learning-rates|labels|networks|samples|confusion|transfer-\w+|step-\d+)\.(png|svg)"
)


def is_repository_name(name: str) -> bool:
    """Whether a text may name a repository, ``owner/name``; a relative path may read alike."""
    return _NAME.fullmatch(name) is not None


def is_kept(name: str) -> bool:
    """Whether a file of a repository belongs into a run folder; the tables do not, they repeat the tensors."""
    return _KEPT.fullmatch(name) is not None


def is_ours(name: str) -> bool:
    """Whether a file of a repository was written by a push, so that a later one without it may delete it."""
    return _DRAWN.fullmatch(name) is not None or name in (README, NETWORK, SCRIPT, *SET_FILES, *TABLES.values())


def is_of_model(name: str) -> bool:
    """Whether a file of a repository is one that transformers or `tdd train` saves of a classifier."""
    return _OF_MODEL.fullmatch(name) is not None
