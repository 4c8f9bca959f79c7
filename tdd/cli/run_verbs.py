"""Verbs that learn and measure: runs, their baselines, the paper's table, the least size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tdd.cli.options import Device, Init, Network, RecipeOptions, Run, Threads, print_once, takes_settings
from tdd.errors import UsageError
from tdd.evaluation.names import DRAWS, NAMES
from tdd.settings.assignments import parse_assignments
from tdd.settings.recipe import RESUMED, Recipe

AsJson = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]


@takes_settings
def distill(
    options: RecipeOptions,
    output: Annotated[Path | None, typer.Option(help="Run folder; runs/DATASET-N when absent.")] = None,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="Go on with the run in this folder.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the resolved recipe and leave.")] = False,
    list_recipes: Annotated[
        bool, typer.Option("--list-recipes", help="List the recipes that come with tdd and leave.")
    ] = False,
) -> None:
    """Learn a distilled set, test it and keep it in a run folder."""
    from tdd.settings.names import named_recipes

    if list_recipes:
        for name, path in named_recipes().items():
            typer.echo(f"{name:<24} {path}")
        return
    if resume is not None:
        if options.any_set(ignoring=[*RESUMED, *(["network"] if options.network else [])]) or output:
            also = ", ".join(f"--{name.replace('_', '-')}" for name in RESUMED)
            raise UsageError(
                f"--resume goes on with the run as it was started: give it no data set and no settings but {also}"
            )
        from tdd.distilled_set.run_folder import recipe_of_run

        changed = {name: value for name, value in options.flags.items() if name in RESUMED}
        settings = Recipe.build(recipe_of_run(resume).model_dump() | changed, where="settings")
    elif options.dataset is None and options.recipe is None:
        raise UsageError("name a data set, e.g. tdd distill imdb --n 20")
    else:
        settings = options.resolve()
    if dry_run:
        typer.echo(settings.to_yaml(comments=True), nl=False)
        return
    from tdd.distilled_set.run_folder import default_folder
    from tdd.runs.distill import distill
    from tdd.runs.summary import describe_results
    from tdd.system.reporter import Reporter

    folder = resume or output or default_folder(settings)
    distilled = distill(settings, folder, resume=resume is not None, reporter=Reporter(), network=options.network)
    print_once(describe_results(distilled, folder))


def evaluate(
    run: Run,
    networks: Annotated[
        int | None, typer.Option(min=1, help="Fresh networks to train; 200 for random initialisation.")
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
    data: Annotated[str | None, typer.Option(help="Read the data set from this folder or file.")] = None,
    decoded: Annotated[
        bool, typer.Option("--decoded", help="Also test the set with every position replaced by its nearest word.")
    ] = False,
    plain_text: Annotated[
        bool, typer.Option("--plain-text", help="Also train others on a set of words: its texts and labels alone.")
    ] = False,
    network: Network = None,
    device: Device = None,
    threads: Threads = None,
    classes: Annotated[bool, typer.Option("--classes", help="Also print precision and recall of every class.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train networks on a distilled set and test them on the whole test split."""
    from tdd.runs.evaluate import evaluate_run
    from tdd.runs.summary import describe_classes, describe_results
    from tdd.system.reporter import Reporter

    if initialisation is not None:
        if init == "fixed" or full or full_search or decoded or plain_text or classes:
            raise UsageError("--initialisation tests fresh networks alone: measure the rest without it")
        from tdd.runs.evaluate_initialisation import evaluate_initialisation as tested

        distilled = tested(run, initialisation, networks, max_test, data, Reporter(), network, device, threads)
        print_once(json.dumps(distilled.results, indent=2) if as_json else describe_results(distilled, run))
        return
    distilled = evaluate_run(
        run,
        networks,
        init,
        full,
        max_test,
        data,
        decoded,
        Reporter(),
        plain_text=plain_text,
        network=network,
        device=device,
        threads=threads,
        full_search=full_search,
    )
    if as_json:
        print_once(json.dumps(distilled.results, indent=2))
        return
    print_once(describe_results(distilled, run))
    if classes:
        print_once(describe_classes(distilled.results["evaluation"][init or distilled.recipe.init]))


@takes_settings
def baselines(
    options: RecipeOptions,
    run: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Take all settings from this run, and add the figures to its results."),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Random sets of real examples.")] = DRAWS,
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
    as_json: AsJson = False,
) -> None:
    """Measure what a distilled set is compared with: real examples, centroids, nearest neighbours, all the data."""
    from tdd.distilled_set.run_folder import default_folder
    from tdd.runs.baselines import measure_baselines, measure_baselines_of_run
    from tdd.runs.summary import baselines_table
    from tdd.system.reporter import Reporter

    distilled = None
    if run is not None:
        own = ("data", "device", "threads")
        if options.any_set(ignoring=[*own, *(["network"] if options.network else [])]) or output:
            also = ", ".join(f"--{name}" for name in own)
            raise UsageError(f"--run takes its settings from the run: give it no data set and no settings but {also}")
        asked = Recipe.build({name: options.flags[name] for name in own if name in options.flags}, where="settings")
        where = asked.device, asked.threads
        results, distilled = measure_baselines_of_run(
            run, asked.data, draws, networks, only or (), Reporter(), options.network, *where
        )
    elif options.dataset is None and options.recipe is None:
        raise UsageError("name a data set, e.g. tdd baselines trec6 --n 60, or a run with --run")
    else:
        settings = options.resolve()
        folder = output or Path(f"{default_folder(settings)}-baselines")
        results = measure_baselines(settings, folder, draws, networks, only or (), Reporter(), options.network)
    typer.echo(json.dumps(results, indent=2) if as_json else baselines_table(results, distilled))


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
    from tdd.runs.results_table import run_table
    from tdd.system.reporter import Reporter

    run_table(rows or [], runs, output, only_write, data_root, recipes, Reporter())
    print_once(f"written: {output}")


@takes_settings
def size(
    options: RecipeOptions,
    ratio: Annotated[
        float, typer.Option(min=0, help="Percent of the held-out accuracy of the same network with all the data.")
    ] = 90,
    most: Annotated[int | None, typer.Option(min=1, help="Largest n tried; 50 for each class when absent.")] = None,
    runs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the runs lie; runs/sizes/DATASET when absent.")
    ] = None,
) -> None:
    """Find the least number of distilled samples that reach a share of the accuracy with all the data."""
    from tdd.runs.size import default_size_folder, distillation_size
    from tdd.system.reporter import Reporter

    if options.dataset is None and options.recipe is None:
        raise UsageError("name a data set, e.g. tdd size imdb --ratio 90")
    assigned = parse_assignments(options.assignments) | options.flags
    if "n" in assigned:
        raise UsageError("tdd size looks for n: leave --n out, and bound it by --most")
    settings = options.resolve(n=assigned.get("steps"))  # any n that the steps divide
    search = distillation_size(
        settings, runs or default_size_folder(settings), ratio, most, Reporter(), options.network
    )
    print_once(search.describe())
