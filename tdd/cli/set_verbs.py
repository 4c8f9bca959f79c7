"""Verbs for what runs have learned: look at it, publish it, draw it, compare it, train on it."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tdd.cli.options import Run, placed, print_once, takes_reading
from tdd.errors import UsageError

if TYPE_CHECKING:
    from tdd.inspection.terminal import Format


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


Runs = Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")]
Repo = Annotated[str, typer.Argument(metavar="REPO", help="Name on the Hub, e.g. me/imdb-distilled-20.")]

Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Write over a card and files in the repository that are not tdd's, too.")
]


@takes_reading
def decode(
    reading: dict[str, Any],
    run: Run,
    k: Annotated[
        int | None, typer.Option(min=1, help="Nearest words of every position; 1 when absent, 5 for html.")
    ] = None,
    first: Annotated[int | None, typer.Option(min=1, help="Only this many sentences or images.")] = None,
    metric: Annotated[Metric, typer.Option(help="Cosine similarity or Euclidean distance.")] = Metric.cosine,
    format: Annotated[
        DecodeFormat, typer.Option(help="A page, JSON, one sentence a line, or a web page.")
    ] = DecodeFormat.table,
    all_words: Annotated[
        bool, typer.Option("--all-words", help="Print all words of long sentences, not only the most telling ones.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file; html when absent to RUN/decoded.html.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="For html: read the data set from this folder or file, for what real texts say.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="For html: leave out real examples, so that the page may be published.")
    ] = False,
) -> None:
    """Print each distilled sentence's soft label and nearest words, or show the distilled images."""
    from tdd.distilled_set.run_folder import read_run
    from tdd.inspection.show import show
    from tdd.runs.named_run import folder_of_run
    from tdd.system.files import check_folder_of, write_text
    from tdd.system.reporter import Reporter

    where = placed(data, reading) or None
    if format is not DecodeFormat.html and (where or public):
        raise UsageError("--data and --public are for the page: add --format html, or leave them out")
    distilled = read_run(folder_of_run(run, Reporter()))
    if output is None and format is DecodeFormat.html:
        output = (run if run.is_dir() else Path()) / "decoded.html"
    if output is not None:
        check_folder_of(output)
    if format is DecodeFormat.html:
        from tdd.runs.page import page_of_run

        if public and distilled.recipe.are_real:
            made_of = "made of clauses of" if distilled.recipe.samples == "phrases" else "examples of"
            Reporter().note(f"note: the samples are {made_of} the training data: --public leaves out only the others")
        text = page_of_run(distilled, run, k, metric.value, first, where, public)
    else:
        color = output is None and sys.stdout.isatty()
        text = show(
            distilled, k, metric.value, first, cast("Format", format.value), color, all_words or output is not None
        )
    if output is None:
        typer.echo(text)
    else:
        write_text(output, text + "\n")
        typer.echo(f"written: {output}")


def push(
    run: Run,
    repo: Repo,
    private: Annotated[bool, typer.Option("--private", help="Create the repository private.")] = False,
    revision: Annotated[str | None, typer.Option(help="Branch to push to; made where it does not exist.")] = None,
    create_pr: Annotated[
        bool, typer.Option("--create-pr", help="Open a pull request instead of changing the repository.")
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Publish a distilled set on the Hub, where plain datasets can load it."""
    from tdd.runs.publish import push_run
    from tdd.system.reporter import Reporter

    address = push_run(run, repo, private, revision, create_pr, overwrite, Reporter())
    print_once(f"a pull request is open: {address}" if create_pr else f"{run} is published: {address}")


def pull(
    repo: Repo,
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="The folder; runs/NAME when absent, classifiers/NAME for a classifier.")
    ] = None,
    classifier: Annotated[
        bool, typer.Option("--classifier", help="A classifier that tdd train --push published, not a set.")
    ] = False,
) -> None:
    """Take a distilled set from the Hub into a run folder, or a classifier into a folder."""
    from tdd.distilled_set.run_folder import read_run
    from tdd.publishing.pull import pull as pull_set
    from tdd.publishing.pull import pull_classifier
    from tdd.runs.summary import describe_results

    if classifier:
        from tdd.runs.train_classifier import Classifier

        print_once(Classifier.in_folder(pull_classifier(repo, revision, output)).how_to_use())
        return
    folder = pull_set(repo, revision, output)
    print_once(describe_results(read_run(folder), folder))


def plot(
    runs: Runs,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where the figures go; RUN/figures when absent, those of several runs beside the runs."
        ),
    ] = None,
    format: Annotated[FigureFormat, typer.Option(help="Kind of file.")] = FigureFormat.png,
) -> None:
    """Draw curves, learning rates, soft labels and networks; accuracy against n over several runs."""
    from tdd.runs.plot import plot_runs

    for path in plot_runs(runs, output, format.value):
        typer.echo(path)


def compare(
    runs: Runs,
    transfer: Annotated[
        bool, typer.Option("--transfer", help="What they were learned on, and what other networks made of them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Print runs side by side: what they are, what they reached, what they took."""
    if transfer:
        from tdd.runs.transfer_table import matrix_table

        if as_json:
            raise UsageError("--transfer prints a table; its figures lie in each run's results.json")
        typer.echo(matrix_table(runs))
        return
    from tdd.runs.compare import compare as compare_runs
    from tdd.runs.compare import table

    rows = compare_runs(runs)
    typer.echo(json.dumps(rows, indent=2) if as_json else table(rows))


@takes_reading
def train(
    reading: dict[str, Any],
    run: Run,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="New folder of the transformers model; none needed with --push.")
    ] = None,
    vocabulary: Annotated[
        Vocabulary, typer.Option(help="Keep the vectors of the data set's words, or all of them.")
    ] = Vocabulary.data,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the network, where the set has none of its own.")] = 0,
    data: Annotated[str | None, typer.Option(help="Read the data set from this folder or file, for its words.")] = None,
    network: Annotated[str | None, typer.Option(help="Which one of the set's pool; the first when absent.")] = None,
    push: Annotated[
        str | None, typer.Option(metavar="REPO", help="Publish the model on the Hub, e.g. me/imdb-classifier.")
    ] = None,
    of: Annotated[
        str | None, typer.Option(metavar="REPO", help="The set's name on the Hub, which the model's card links to.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="With --push: create the repository private.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Train a network on a distilled set and save or publish it as a transformers model that reads raw text."""
    from tdd.runs.train_classifier import train_classifier
    from tdd.system.reporter import Reporter

    if push is None and (of or private or overwrite):
        raise UsageError("--of, --private and --overwrite go with --push REPO, which publishes the model")
    where = placed(data, reading) or None
    made = train_classifier(
        run, output, vocabulary.value, seed, where, network, push, of, private, overwrite, Reporter()
    )
    print_once(made.how_to_use())
