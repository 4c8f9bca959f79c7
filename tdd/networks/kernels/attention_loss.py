"""Attention labels: a second label of a distilled text, for where an encoder attends (Maekawa et al., ACL 2023).

They are any real numbers, as soft labels are. Their loss is a cross-entropy to the attention probabilities, whose
gradient to the scores behind these is (sum of the labels) x probabilities - labels.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

# Probabilities below count as this: their logarithm and its derivatives stay finite.
LEAST = 1e-12


class Attended(NamedTuple):
    """What an encoder makes of n texts.

    Attributes:
        logits: (n, C).
        attention: (n, layers, heads, W, W) probabilities of its last layers: each position's over all.
        mask: (n, W) bool, where a text has a piece or a special token.
    """

    logits: Tensor
    attention: Tensor
    mask: Tensor


def attention_loss(attended: Attended, labels: Tensor) -> Tensor:
    """Mean cross-entropy of attention probabilities to labels (n, layers, heads, Q, L'), with L' >= W.

    Q is 1, the first position alone, or L', all of them. Padding neither attends nor is attended to.
    """
    _, attention, mask = attended
    width = attention.shape[4]
    labels = labels[..., :width, :width]
    queries = labels.shape[3]
    inside = mask[:, None, None, :queries, None] & mask[:, None, None, None]
    log = attention[..., :queries, :].clamp(min=LEAST).log()
    of_each = -(labels * log * inside).sum((3, 4)) / mask[:, None, None, :queries].sum(3)
    return of_each.mean()
