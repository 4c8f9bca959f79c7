"""Help of a verb: its options in groups, at the width of the terminal."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

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
    """A verb whose options are listed by their groups, its own ones first."""

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
