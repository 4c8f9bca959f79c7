"""What pretrained encoders are called."""

from __future__ import annotations

import re

HUB = "hf:"
"""What the name of a pretrained encoder begins with: ``hf:owner/name``, ``hf:owner/name@revision``, ``hf:folder``."""
MINILM = "minilm"
"""The encoder that works offline where its package is installed."""
BY_MINILM = f"_{MINILM}"
"""What the names of ways to choose real examples end in that look at its sentence vectors."""


def is_encoder(name: str) -> bool:
    """Whether a name is that of a pretrained encoder."""
    return name == MINILM or name.startswith(HUB)


def at_commit(name: str, commit: str | None) -> str:
    """The name of an encoder on the Hub at a commit, unless it names a revision itself; any other name as it is."""
    if commit is None or not re.fullmatch("[0-9a-f]{40}", commit) or not name.startswith(HUB) or "@" in name:
        return name
    return f"{name}@{commit}"
