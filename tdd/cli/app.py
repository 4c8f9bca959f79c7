"""The command line: its verbs in their order. Verbs parse, call one function and print; no logic."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tdd.cli.cache_verb import cache
from tdd.cli.data_verbs import describe
from tdd.cli.demo_verb import demo
from tdd.cli.evaluate_verb import evaluate
from tdd.cli.help import WIDEST, GroupedCommand
from tdd.cli.predict_verb import predict
from tdd.cli.rank_verb import rank
from tdd.cli.run_verbs import baselines, distill, size, table
from tdd.cli.set_verbs import compare, decode, plot, pull, push, train
from tdd.cli.settings_verb import settings
from tdd.system.version import __version__

SHOWN = {"help_option_names": ["-h", "--help"], "max_content_width": WIDEST}

app = typer.Typer(
    help="Text dataset distillation: learn a handful of synthetic sentences that train a network.",
    invoke_without_command=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=SHOWN,
)


@app.callback()
def _main(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; may stand anywhere on the line.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        typer.echo(f"tdd {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
    else:
        return
    raise typer.Exit


def env(as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """Print versions, platform and device, for a bug report."""
    from tdd.system.environment import environment

    versions = environment()
    typer.echo(json.dumps(versions, indent=2) if as_json else "\n".join(f"{k:<16} {v}" for k, v in versions.items()))


VERBS = (
    *(demo, describe, distill, evaluate, predict, baselines, decode, push, pull),
    *(plot, compare, table, size, rank, train, settings, cache, env),
)
for verb in VERBS:
    app.command(cls=GroupedCommand, context_settings=SHOWN)(verb)
app.command("inspect", cls=GroupedCommand, context_settings=SHOWN, hidden=True)(decode)  # another name of it
