"""Verbs that learn and measure: runs, their baselines, the paper's table, the least size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tdd.cli.options import AsJson, RecipeOptions, print_once, takes_settings
from tdd.errors import UsageError
from tdd.evaluation.names import BY_VECTORS, DRAWS, NOT_OPPONENTS, OTHERS, PLAIN, RANDOM
from tdd.settings.assignments import parse_assignments
from tdd.settings.data_parts import READING
from tdd.settings.encoder_names import BY_MINILM
from tdd.settings.recipe import RESUMED, Recipe
from tdd.settings.said import with_said

GOING_ON = (*RESUMED, "outer_steps")
"""Settings that a run goes on with."""


@takes_settings
def distill(
    options: RecipeOptions,
    output: Annotated[Path | None, typer.Option(help="Run folder; runs/DATASET-N when absent.")] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with this run; a finished one with more --outer-steps.")
    ] = None,
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
        if options.any_set(ignoring=[*GOING_ON, *(["network"] if options.network else [])]) or output:
            also = ", ".join(f"--{name.replace('_', '-')}" for name in GOING_ON)
            raise UsageError(
                f"--resume goes on with the run as it was started: give it no data set and no settings but {also}"
            )
        from tdd.distilled_set.run_folder import recipe_of_run
        from tdd.runs.longer import longer

        kept = longer(recipe_of_run(resume), resume, options.flags.get("outer_steps"))
        changed = {name: value for name, value in options.flags.items() if name in RESUMED}
        settings = with_said(kept, changed)
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


_NAMES = (
    f"{', '.join((RANDOM, *BY_VECTORS))}, all but the first also with {BY_MINILM} behind it, then with _teacher or "
    f"_ensemble, then with {PLAIN}; {', '.join((*OTHERS, *NOT_OPPONENTS))}"
)


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
        typer.Option(metavar="NAME", help=f"Only this one: {_NAMES}; may be repeated."),
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
        own = ("data", *READING, "device", "threads")
        if options.any_set(ignoring=[*own, *(["network"] if options.network else [])]) or output:
            also = ", ".join(f"--{name.replace('_', '-')}" for name in own)
            raise UsageError(f"--run takes its settings from the run: give it no data set and no settings but {also}")
        asked = Recipe.build({name: options.flags[name] for name in own if name in options.flags}, where="settings")
        where = asked.device, asked.threads
        data = {name: getattr(asked, name) for name in ("data", *READING) if name in options.flags}
        results, distilled = measure_baselines_of_run(
            run, data, draws, networks, only or (), Reporter(), options.network, *where
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
    seeds: Annotated[int, typer.Option(metavar="K", min=1, help="Run each row with the seeds 0 to K - 1.")] = 1,
    seed: Annotated[
        list[int] | None,
        typer.Option(min=0, max=2**31 - 1, help="Run each row with this seed instead; may be repeated."),
    ] = None,
    runs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the run folders lie; runs/paper when absent.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The Markdown file; RESULTS.md when absent.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where ROW-SEED.json are kept; results beside the output when absent."),
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Also measure this baseline of each run; may be repeated."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write every result as a line of csv.")] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw accuracy against n, a png or svg.")
    ] = None,
    only_write: Annotated[
        bool, typer.Option("--only-write", help="Run nothing, write the table from the results that are there.")
    ] = False,
    data_root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Read the data sets from here, laid out owner/name, not from the Hub."),
    ] = None,
    recipes: Annotated[
        Path | None,
        typer.Option(metavar="TABLE", help="words, networks, curves or a folder with rows.yaml; else the paper's."),
    ] = None,
) -> None:
    """Run what is missing of the paper's result tables and write the results beside the paper's."""
    from tdd.runs.results_table import Files, run_table
    from tdd.system.reporter import Reporter

    if seed and seeds > 1:
        raise UsageError("--seeds 3 means the seeds 0, 1 and 2, and --seed names each: leave one of them out")
    files = Files.of(recipes, output, results, csv, figure)
    chosen = list(dict.fromkeys(seed)) if seed else range(seeds)
    run_table(files, rows or [], chosen, runs, only_write, data_root, recipes, Reporter(), baseline or ())
    print_once(f"written: {files.output}")


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
