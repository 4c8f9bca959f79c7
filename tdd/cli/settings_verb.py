"""The verb that prints settings: each with its type, default, unit, description and source."""

from __future__ import annotations

import textwrap
from itertools import groupby
from typing import Annotated

import typer

from tdd.errors import UsageError, nearest
from tdd.settings.fields import Setting
from tdd.settings.recipe import all_settings


def settings(
    which: Annotated[
        str | None, typer.Argument(metavar="PART|NAME", help="A part of the settings, a network, or one setting.")
    ] = None,
) -> None:
    """Print the settings of a recipe: all, those of a part or a network, or one."""
    known = list(all_settings())
    shown = [setting for setting in known if which is None or which in _parts(setting)]
    shown = shown or [setting for setting in known if setting.name == which]
    if not shown:
        names = dict.fromkeys(name for setting in known for name in (*_parts(setting), setting.name))
        raise UsageError(f"no setting and no part of them is called '{which}'{nearest(which or '', list(names))}")
    for part, group in groupby(shown, key=lambda setting: setting.part):
        typer.echo(f"{part}:")
        for setting in group:
            typer.echo(textwrap.fill(setting.line(), 110, initial_indent="  ", subsequent_indent="      "))


def _parts(setting: Setting) -> list[str]:
    """The parts that a setting belongs to: "data", or "options" and the network that they are of."""
    return setting.part.split(" of ")
