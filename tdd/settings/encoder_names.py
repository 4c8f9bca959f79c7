"""What pretrained encoders are called."""

from __future__ import annotations

HUB = "hf:"
"""What the name of a pretrained encoder begins with: ``hf:owner/name``, ``hf:owner/name@revision``, ``hf:folder``."""
MINILM = "minilm"
"""The encoder that works offline where its package is installed."""


def is_encoder(name: str) -> bool:
    """Whether a name is that of a pretrained encoder."""
    return name == MINILM or name.startswith(HUB)
