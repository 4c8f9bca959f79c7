"""A verb: its help has the options in groups, at the width of the terminal; an empty path is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.core import TyperCommand

from tdd.errors import UsageError

WIDEST = 160
"""Columns beyond which lines are hard to read."""
OWN = "Options"
"""The group of a verb's own options."""
PARTS = {
    "data": "The data set",
    "network": "The network",
    "pool": "Several networks",
    "set": "The distilled set",
    "exchange": "Samples of real clauses or texts",
    "outer": "The outer loop",
    "full": "Training on all the data",
    "run": "The run",
}
"""Groups of the settings, by the parts of a recipe."""


class GroupedCommand(TyperCommand):
    """A verb whose options are listed by their groups, its own ones first, and whose paths have names."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read them.

        Raises:
            UsageError: a path is empty, as by a variable of the shell that is not set: it is not the folder here.
        """
        given = list(args)
        rest: list[str] = super().parse_args(ctx, args)
        if any(not each or (each.startswith("--") and each.endswith("=")) for each in given):
            for name, value in ctx.params.items():
                if Path() in (value if isinstance(value, list | tuple) else [value]) and not {".", "./"} & {*given}:
                    option = f"--{name.replace('_', '-')}"
                    told = option if option in given or f"{option}=" in given else name.upper()
                    raise UsageError(f"{told}: an empty text names no file or folder; write . for the one here")
        return rest

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write them."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": [], OWN: []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                argument = parameter.param_type_name == "argument"
                group = "Arguments" if argument else getattr(parameter, "rich_help_panel", None) or OWN
                groups.setdefault(group, []).append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
