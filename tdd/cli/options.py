"""What commands share: the options that make up a recipe, the folder of a run, how a result is printed."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
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
    """What distilled samples are."""

    free = "free"
    words = "words"


Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")]
RecipeName = Annotated[str | None, typer.Option(help="A recipe's name or YAML file; the data set's own when absent.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other setting; may be repeated.")
]


@dataclass(frozen=True)
class Asked:
    """What a command line says of a recipe.

    Attributes:
        dataset: the data set, or None.
        recipe: the recipe's name or file, or None.
        assignments: ``name=value`` of every ``--set``.
        flags: the values of the flags that were given, by setting.
    """

    dataset: str | None
    recipe: str | None
    assignments: list[str]
    flags: dict[str, Any]

    def says(self, *but: str) -> bool:
        """Whether anything is said, flags of the settings in `but` left out."""
        return bool(self.dataset or self.recipe or self.assignments or self.flags.keys() - set(but))

    def resolve(self, **flags: Any) -> Recipe:
        """The recipe, with further `flags`; see `tdd.settings.recipes.resolve_recipe`."""
        from tdd.settings.recipes import resolve_recipe

        return resolve_recipe(self.dataset, self.recipe, self.assignments, self.flags | flags)


def _asked(
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
) -> Asked:
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
    given = {name: value for name, value in flags.items() if value is not None}
    return Asked(dataset, recipe, set_ or [], given)


def takes_settings(command: Callable[..., None]) -> Callable[..., None]:
    """A command with the options of a recipe before its own: its first parameter is given what they say, `Asked`."""
    shared = inspect.signature(_asked, eval_str=True).parameters
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def with_options(**values: Any) -> None:
        command(_asked(**{name: values.pop(name) for name in shared}), **values)

    # Typer reads a command's options off its signature.
    signature = inspect.Signature([*shared.values(), *own])
    with_options.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
    with_options.__signature__ = signature  # type: ignore[attr-defined]
    return with_options


def print_once(text: str) -> None:
    """Print a result, once where several processes work on it (torchrun and accelerate set RANK)."""
    if os.environ.get("RANK", "0") == "0":
        typer.echo(text)
