"""The verb that prints settings: each with its type, default, unit, description and source."""

from __future__ import annotations

import textwrap
from itertools import groupby
from typing import Annotated

import typer

from tdd.errors import UsageError, nearest
from tdd.settings.fields import Setting
from tdd.settings.networks import NETWORKS
from tdd.settings.recipe import LISTED_BY, all_settings


def settings(
    which: Annotated[
        str | None, typer.Argument(metavar="PART|NAME", help="A part of the settings, a network, or one setting.")
    ] = None,
) -> None:
    """Print the settings of a recipe: all, those of a part or a network, or one."""
    known = list(all_settings())
    shown = [setting for setting in known if which is None or which in _parts(setting)]
    shown = shown or [setting for setting in known if which in (setting.name, setting.path)]
    if not shown and which in NETWORKS:
        typer.echo(f"{which} has no options")
        return
    if not shown:
        names = dict.fromkeys(name for setting in known for name in (*_parts(setting), setting.name))
        hint = nearest((which or "").removeprefix("options."), [*names, *NETWORKS], LISTED_BY)
        raise UsageError(f"no setting and no part of them is called '{which}'{hint}")
    for part, group in groupby(shown, key=lambda setting: setting.part):
        typer.echo(f"{part}:")
        for setting in group:
            # Names of flags are not broken.
            wrapped = textwrap.fill(
                setting.line(), 110, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
            )
            typer.echo(wrapped)


def _parts(setting: Setting) -> list[str]:
    """The parts that a setting belongs to: "data", or "options" and the network that they are of."""
    return setting.part.split(" of ")
