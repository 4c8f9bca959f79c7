"""The verb that tests: a run's set by its own network or on others, or texts from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tdd.cli.options import AsJson, Device, Init, Threads, placed, print_once, takes_reading
from tdd.errors import UsageError
from tdd.settings.networks import CODE

Tested = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUN... | FILE...",
        help="Folder of a run; with --network several that differ in their seed alone; or files of texts and labels "
        "(with --data NAME).",
    ),
]
Others = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Test on this network (text_cnn, lstm, minilm, hf:NAME ...), on tfidf or frozen_minilm; may be repeated. "
        "The set's own, where it is one of yours: python:MODULE:CLASS.",
    ),
]
Beside = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Also these real examples: random, herding_teacher ...; see tdd baselines; may be repeated.",
    ),
]


@takes_reading
def evaluate(
    reading: dict[str, Any],
    run: Tested,
    networks: Annotated[
        int | None,
        typer.Option(min=1, help="Fresh networks to train: 200 without --network, 5 with it, 3 of encoders."),
    ] = None,
    init: Annotated[
        Init | None, typer.Option(help="Initialisation of the networks; the set's own when absent.")
    ] = None,
    initialisation: Annotated[str | None, typer.Option(help="Test fresh networks drawn by this, as torch*2.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also train on all the data, for the distillation ratio.")
    ] = False,
    full_search: Annotated[
        bool, typer.Option("--full-search", help="As --full, by the best of several settings on held-out data.")
    ] = False,
    max_test: Annotated[int | None, typer.Option(min=1, help="Test on this many examples only.")] = None,
    data: Annotated[
        str | None, typer.Option(help="Read the data set from this folder or file; of FILE: the data set's name.")
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Of FILE: copies of data sets, laid out owner/name.")
    ] = None,
    text_column: Annotated[
        str | None, typer.Option(help="Of FILE: its column of texts, or two of pairs, FIRST,SECOND.")
    ] = None,
    label_column: Annotated[str | None, typer.Option(help="Of FILE: its column of labels, or of soft labels.")] = None,
    decoded: Annotated[
        bool, typer.Option("--decoded", help="Also test the set with every position replaced by its nearest word.")
    ] = False,
    network: Others = None,
    protocol: Annotated[
        Literal["learned", "plain", "both"] | None,
        typer.Option(help="Of --network: the set's learned steps, plain training, or both, as when absent."),
    ] = None,
    beside: Beside = None,
    device: Device = None,
    threads: Threads = None,
    classes: Annotated[bool, typer.Option("--classes", help="Also print precision and recall of every class.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train networks on a distilled set, or on texts from files, and test them on the whole test split."""
    from tdd.data.formats.packed import data_suffix
    from tdd.distilled_set.run_folder import recipe_of_run
    from tdd.runs.named_run import folder_of_run
    from tdd.system.reporter import Reporter

    if absent := [path for path in run if path.suffix and data_suffix(path) and not path.exists()]:
        raise UsageError(f"there is no file '{absent[0]}'")
    named, run = run[0], [path if path.is_file() else folder_of_run(path, Reporter()) for path in run]
    files = [path for path in run if path.is_file()]
    columns = {"text_column": text_column, "label_column": label_column}
    by_own = {
        "--initialisation": initialisation,
        "--init": init,
        "--full": full,
        "--full-search": full_search,
        "--decoded": decoded,
        "--classes": classes,
    }
    if not files and len(run) > 1 and not network:
        raise UsageError("tdd evaluate takes one run at a time; name what several are tested on (--network NAME)")
    own_code = (
        not files
        and len(run) == 1
        and bool(network)
        and network == [recipe_of_run(run[0]).network]
        and network[0].startswith(CODE)
    )
    if files or (network and not own_code):
        if given := [name for name, value in by_own.items() if value]:
            otherwise = "leave it out for files of texts" if files else "ask for it without --network NAME"
            raise UsageError(f"{given[0]} tests a set's own network: {otherwise}")
        from tdd.runs.asked import Asked
        from tdd.runs.transfer_table import describe_transfer

        asked = Asked(
            network or [],
            protocol or ("plain" if files else "both"),
            beside or (),
            networks,
            max_test=max_test,
            device=device,
            threads=threads,
        )
        if files:
            reading |= {name: value for name, value in columns.items() if value is not None}
            results = _of_files(run, files, data, data_root, asked, reading)
            distil_seconds = None
        else:
            from tdd.runs.transfer_of_several import transfer_runs

            _refuse_what_is_of_files(data_root, columns)
            results, distil_seconds = transfer_runs(run, asked, placed(data, reading), Reporter())
        print_once(json.dumps(results, indent=2) if as_json else describe_transfer(results, distil_seconds))
        return
    _refuse_what_is_of_files(data_root, columns)
    if beside or protocol:
        raise UsageError("--beside and --protocol go with --network: name the networks to test on")
    from tdd.runs.evaluate import evaluate_run
    from tdd.runs.summary import describe_classes, describe_results

    if initialisation is not None:
        if init == "fixed" or full or full_search or decoded or classes:
            raise UsageError("--initialisation tests fresh networks alone: measure the rest without it")
        from tdd.runs.evaluate_initialisation import evaluate_initialisation as tested

        own = network[0] if network else None
        where = placed(data, reading)
        distilled = tested(run[0], initialisation, networks, max_test, where, Reporter(), own, device, threads)
        print_once(json.dumps(distilled.results, indent=2) if as_json else describe_results(distilled, named))
        return
    distilled = evaluate_run(
        run[0],
        networks,
        init,
        full,
        max_test,
        placed(data, reading),
        decoded,
        Reporter(),
        network=network[0] if network else None,
        device=device,
        threads=threads,
        full_search=full_search,
    )
    if as_json:
        print_once(json.dumps(distilled.results, indent=2))
        return
    print_once(describe_results(distilled, named))
    if classes:
        print_once(describe_classes(distilled.results["evaluation"][init or distilled.recipe.init]))


def _refuse_what_is_of_files(data_root: Path | None, columns: dict[str, str | None]) -> None:
    """Raise UsageError for an option of FILEs that a run has no use for."""
    if data_root is not None:
        raise UsageError("--data-root goes with files of texts; a run reads its data from --data")
    for name, value in columns.items():
        if value is not None:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} goes with files of texts; a run reads the columns of its recipe")


def _of_files(
    run: list[Path],
    files: list[Path],
    data: str | None,
    data_root: Path | None,
    asked: Any,
    reading: dict[str, Any],
) -> Any:
    from tdd.runs.transfer_of_texts import transfer_texts
    from tdd.system.reporter import Reporter

    if len(files) < len(run):
        other = next(path for path in run if path not in files)
        raise UsageError(f"'{other}' is no file: name files of texts, or one run")
    if data is None:
        raise UsageError("name the data set whose classes the texts tell apart, e.g. --data sst2")
    if not asked.on:
        raise UsageError("name what the texts are tested on, e.g. --network minilm")
    return transfer_texts(files, data, asked, data_root, Reporter(), reading)
