"""The command line: parse, call one function, print. No logic."""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tdd.baseline_names import NAMES
from tdd.errors import UsageError
from tdd.options import Asked, Init, takes_settings

app = typer.Typer(
    help="Text dataset distillation: learn a handful of synthetic sentences that train a network.",
    invoke_without_command=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Tracker(StrEnum):
    """Where curves are reported, through Accelerate."""

    none = "none"
    tensorboard = "tensorboard"
    trackio = "trackio"


class DecodeFormat(StrEnum):
    """How decoded sentences are printed."""

    table = "table"
    json = "json"
    text = "text"
    html = "html"


class FigureFormat(StrEnum):
    """Kind of file a figure is."""

    png = "png"
    svg = "svg"


class Vocabulary(StrEnum):
    """Words a trained model knows."""

    data = "data"
    full = "full"


class Metric(StrEnum):
    """How near a word is."""

    cosine = "cosine"
    l2 = "l2"


Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")]


@app.callback()
def _main(
    context: typer.Context,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; may stand anywhere on the line.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"tdd {installed('tdd')}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
    else:
        return
    raise typer.Exit


@app.command()
@takes_settings
def distill(
    asked: Asked,
    output: Annotated[Path | None, typer.Option(help="Run folder; runs/DATASET-N when absent.")] = None,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="Go on with the run in this folder.")] = None,
    report_to: Annotated[Tracker | None, typer.Option(help="Report curves to this tracker.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the resolved recipe and leave.")] = False,
    list_recipes: Annotated[
        bool, typer.Option("--list-recipes", help="List the recipes that come with tdd and leave.")
    ] = False,
) -> None:
    """Learn a distilled set, test it and keep it in a run folder."""
    from tdd.recipe import default_folder, named_recipes

    if list_recipes:
        for name, path in named_recipes().items():
            typer.echo(f"{name:<24} {path}")
        return
    tracker = {"report_to": report_to.value} if report_to else {}
    if resume is not None:
        if asked.says() or output:
            raise UsageError("--resume goes on with the run as it was started: give it no data set and no settings")
        from tdd.folder import recipe_of_run

        settings = recipe_of_run(resume).model_copy(update=tracker)
    elif asked.dataset is None and asked.recipe is None:
        raise UsageError("name a data set, e.g. tdd distill imdb --n 20")
    else:
        settings = asked.resolve(**tracker)
    if dry_run:
        typer.echo(settings.to_yaml(), nl=False)
        return
    from tdd.progress import Reporter
    from tdd.run import describe, distill

    folder = resume or output or default_folder(settings)
    distilled = distill(settings, folder, resume=resume is not None, reporter=Reporter())
    _print(describe(distilled, folder))


