"""Networks found by their name: those that come with tdd, registered ones, and a user's own classes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from operator import attrgetter
from typing import Any

from torch import nn

from tdd.data.protocols import InputSpace
from tdd.errors import TddError, UsageError
from tdd.settings.encoder_names import is_encoder
from tdd.settings.networks import CODE, LOCAL, Entry, NetworkOptions, OwnOptions
from tdd.settings.recipe import Recipe
from tdd.system.seeds import seeded

# Seed of what a network draws when it is made: theta_0 has a seed of its own, frozen parameters and buffers have not.
BUILT_WITH = 0


def network_to_use(recorded: str, asked: str | nn.Module | None) -> str | nn.Module:
    """The network of a recipe, `recorded`, or the one that the user asks for.

    Code is imported by the user's own word alone: a recipe may come from elsewhere.

    Raises:
        UsageError: the recipe names a class and the user does not, or what the user asks for is no network.
    """
    _check_kind(asked)
    if asked is not None:
        return asked
    if can_be_imported(recorded):
        raise UsageError(
            f"the recipe names code, {recorded}, which is imported only if you name it too (--network {recorded}), "
            "network=... in Python"
        )
    if recorded.startswith(CODE):
        raise UsageError(f"the set was made for a network that no name leads to, {recorded}: in Python, network=...")
    return recorded


def _check_kind(network: object) -> None:
    """Raise UsageError unless `network` is what an argument of that name may be."""
    if not isinstance(network, str | nn.Module | None):
        what = f"the class {network.__name__}" if isinstance(network, type) else repr(network)
        raise UsageError(
            f"network takes a torch.nn.Module, as in network=Net(...), or a name, {CODE}module:Class, not {what}"
        )


def can_be_imported(name: str) -> bool:
    """Whether a network is a user's own class that another process can import and make.

    That of a script or notebook, one defined inside a function and a module put together from torch's own, such as
    ``nn.Sequential``, cannot.
    """
    home = name.removeprefix(CODE)
    return name.startswith(CODE) and LOCAL not in home and not home.startswith(("__main__:", "torch."))


def check_same_network(
    recipe: Recipe,
    asked: str | nn.Module | None,
    otherwise: str = "test its set on others: tdd evaluate RUN --network NAME",
) -> None:
    """Raise UsageError unless the network of a run is the one used; that of a pool is all of its networks.

    Args:
        recipe: that of the run.
        asked: what the user asks for.
        otherwise: what can be done with another one.
    """
    recorded = recipe.network
    if recipe.pool and asked is not None:
        pool = ", ".join(recipe.pool)
        raise UsageError(f"the run was made for a pool, {pool}: leave network out, and all of them are used")
    used = network_to_use(recorded, asked)
    name = used if isinstance(used, str) else name_of(used)
    if name != recorded:
        raise UsageError(f"the run was made for {recorded}, not for {name}; {otherwise}")


def recipe_for(recipe: Recipe, network: str | nn.Module | None) -> Recipe:
    """The recipe that says which network is used, where that is not its own: without options of another one.

    Raises:
        UsageError: the recipe is of a pool, or `network` is none.
    """
    _check_kind(network)
    if recipe.pool and network is not None:
        raise UsageError("a set is made for a pool of registered networks or for a network of your own: leave one out")
    name = recipe.network if network is None else network if isinstance(network, str) else name_of(network)
    if name == recipe.network:
        return recipe
    # A pretrained encoder reads its own word pieces, and no other network's vectors.
    left_out = {"network", "options"} | ({"vectors"} if is_encoder(name) or is_encoder(recipe.network) else set())
    return Recipe.build(recipe.model_dump(exclude=left_out) | {"network": name})


def name_of(module: nn.Module) -> str:
    """What a user's module is called in a recipe: ``python:package.module:Class``."""
    kind = type(module)
    return f"{CODE}{kind.__module__}:{kind.__qualname__}"


def build_own(name: str, entry: Entry, space: InputSpace, classes: int, options: NetworkOptions) -> nn.Module:
    """The network of an entry, made by its class.

    A class is called with the space of its examples, the number of classes and its options: one object where they are
    typed, keywords where they are not. That of pretrained networks is told the name of the weights too. What it draws
    on the CPU is the same whenever it is made.

    Raises:
        UsageError: there is no such class, or it cannot be called so.
    """
    where, _, path = entry.home.partition(":")
    cwd = os.getcwd()
    if name.startswith(CODE) and cwd not in sys.path:
        sys.path.insert(0, cwd)
    try:
        kind = attrgetter(path)(import_module(where))
    except (Exception, SystemExit) as error:  # a user's own module may raise anything
        raise UsageError(f"cannot import the network {name}: {line_of_code(error)}") from error
    typed = not isinstance(options, OwnOptions)
    keywords: dict[str, Any] = {} if typed else options.model_dump()
    try:
        with seeded(BUILT_WITH):
            if entry.pretrained:
                network = kind(space, classes, options, entry.pretrained)
            else:
                network = kind(space, classes, options) if typed else kind(space, classes, **keywords)
    except TddError:
        raise
    except (Exception, SystemExit) as error:
        arguments = ", ".join(["space", "classes", *(["options"] if typed else keywords)])
        raise UsageError(f"{name} cannot be made as {path}({arguments}): {line_of_code(error)}") from error
    if not isinstance(network, nn.Module):
        raise UsageError(f"{name} is not a torch.nn.Module")
    return network


def line_of_code(error: BaseException) -> str:
    """What a user's own code raised, in a line."""
    lines = str(error).strip().splitlines()
    if lines and isinstance(error, ImportError | AttributeError | TypeError):  # which say themselves what they are
        return lines[0]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
