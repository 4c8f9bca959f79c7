"""Gated recurrent units: recurrent layers, their states pooled over the words, a linear layer."""

from __future__ import annotations

from tdd.data.protocols import InputSpace
from tdd.networks.recurrent import PlainRecurrent
from tdd.networks.source import plain_source
from tdd.settings.networks import RecurrentOptions


class GRU(PlainRecurrent):
    """The network of `PlainRecurrent` with the units of Cho et al. (arXiv 1406.1078).

    Args:
        space: sentences (L, d).
        classes: C, number of logits.
        options: see `RecurrentOptions`.
    """

    def __init__(self, space: InputSpace, classes: int, options: RecurrentOptions):
        self.arguments = ("GRU", space.shape[1], classes, *options.model_dump().values())
        super().__init__(*self.arguments)

    def source(self) -> str:
        """See `plain_source`."""
        return plain_source(PlainRecurrent, *self.arguments)
