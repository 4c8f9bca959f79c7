"""What runs and recipes are called: one rule for both.

A run's name is its data set and n, then what is not usual about it: the network, "words" for samples of words, "plain"
for plain training as the inner loop, "random" for random initialisation (``imdb-20``, ``imdb-20-mean_pool-words``). A
recipe is named for the runs that it serves: the data set, then any of these parts (``imdb``, ``imdb-words``,
``mnist-100``).

A run takes the recipe that shares most of its parts and has no other; of several, the one that shares the network, then
words, then plain training, then random initialisation, then n.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tdd.settings.encoder_names import HUB, is_encoder
from tdd.settings.files import read_settings
from tdd.settings.parts import USUAL_NETWORK
from tdd.settings.recipe import Recipe

# Beside a folder's recipes: the table that they are the rows of, see `tdd.runs.results_rows`.
ROWS = "rows.yaml"


def recipe_folders() -> list[Path]:
    """Where named recipes lie: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    return [folder for folder in (package / "recipes", package.parent / "recipes") if folder.is_dir()]


def named_recipes() -> dict[str, Path]:
    """The recipes that come with the package, by name: ``imdb``, ``paper/imdb-20-fixed``."""
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for folder in recipe_folders()
        for path in [*sorted(folder.glob("*.yaml")), *sorted(folder.glob("*/*.yaml"))]
        if path.name != ROWS
    }


def usual_network(dataset: str) -> str:
    """The network of the data set's own recipe."""
    path = named_recipes().get(dataset)
    return str(read_settings(path).get("network", USUAL_NETWORK)) if path else USUAL_NETWORK


def unusual_parts(dataset: str, settings: Mapping[str, Any]) -> list[str]:
    """What is not usual about a run of these settings, in the order of names."""
    usual = usual_network(dataset)
    networks = list(map(str, settings.get("pool") or [settings.get("network", usual)]))
    return [
        *(["+".join(map(network_name, networks))] if networks != [usual] or settings.get("pool") else []),
        *([str(settings["samples"])] if settings.get("samples") in ("words", "phrases", "real") else []),
        *(["plain"] if settings.get("inner") == "plain" else []),
        *(["random"] if settings.get("init") == "random" else []),
    ]


def network_name(network: str) -> str:
    """What a network is called in file names: a class of one's own by its name, an encoder by that of its folder."""
    if is_encoder(network):
        return short_name(network.removeprefix(HUB).partition("@")[0], suffix=True)
    return network.replace(":", ".").rpartition(".")[2]


def serving_recipe(dataset: str, settings: Mapping[str, Any]) -> Path | None:
    """The recipe that serves a run on `dataset` best, of which `settings` are known; None where none serves it."""
    named = named_recipes()
    parts = unusual_parts(dataset, settings) + ([str(settings["n"])] if "n" in settings else [])
    best, path = None, None
    for name, candidate in named.items():
        shared = name.removeprefix(dataset).split("-")[1:]
        if (name == dataset or name.startswith(f"{dataset}-")) and set(shared) <= set(parts):
            rank = (len(shared), [part in shared for part in parts])
            if best is None or rank > best:
                best, path = rank, candidate
    return path


def run_name(recipe: Recipe, *parts: str) -> str:
    """A run's name with `parts` in the place of n: ``imdb-20`` for "20"."""
    return "-".join([short_name(recipe.dataset), *parts, *unusual_parts(recipe.dataset, recipe.model_dump())])


def short_name(name: str, suffix: bool = False) -> str:
    """What a data set is called in file names: that of a file or folder without its suffix, of a Hub id its name.

    With `suffix` a point is a part of the name.
    """
    last = name.rstrip("/").rsplit("/", 1)[-1]
    return (last.strip(".") if suffix else last.split(".")[0]) or "data"
