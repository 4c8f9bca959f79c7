"""The verb that uses a distilled set: it tells the class of texts."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tdd.cli.options import Run, print_once, takes_reading
from tdd.errors import UsageError


class PredictionFormat(StrEnum):
    """How predictions are printed."""

    table = "table"
    json = "json"
    csv = "csv"


@takes_reading
def predict(
    reading: dict[str, Any],
    run: Run,
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="Texts to tell the class of.")] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Texts of this file: one a line (.txt), or of a table.")
    ] = None,
    text_column: Annotated[
        str | None, typer.Option(help="Column of the file; the set's own or the only one when absent.")
    ] = None,
    format: Annotated[
        PredictionFormat, typer.Option(help="Lines to read, JSON lines, or csv, with the probability of every class.")
    ] = PredictionFormat.table,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file, .csv or .jsonl, instead of printing.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the network, where the set has none of its own.")] = 0,
    network: Annotated[
        str | None, typer.Option(metavar="python:MODULE:CLASS", help="The set's network, where it is one of your own.")
    ] = None,
) -> None:
    """Tell the class of texts by a network trained on a distilled set, in seconds, or by a model of tdd train.

    RUN is a folder with either, or owner/name of a set or a model on the Hub.
    """
    from tdd.distilled_set.run_folder import read_run
    from tdd.publishing.saved_model import is_saved_model
    from tdd.runs.named_run import folder_to_predict_by
    from tdd.runs.predict import predict as tell
    from tdd.runs.predict import predict_by_model, texts_of_file
    from tdd.system.files import check_folder_of, write_text
    from tdd.system.reporter import Reporter

    if bool(texts) == (file is not None):
        raise UsageError('give texts, tdd predict RUN "a text", or a file of them, --file texts.csv')
    if empty := [place for place, text in enumerate(texts or [], 1) if not text.strip()]:
        raise UsageError(f"text {empty[0]} is empty: leave it out")
    if output is not None:
        check_folder_of(output)
        format = PredictionFormat.csv if output.suffix == ".csv" else PredictionFormat.json
    if reading and file is None:
        raise UsageError(f"--{next(iter(reading)).replace('_', '-')} says how a file is written: name one with --file")
    folder = folder_to_predict_by(run, Reporter())
    if is_saved_model(folder):
        if network is not None:
            raise UsageError(f"'{run}' holds a model that is trained already: leave --network out")
        found = predict_by_model(folder, texts or texts_of_file(file or Path(), None, text_column, reading))
    else:
        distilled = read_run(folder)
        own = distilled.recipe.text_column
        found = tell(distilled, texts or texts_of_file(file or Path(), own, text_column, reading), network, seed)
    text = {"table": found.table, "json": found.json_lines, "csv": found.csv}[format.value]()
    if output is None:
        print_once(text.rstrip("\n"))
    else:
        write_text(output, text)
        print_once(f"written: {output}")
