"""The verb that shows what all this is about, without a Hub and within minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tdd.cli.options import Threads, print_once


def demo(
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder of its two runs.")] = Path("runs/demo"),
    outer_steps: Annotated[
        int, typer.Option(min=1, help="Outer steps of the set of numbers; fewer are faster and less accurate.")
    ] = 600,
    word_steps: Annotated[int, typer.Option(min=1, help="Outer steps of the set of words.")] = 300,
    threads: Threads = None,
) -> None:
    """Distil the film reviews that come along, and show whether that is good: one to two minutes."""
    from tdd.runs.demo import demo as show_demo
    from tdd.settings.recipes import resolve_recipe
    from tdd.system.reporter import Reporter

    recipe = resolve_recipe("tomatoes", None, [], {"outer_steps": outer_steps, "threads": threads})
    print_once(show_demo(recipe, word_steps, output, Reporter()))
