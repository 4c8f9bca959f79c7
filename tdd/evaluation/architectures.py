"""Architectures that a search chooses from: networks with options, from a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from pydantic import ValidationError

from tdd.errors import UsageError
from tdd.settings.encoder_names import is_encoder
from tdd.settings.networks import checked_options, entry_of
from tdd.settings.recipe import first_fault

Grid = Mapping[str, Mapping[str, Sequence[Any]]]
"""Values of each option to try, by network and option."""

TEXT_GRID: Grid = {
    "text_cnn": {"widths": [[1], [3], [3, 4, 5]], "filters": [10, 50, 200]},
    "mean_pool": {"hidden": [16, 64, 256], "layers": [1, 2]},
    "bag_of_words": {"words": [512, 4096]},
    "gru": {"hidden": [16, 64], "pooling": ["max", "mean", "last"]},
    "lstm": {"hidden": [16, 64], "pooling": ["max", "mean", "last"]},
    "transformer": {"hidden": [16, 64], "layers": [1, 2], "feedforward": [32, 128]},
}
"""37 architectures: kinds, widths, filters, layers and pooling."""
IMAGE_GRID: Grid = {"convnet": {"filters": [4, 8, 16, 32, 64, 128]}, "lenet": {}, "alexcifarnet": {}}
"""8 architectures."""
FEWEST = 3
"""Architectures that an order is a statement about."""


@dataclass(frozen=True)
class Architecture:
    """A network and the options that tell it from others of its kind.

    Attributes:
        network: its name.
        options: by name.
    """

    network: str
    options: Mapping[str, Any]

    def __str__(self) -> str:
        told = (f"{name}={_shown(value)}" for name, value in self.options.items())
        return " ".join([self.network, *told])


def architectures_of(grid: Grid) -> list[Architecture]:
    """All combinations of a grid, in its order.

    Raises:
        UsageError: it names a network or option that is not there, or a value that it cannot have, or holds too few.
    """
    found = []
    for network, options in ((str(name), values) for name, values in grid.items()):
        if is_encoder(network) or not entry_of(network).comes_with_tdd:
            raise UsageError(
                f"{network} cannot be ranked: a grid holds networks that tdd draws itself, see tdd settings"
            )
        if not isinstance(options, Mapping | None):
            raise UsageError(f"the grid of {network} holds no options: write {network}: {{hidden: [16, 64]}}")
        lists = {name: _values(network, name, values) for name, values in (options or {}).items()}
        for chosen in product(*lists.values()):
            given = dict(zip(lists, chosen, strict=True))
            _check(network, given)
            found.append(Architecture(network, given))
    if twice := next((each for place, each in enumerate(found) if each in found[:place]), None):
        raise UsageError(f"the grid holds {twice} twice: name each value once")
    if len(found) < FEWEST:
        raise UsageError(f"a grid of {len(found)} leaves nothing to rank: name {FEWEST} architectures or more")
    return found


def _check(network: str, options: Mapping[str, Any]) -> None:
    try:
        checked_options(network, options)
    except ValidationError as error:
        raise UsageError(f"{network}: {first_fault(error)}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None


def _values(network: str, name: str, values: Any) -> Sequence[Any]:
    if not isinstance(values, list) or not values:
        raise UsageError(f"{network}, {name}: write the values to try as a list, e.g. [16, 64]")
    return values


def _shown(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)
