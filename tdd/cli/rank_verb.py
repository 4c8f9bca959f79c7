"""The verb that ranks architectures on a distilled set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tdd.cli.options import AsJson, Device, Run, Threads, placed, print_once, takes_reading


@takes_reading
def rank(
    reading: dict[str, Any],
    run: Run,
    grid: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML: values to try of each option, by network; 37 architectures else."),
    ] = None,
    beside: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Also rank on real examples: random, herding_teacher ...; may be repeated."),
    ] = None,
    learned: Annotated[
        bool, typer.Option("--learned", help="Also rank by the set's own steps, at rates times one factor.")
    ] = False,
    networks: Annotated[int, typer.Option(min=1, help="Fresh networks of each architecture on each row.")] = 1,
    max_test: Annotated[int | None, typer.Option(min=1, help="Test on this many examples only.")] = None,
    data: Annotated[str | None, typer.Option(help="Read the data set from this folder or file.")] = None,
    device: Device = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Rank architectures by training them on a distilled set, and say what that order is worth on all the data.

    Every architecture is trained on the set, on real examples beside it, and on all the data: minutes to an hour.
    """
    from tdd.runs.asked import Asked
    from tdd.runs.named_run import folder_of_run
    from tdd.runs.rank import describe_ranking
    from tdd.runs.rank import rank as ranked
    from tdd.system.reporter import Reporter

    asked = Asked(
        [], "plain", beside or (), networks=networks, draws=1, max_test=max_test, device=device, threads=threads
    )
    result = ranked(folder_of_run(run, Reporter()), asked, grid, learned, placed(data, reading), Reporter())
    print_once(json.dumps(result, indent=2) if as_json else describe_ranking(result))
