"""Shared by commands: the options that make up a recipe, the folder of a run, how a result is printed."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tdd.settings.recipe import Recipe


class Init(StrEnum):
    """Network initialisations a set is made for (paper 3.4)."""

    fixed = "fixed"
    random = "random"


class Samples(StrEnum):
    """Kinds of distilled samples: free vectors, or words."""

    free = "free"
    words = "words"


Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")]
RecipeName = Annotated[str | None, typer.Option(help="A recipe's name or YAML file; the data set's own when absent.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other setting; may be repeated.")
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
        return bool(self.dataset or self.recipe or self.assignments or self.flags.keys() - set(ignoring))

    def resolve(self, **flags: Any) -> Recipe:
        """The recipe, with further `flags`; see `tdd.settings.recipes.resolve_recipe`."""
        from tdd.settings.recipes import resolve_recipe

        return resolve_recipe(self.dataset, self.recipe, self.assignments, self.flags | flags)


def _recipe_options(
    dataset: Annotated[
        str | None,
        typer.Argument(
            metavar="DATASET",
            help="imdb, sst5, trec6, trec50, tomatoes, mnist, cifar10, digits, a Hub id or a path.",
        ),
    ] = None,
    n: Annotated[int | None, typer.Option("--n", "-n", help="Number of distilled samples.")] = None,
    init: Annotated[Init | None, typer.Option(help="Distil for one network initialisation, or for any.")] = None,
    samples: Annotated[
        Samples | None, typer.Option(help="Learn any numbers (free), or sentences of real words.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Inner steps of an epoch; divides n.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Times the inner steps are repeated.")] = None,
    outer_steps: Annotated[int | None, typer.Option(help="Updates of the distilled set.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw.")] = None,
    data: Annotated[
        str | None, typer.Option(help="Read the data set from this folder or file, not from the Hub.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="Column of the text.")] = None,
    image_column: Annotated[str | None, typer.Option(help="Column of the images, instead of text.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column of the class.")] = None,
    config_name: Annotated[str | None, typer.Option(help="Configuration of a Hub data set.")] = None,
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit of a Hub data set.")] = None,
    vectors: Annotated[
        str | None, typer.Option(help="Word vectors: glove-6b-50d, a gensim-downloader name or a file.")
    ] = None,
    network: Annotated[
        str | None, typer.Option(help="text_cnn for text; lenet, alexcifarnet or convnet for images.")
    ] = None,
    recipe: RecipeName = None,
    set_: Settings = None,
) -> RecipeOptions:
    flags = {
        "n": n,
        "init": init and init.value,
        "samples": samples and samples.value,
        "steps": steps,
        "epochs": epochs,
        "outer_steps": outer_steps,
        "seed": seed,
        "data": data,
        "text_column": text_column,
        "image_column": image_column,
        "label_column": label_column,
        "config_name": config_name,
        "revision": revision,
        "vectors": vectors,
        "network": network,
    }
    return RecipeOptions(
        dataset, recipe, set_ or [], {name: value for name, value in flags.items() if value is not None}
    )


def takes_settings(command: Callable[..., None]) -> Callable[..., None]:
    """A command with the options of a recipe before its own: its first parameter gets them as `RecipeOptions`."""
    shared = inspect.signature(_recipe_options, eval_str=True).parameters
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def with_options(**values: Any) -> None:
        command(_recipe_options(**{name: values.pop(name) for name in shared}), **values)

    # Typer reads a command's options off its signature.
    signature = inspect.Signature([*shared.values(), *own])
    with_options.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    with_options.__signature__ = signature  # type: ignore[attr-defined]
    return with_options


def print_once(text: str) -> None:
    """Print a result, once where several processes work on it (torchrun and accelerate set RANK)."""
    if os.environ.get("RANK", "0") == "0":
        typer.echo(text)
