"""Networks found by their name: those that come with tdd, registered ones, and a user's own classes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from torch import nn

from tdd.data.protocols import InputSpace
from tdd.errors import TddError, UsageError
from tdd.settings.networks import CODE, Entry, NetworkOptions, OwnOptions, is_encoder
from tdd.settings.recipe import Recipe


def network_to_use(recorded: str, asked: str | nn.Module | None) -> str | nn.Module:
    """The network of a recipe, `recorded`, or the one that the user asks for.

    Code is imported by the user's own word alone: a recipe may come from elsewhere.

    Raises:
        UsageError: the recipe names a class and the user does not.
    """
    if asked is not None:
        return asked
    if recorded.startswith(CODE):
        raise UsageError(
            f"the recipe names code, {recorded}, which is imported only if you name it too: "
            f"--network {recorded}, or in Python network=..."
        )
    return recorded


def check_same_network(recorded: str, asked: str | nn.Module | None) -> None:
    """Raise UsageError unless the network of a set, `recorded`, is the one used: a run keeps its figures alone."""
    used = network_to_use(recorded, asked)
    name = used if isinstance(used, str) else name_of(used)
    if name != recorded:
        raise UsageError(
            f"the set was made for {recorded}, and its run keeps no figures of {name}; "
            f"test others in Python: tdd.evaluate(distilled, corpus.test, init='random', network=...)"
        )


def recipe_for(recipe: Recipe, network: str | nn.Module | None) -> Recipe:
    """The recipe that says which network is used, where that is not its own: without options of another one."""
    name = recipe.network if network is None else network if isinstance(network, str) else name_of(network)
    if name == recipe.network:
        return recipe
    # A pretrained encoder reads its own word pieces, and no other network's vectors.
    left_out = {"network", "options"} | ({"vectors"} if is_encoder(name) or is_encoder(recipe.network) else set())
    return Recipe.build(recipe.model_dump(exclude=left_out) | {"network": name})


def name_of(module: nn.Module) -> str:
    """What a user's module is called in a recipe: ``python:package.module:Class``."""
    kind = type(module)
    return f"{CODE}{kind.__module__}:{kind.__name__}"


def build_own(name: str, entry: Entry, space: InputSpace, classes: int, options: NetworkOptions) -> nn.Module:
    """The network of an entry, made by its class.

    A class is called with the space of its examples, the number of classes and its options: one object where they are
    typed, keywords where they are not. That of pretrained networks is told the name of the weights too.

    Raises:
        UsageError: there is no such class, or it cannot be called so.
    """
    where, _, attribute = entry.home.partition(":")
    cwd = os.getcwd()
    if name.startswith(CODE) and cwd not in sys.path:
        sys.path.insert(0, cwd)
    try:
        kind = getattr(import_module(where), attribute)
    except Exception as error:  # a user's own module may raise anything
        raise UsageError(f"cannot import the network {name}: {_line(error)}") from error
    typed = not isinstance(options, OwnOptions)
    keywords: dict[str, Any] = {} if typed else options.model_dump()
    try:
        if entry.pretrained:
            network = kind(space, classes, options, entry.pretrained)
        else:
            network = kind(space, classes, options) if typed else kind(space, classes, **keywords)
    except TddError:
        raise
    except Exception as error:
        arguments = ", ".join(["space", "classes", *(["options"] if typed else keywords)])
        raise UsageError(f"{name} cannot be made as {attribute}({arguments}): {_line(error)}") from error
    if not isinstance(network, nn.Module):
        raise UsageError(f"{name} is not a torch.nn.Module")
    return network


def _line(error: Exception) -> str:
    """What a user's own code raised, in a line."""
    lines = str(error).strip().splitlines()
    if lines and isinstance(error, ImportError | AttributeError | TypeError):  # which say themselves what they are
        return lines[0]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
