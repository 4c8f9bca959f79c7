"""Settings that a command line assigns, ``--set name=value``, also to a network's own options."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import yaml

from tdd.errors import UsageError, nearest
from tdd.settings.files import load_yaml
from tdd.settings.networks import NETWORKS, entry_of
from tdd.settings.recipe import LISTED_BY, Recipe


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """Settings by their name or path, ``options.hidden``; values are read as YAML.

    Raises:
        UsageError: an argument without ``=`` or with a value that is not YAML.
    """
    settings = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set takes name=value, not '{assignment}'")
        try:
            settings[name.strip()] = load_yaml(value)
        except UsageError as error:
            raise UsageError(f"--set {name}: {error}") from None
        except yaml.YAMLError:
            raise UsageError(f"--set {name}: '{value}' is not a valid value") from None
    return settings


def place(settings: dict[str, Any], network: str) -> dict[str, Any]:
    """The settings with the network's own ones, named alone or by path, under "options".

    Raises:
        UsageError: a name that is no setting of the recipe or of this network, or is one of both.
    """
    flat = [name for name in Recipe.model_fields if name != "options"]
    entry = entry_of(network)
    own = list(entry.options.model_fields)
    free = entry.options.model_config.get("extra") == "allow"
    placed: dict[str, Any] = {}
    for name, value in settings.items():
        group, dot, leaf = name.partition(".")
        if name == "options":
            if not isinstance(value, dict):
                raise UsageError("settings: options are set by their names, as in options.filters=10")
            placed.setdefault("options", {}).update(value)
        elif dot and group == "options" and (leaf in own or free):
            placed.setdefault("options", {})[leaf] = value
        elif name in flat and name in own:
            raise UsageError(f"settings: '{name}' is a setting and an option of {network}: say options.{name} for that")
        elif name in flat:
            placed[name] = value
        elif name in own:
            placed.setdefault("options", {})[name] = value
        else:
            raise UsageError(f"settings: {_unknown(name, network, [*flat, *own], free)}")
    return placed


def place_in_pool(settings: dict[str, Any], networks: Sequence[str]) -> dict[str, Any]:
    """As `place`, for the networks of a pool, whose options lie under the name of each.

    A path names one network, ``options.gru.hidden``; a name alone, ``hidden``, means all that have such an option.

    Raises:
        UsageError: a name that is no setting of the recipe or of these networks.
    """
    flat = [name for name in Recipe.model_fields if name != "options"]
    placed: dict[str, Any] = {}
    for name, value in settings.items():
        path, _, leaf = name.removeprefix("options.").rpartition(".")
        having = [network for network in networks if leaf in entry_of(network).options.model_fields]
        owners = having if not path else [network for network in having if network == path]
        if name == "options" and isinstance(value, dict):
            for network, options in value.items():
                placed.setdefault("options", {}).setdefault(network, {}).update(options or {})
        elif name in flat and not path:
            placed[name] = value
        elif owners:
            for network in owners:
                placed.setdefault("options", {}).setdefault(network, {})[leaf] = value
        else:
            options = {o for network in networks for o in entry_of(network).options.model_fields}
            hint = nearest(leaf, [*flat, *options], LISTED_BY)
            raise UsageError(f"settings: '{name}' is no setting, and no option of {', '.join(networks)}{hint}")
    return placed


def _unknown(name: str, network: str, names: list[str], free: bool) -> str:
    leaf = name.removeprefix("options.")
    if free:
        hint = nearest(leaf, names, LISTED_BY)
        return f"unknown setting '{name}'{hint}; an option of {network} is set as options.{name}"
    having = [other for other, entry in NETWORKS.items() if leaf in entry.options.model_fields]
    if having:
        return f"'{leaf}' is an option of {', '.join(having)}, and the network is {network}"
    others = {option: other for other, entry in NETWORKS.items() for option in entry.options.model_fields}
    (near, *_) = [*get_close_matches(leaf, [*names, *others], n=1), ""]
    if near in others and near not in names:
        return f"unknown setting '{name}'; did you mean '{near}', an option of {others[near]}? the network is {network}"
    return f"unknown setting '{name}'" + (f"; did you mean '{near}'?" if near else f"; {LISTED_BY} lists them all")
