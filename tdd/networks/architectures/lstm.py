"""A long short-term memory (Hochreiter and Schmidhuber 1997): see `tdd.networks.recurrent`."""

from __future__ import annotations

from tdd.networks.recurrent import Recurrent


class LSTM(Recurrent):
    """A long short-term memory (Hochreiter and Schmidhuber 1997)."""

    cell = "LSTM"
