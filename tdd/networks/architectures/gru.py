"""Gated recurrent units (Cho et al., arXiv 1406.1078): see `tdd.networks.recurrent`."""

from __future__ import annotations

from tdd.networks.recurrent import Recurrent


class GRU(Recurrent):
    """Gated recurrent units (Cho et al., arXiv 1406.1078)."""

    cell = "GRU"
