"""Shared by commands: the options that make up a recipe, the folder of a run, how a result is printed."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tdd.settings.assignments import parse_assignments
from tdd.settings.networks import CODE
from tdd.settings.parts import MOST_THREADS
from tdd.settings.recipe import Recipe, all_settings
from tdd.settings.recipes import resolve_recipe

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run, or owner/name of a set on the Hub.")]
RecipeName = Annotated[str | None, typer.Option(help="A recipe's name or YAML file; the data set's own when absent.")]
DATASET = typer.Argument(
    metavar="DATASET",
    # Not from `tdd.data.sources`, which takes long to import; a test compares them.
    help="imdb, sst5, sst2, ag_news, trec6, trec50, tomatoes, mnist, cifar10, digits, a Hub id or a path.",
)
Init = Literal["fixed", "random"]
AsJson = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]
Features = Annotated[
    Literal["vectors", "minilm"],
    typer.Option(help="What herding, k-center and k-means choose by: means of word vectors, or MiniLM's."),
]
Device = Annotated[str | None, typer.Option(help="Where it is computed: cpu, cuda, cuda:1 or mps.")]
Threads = Annotated[int | None, typer.Option(min=1, max=MOST_THREADS, help="Processor threads of each process.")]


def complete_assignment(incomplete: str) -> list[tuple[str, str]]:
    """Settings that ``--set`` may name, with their descriptions, for the completion of a shell.

    Options are offered by their path once that is begun. One that several networks have is described for each of them.
    """
    offered: dict[str, dict[str, list[str]]] = {}
    for setting in all_settings():
        for name in {setting.name, setting.path} if incomplete else {setting.name}:
            parts = offered.setdefault(name, {}).setdefault(setting.description, [])
            parts.append(setting.part.removeprefix("options of "))
    return [
        (
            f"{name}=",
            "; ".join(about if len(abouts) == 1 else f"{', '.join(of)}: {about}" for about, of in abouts.items()),
        )
        for name, abouts in offered.items()
        if name.startswith(incomplete)
    ]


Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Any other setting, see tdd settings; may be repeated.",
        autocompletion=complete_assignment,
    ),
]


@dataclass(frozen=True)
class RecipeOptions:
    """The options of a command line that make up a recipe.

    Attributes:
        dataset: the data set, or None.
        recipe: the recipe's name or file, or None.
        assignments: ``name=value`` of every ``--set``.
        flags: the values of the flags on the command line, by setting.
    """

    dataset: str | None
    recipe: str | None
    assignments: list[str]
    flags: dict[str, Any]

    def any_set(self, ignoring: Collection[str] = ()) -> bool:
        """Whether any option is set, apart from the flags of the settings in `ignoring`."""
        return bool(
            self.dataset is not None or self.recipe is not None or self.assignments or self.flags.keys() - set(ignoring)
        )

    @property
    def network(self) -> str | None:
        """The class that a user names for a network of their own; None: the recipe's network is one of tdd's."""
        assigned = parse_assignments(self.assignments).get("network")
        name = self.flags.get("network", assigned)
        return name if isinstance(name, str) and name.startswith(CODE) else None

    def resolve(self, **flags: Any) -> Recipe:
        """The recipe, with further `flags`; see `tdd.settings.recipes.resolve_recipe`."""
        return resolve_recipe(self.dataset, self.recipe, self.assignments, self.flags | flags)


def _sentence(about: str) -> str:
    """A description as a sentence; one that begins with a value, such as text_cnn, keeps it as it is typed."""
    first = about.split(maxsplit=1)[0]
    return about if "_" in first or first.endswith((":", ",")) else f"{about[0].upper()}{about[1:]}"


def _parameters() -> dict[str, inspect.Parameter]:
    """The options of a recipe: the data set, an option for each setting that is a flag, a recipe, and any setting."""
    annotations: dict[str, Any] = {"dataset": Annotated[str | None, DATASET]}
    for setting in all_settings():
        if setting.flag:
            option = typer.Option(*setting.flags, help=f"{_sentence(setting.about)}.")
            kind: Any = Recipe.model_fields[setting.name].annotation
            annotations[setting.name] = Annotated[kind | None, option]
    annotations |= {"recipe": RecipeName, "set_": Settings}
    keyword = inspect.Parameter.KEYWORD_ONLY
    return {
        name: inspect.Parameter(name, keyword, default=None, annotation=annotation)
        for name, annotation in annotations.items()
    }


def takes_settings(command: Callable[..., None]) -> Callable[..., None]:
    """A command with the options of a recipe before its own: its first parameter gets them as `RecipeOptions`."""
    shared = _parameters()
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def with_options(**values: Any) -> None:
        given = {name: values.pop(name) for name in shared}
        dataset, recipe, assignments = (given.pop(name) for name in ("dataset", "recipe", "set_"))
        flags = {name: value for name, value in given.items() if value is not None}
        command(RecipeOptions(dataset, recipe, assignments or [], flags), **values)

    # Typer reads a command's options off its signature.
    parameters = [*shared.values(), *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own)]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return with_options


def print_once(text: str) -> None:
    """Print a result, once where several processes work on it (torchrun and accelerate set RANK)."""
    if os.environ.get("RANK", "0") == "0":
        typer.echo(text)