@app.command()
def evaluate(
    run: Run,
    networks: Annotated[
        int | None, typer.Option(min=1, help="Fresh networks to train; 200 for random initialisation.")
    ] = None,
    init: Annotated[
        Init | None, typer.Option(help="Initialisation of the networks; the set's own when absent.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also train on all the data, for the distillation ratio.")
    ] = False,
    max_test: Annotated[int | None, typer.Option(min=1, help="Test on this many examples only.")] = None,
    data: Annotated[str | None, typer.Option(help="Read the data set from this folder or file.")] = None,
    decoded: Annotated[
        bool, typer.Option("--decoded", help="Also test the set with every position replaced by its nearest word.")
    ] = False,
    plain_text: Annotated[
        bool, typer.Option("--plain-text", help="Also train others on a set of words: its texts and labels alone.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Train networks on a distilled set and test them on the whole test split."""
    from tdd.progress import Reporter
    from tdd.run import describe, evaluate_run

    distilled = evaluate_run(
        run, networks, init and init.value, full, max_test, data, decoded, Reporter(), plain_text=plain_text
    )
    _print(json.dumps(distilled.results, indent=2) if as_json else describe(distilled, run))


@app.command()
@takes_settings
def baselines(
    asked: Asked,
    run: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Take all settings from this run, and add the figures to its results."),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Random sets of real examples.")] = 20,
    networks: Annotated[
        int | None, typer.Option(min=1, help="Fresh networks of each baseline, random initialisation; 200 when absent.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help=f"Only this one of {', '.join(NAMES)}; may be repeated."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder of the figures; runs/DATASET-N-baselines when absent.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Measure what a distilled set is compared with: real examples, centroids, nearest neighbours, all the data."""
    from tdd.baseline_run import measure_baselines, measure_baselines_of_run, table
    from tdd.progress import Reporter
    from tdd.recipe import default_folder

    distilled = None
    if run is not None:
        if asked.says("data") or output:
            raise UsageError("--run takes its settings from the run: give it no data set and no settings but --data")
        data = asked.flags.get("data")
        found, distilled = measure_baselines_of_run(run, data, draws, networks, only or (), Reporter())
    elif asked.dataset is None and asked.recipe is None:
        raise UsageError("name a data set, e.g. tdd baselines trec6 --n 60, or a run with --run")
    else:
        settings = asked.resolve()
        folder = output or Path(f"{default_folder(settings)}-baselines")
        found = measure_baselines(settings, folder, draws, networks, only or (), Reporter())
    typer.echo(json.dumps(found, indent=2) if as_json else table(found, distilled))


@app.command()
def decode(
    run: Run,
    k: Annotated[
        int | None, typer.Option(min=1, help="Nearest words of every position; 1 when absent, 5 for html.")
    ] = None,
    first: Annotated[int | None, typer.Option(min=1, help="Only this many sentences or images.")] = None,
    metric: Annotated[Metric, typer.Option(help="Cosine similarity or Euclidean distance.")] = Metric.cosine,
    format: Annotated[
        DecodeFormat, typer.Option(help="A page, JSON, one sentence a line, or a web page.")
    ] = DecodeFormat.table,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to this file.")] = None,
) -> None:
    """Print each distilled sentence's soft label and nearest words, or show the distilled images."""
    from tdd.decoding import show
    from tdd.files import write_text
    from tdd.folder import read_run

    color = output is None and sys.stdout.isatty()
    shown = show(read_run(run), k, metric.value, first, format.value, color)
    if output is None:
        typer.echo(shown)
    else:
        write_text(output, shown + "\n")
        typer.echo(f"written: {output}")


@app.command()
def push(
    run: Run,
    repo: Annotated[str, typer.Argument(metavar="REPO", help="Name on the Hub, e.g. me/imdb-distilled-20.")],
    private: Annotated[bool, typer.Option("--private", help="Create the repository private.")] = False,
    revision: Annotated[str | None, typer.Option(help="Branch to push to; made where it does not exist.")] = None,
    create_pr: Annotated[
        bool, typer.Option("--create-pr", help="Open a pull request instead of changing the repository.")
    ] = False,
) -> None:
    """Publish a distilled set on the Hub, where plain datasets can load it."""
    from tdd.folder import read_run
    from tdd.progress import Reporter
    from tdd.push import push as push_set

    Reporter().note("preparing the tables, then publishing")
    address = push_set(read_run(run), repo, private, revision, create_pr, figures=run / "figures")
    _print(f"{run} is published: {address}")


@app.command()
def pull(
    repo: Annotated[str, typer.Argument(metavar="REPO", help="Name on the Hub, e.g. me/imdb-distilled-20.")],
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit.")] = None,
    output: Annotated[Path | None, typer.Option(help="Run folder; runs/NAME when absent.")] = None,
) -> None:
    """Take a distilled set from the Hub into a run folder."""
    from tdd.folder import read_run
    from tdd.pull import pull as pull_set
    from tdd.run import describe

    folder = pull_set(repo, revision, output)
    _print(describe(read_run(folder), folder))


@app.command()
def plot(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the figures go; RUN/figures when absent.")
    ] = None,
    format: Annotated[FigureFormat, typer.Option(help="Kind of file.")] = FigureFormat.png,
) -> None:
    """Draw curves, learning rates, soft labels and networks; accuracy against n over several runs."""
    from tdd.plots import plot_runs

    for path in plot_runs(runs, output, format.value):
        typer.echo(path)


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Print runs side by side: what they are, what they reached, what they took."""
    from tdd.compare import compare as compare_runs
    from tdd.compare import table

    rows = compare_runs(runs)
    typer.echo(json.dumps(rows, indent=2) if as_json else table(rows))


@app.command()
def table(
    rows: Annotated[
        list[str] | None, typer.Argument(metavar="[ROW]...", help="Rows to run, e.g. imdb-20-fixed; all when absent.")
    ] = None,
    runs: Annotated[Path, typer.Option(metavar="DIR", help="Where the rows' run folders lie.")] = Path("runs/paper"),
    output: Annotated[Path, typer.Option(metavar="FILE", help="The Markdown file.")] = Path("RESULTS.md"),
    only_write: Annotated[
        bool, typer.Option("--only-write", help="Run nothing, write the table from what is there.")
    ] = False,
    data_root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Read the data sets from here, laid out owner/name, not from the Hub."),
    ] = None,
    recipes: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Recipes and rows.yaml of another table than the paper's.")
    ] = None,
) -> None:
    """Run what is missing of the paper's result tables and write the results beside the paper's."""
    from tdd.paper import run_table
    from tdd.progress import Reporter

    run_table(rows or [], runs, output, only_write, data_root, recipes, Reporter())
    _print(f"written: {output}")


@app.command()
def size(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="As for distill.")],
    ratio: Annotated[
        float, typer.Option(min=0, help="Percent of the held-out accuracy of the same network with all the data.")
    ] = 90,
    most: Annotated[int | None, typer.Option(min=1, help="Largest n tried; 50 for each class when absent.")] = None,
    init: Annotated[Init | None, typer.Option(help="Distil for one network initialisation, or for any.")] = None,
    recipe: Annotated[
        str | None, typer.Option(help="A recipe's name or YAML file; the data set's own when absent.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other setting; may be repeated.")
    ] = None,
    runs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the runs lie; runs/sizes/DATASET when absent.")
    ] = None,
) -> None:
    """Find the least number of distilled samples that reach a share of the accuracy with all the data."""
    from tdd.progress import Reporter
    from tdd.recipe import resolve_recipe
    from tdd.size import default_size_folder, distillation_size

    settings = resolve_recipe(dataset, recipe, set_ or [], {"init": init and init.value})
    found = distillation_size(settings, runs or default_size_folder(settings), ratio, most, Reporter())
    _print(found.describe())


@app.command()
def train(
    run: Run,
    output: Annotated[Path, typer.Option(metavar="DIR", help="New folder of the transformers model.")],
    vocabulary: Annotated[
        Vocabulary, typer.Option(help="Keep the vectors of the data set's words, or all of them.")
    ] = Vocabulary.data,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the network, where the set has none of its own.")] = 0,
    data: Annotated[str | None, typer.Option(help="Read the data set from this folder or file, for its words.")] = None,
) -> None:
    """Train a network on a distilled set and save it as a transformers model that reads raw text."""
    from tdd.export import train_model
    from tdd.folder import read_run

    train_model(read_run(run), output, vocabulary.value, seed, data)
    typer.echo(f'{output}: import tdd, then transformers.pipeline("text-classification", "{output}")')


@app.command()
def env(as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """Print versions, platform and device, for a bug report."""
    from tdd.environment import environment

    found = environment()
    typer.echo(json.dumps(found, indent=2) if as_json else "\n".join(f"{k:<16} {v}" for k, v in found.items()))


def _print(text: str) -> None:
    """Print a result, once where several processes work on it (torchrun and accelerate set RANK)."""
    if os.environ.get("RANK", "0") == "0":
        typer.echo(text)
