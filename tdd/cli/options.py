"""Shared by commands: the options that make up a recipe, the folder of a run, how a result is printed."""

from __future__ import annotations

import inspect
import os
import shutil
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tdd.cli.help import PARTS
from tdd.settings.assignments import parse_assignments
from tdd.settings.data_parts import READING
from tdd.settings.fields import Setting
from tdd.settings.networks import CODE
from tdd.settings.parts import MOST_THREADS
from tdd.settings.recipe import Recipe, all_settings
from tdd.settings.recipes import resolve_recipe
from tdd.system.formatting import folded

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run, or owner/name of a set on the Hub.")]
RecipeName = Annotated[str | None, typer.Option(help="A recipe's name or YAML file; the data set's own when absent.")]
DATASET = typer.Argument(
    metavar="DATASET",
    # Not from `tdd.data.sources`, which takes long to import; a test compares them.
    help="imdb, sst5, sst2, ag_news, trec6, trec50, tomatoes, mnist, cifar10, digits, a Hub id or a path.",
)
Init = Literal["fixed", "random"]
AsJson = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]
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
    annotations |= {setting.name: _annotation(setting) for setting in all_settings() if setting.flag}
    return _absent(annotations | {"recipe": RecipeName, "set_": Settings})


def _annotation(setting: Setting) -> Any:
    """The option of a setting, with its usual value and among those of its part."""
    kind: Any = Recipe.model_fields[setting.name].annotation
    default = True if setting.default in (None, False, []) else str(setting.default)
    about, panel = f"{_sentence(setting.about)}.", PARTS[setting.part]
    option = typer.Option(*setting.flags, help=about, show_default=default, rich_help_panel=panel)
    return Annotated[kind | None, option]


def _absent(annotations: dict[str, Any]) -> dict[str, inspect.Parameter]:
    """Parameters that are None where they are not given."""
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

    return _with_signature(with_options, [*shared.values(), *own])


def takes_reading(command: Callable[..., None]) -> Callable[..., None]:
    """A command with the options of how files are written behind its own: its first parameter gets those given."""
    shared = _absent({setting.name: _annotation(setting) for setting in all_settings() if setting.name in READING})
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def with_options(**values: Any) -> None:
        given = {name: value for name in shared if (value := values.pop(name)) is not None}
        checked = Recipe.build(given, where="settings")
        command({name: getattr(checked, name) for name in given}, **values)

    return _with_signature(with_options, [*own, *shared.values()])


def placed(data: str | None, reading: dict[str, Any]) -> dict[str, Any]:
    """Where and how data are read that are not as a run's recipe says, see `tdd.settings.said.Where`."""
    return ({} if data is None else {"data": data}) | reading


def _with_signature(command: Callable[..., None], parameters: list[inspect.Parameter]) -> Callable[..., None]:
    """A command with these parameters: Typer reads its options off its signature."""
    named = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in named}
    command.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    return command


def print_once(text: str) -> None:
    """Print a result, once where several processes work on it (torchrun and accelerate set RANK).

    On a terminal lines are broken between words.
    """
    if os.environ.get("RANK", "0") == "0":
        typer.echo(folded(text, shutil.get_terminal_size().columns) if sys.stdout.isatty() else text)
