"""The results table of `tdd table` as Markdown: our figures over seeds beside the published ones."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tdd.evaluation.differences import Difference
from tdd.runs.result_files import Baseline
from tdd.runs.results_figures import Figure, RowFigures, footnotes
from tdd.system.formatting import duration, percent

if TYPE_CHECKING:
    from tdd.runs.results_rows import Row

NONE = "–"
INTRODUCTION = """# Results

Written by `{command}` from the files in `{folder}`, one for each row and seed, and from nothing else.

Accuracies are those of the whole test split, read once a run, at its end; a run's best set is chosen on held-out
training data. ±: standard deviation over seeds (n - 1 in the denominator), where there are several; a seed draws the
initialisation, the batches and the held-out examples. A set for random initialisation is tested with many freshly drawn
networks: *ours* is the mean over them, *± over networks* their standard deviation. *All data*: the same network trained
on all the data, *best of* so many settings on held-out data, searched once for the rows and seeds that share it;
*ratio* is to that, for the paper too. *TF-IDF + LR*: logistic regression on TF-IDF of all the data, of the tokens that
the network reads. *Strongest baseline*: of as many real examples and, where that is better, of as many points made of
them; its ± is over draws or networks.{better} On the same machine with as many threads a run gives the same figures to
the bit; elsewhere sums are rounded in another order, which is as good as another seed.
"""
BETTER = """ *Set better by* so many points, trained in the same way, with the 95 % interval of the
difference over seeds, of one seed over networks or draws."""
RESULT_COLUMNS = (
    *("row", "data", "n", "network", "initialisation", "paper", "ours", "seeds", "± over networks", "all data"),
    *("ratio", "TF-IDF + LR", "strongest baseline", "time to distil", "paper, all data", "paper, ratio"),
)
COST_COLUMNS = (
    *("row", "seed", "accuracy", "held-out", "training examples", "outer steps", "time to distil", "hardware"),
    *("processes", "measured with", "versions"),
)


def render(figures: Sequence[RowFigures], command: str, folder: str) -> str:
    """The tables: figures beside the published ones, then each run, then what was left out, then the commands.

    Args:
        figures: the rows.
        command: what writes them.
        folder: where the results lie.
    """
    signs = footnotes(figures)
    compared = any(baseline.better is not None for row in figures for baseline in row.baselines.values())
    parts = [
        INTRODUCTION.format(command=command, folder=folder, better=BETTER if compared else ""),
        markdown(RESULT_COLUMNS, [_result_cells(row, signs) for row in figures]),
        *([notes_of(signs)] if signs else []),
    ]
    if costs := [cells for row in figures for cells in _cost_cells(row, signs)]:
        parts += ["## The runs\n", markdown(COST_COLUMNS, costs)]
    if left_out := [line for row in figures for line in row.left_out]:
        parts += ["## Left out\n", "".join(f"* {line}\n" for line in left_out)]
    lines = "".join(f"    {line}\n" for row in figures for line in _commands(row.row))
    parts.append(
        f"## The commands\n\n`{command} ROW --seeds K` runs a row, as far as that was not done before. By hand, "
        f"here for seed 0 and without TF-IDF:\n\n{lines}"
    )
    return "\n".join(parts)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def notes_of(signs: Mapping[str, str]) -> str:
    """The notes that the signs in a table stand for."""
    return "".join(f"- {sign} {note}\n" for note, sign in signs.items())


def over_seeds(figure: Figure | None) -> str:
    """A figure in percent, with its deviation over seeds."""
    return NONE if figure is None else percent(figure.mean, figure.sd)


def published(row: Row) -> str:
    """The published accuracy."""
    return _percent(row.published.accuracy, row.published.sd)


def signs_of(row: RowFigures, signs: Mapping[str, str]) -> str:
    """The signs of a row's notes, after a space."""
    own = dict.fromkeys(signs[result.note] for result in row.results if result.note)
    return f" {' '.join(own)}" if own else ""


def strongest_baseline(row: RowFigures) -> str:
    """The best of real examples and, where it is better, the best of points made of them."""
    real, made = row.strongest(real=True), row.strongest(real=False)
    shown = [real] if real else []
    if made and (real is None or made[1].mean > real[1].mean):
        shown.append(made)
    return "; ".join(f"{name} {percent(best.mean, best.sd)}{_better(best)}" for name, best in shown) or NONE


def _better(baseline: Baseline) -> str:
    """How much better the set is, with the 95 % interval, in points; nothing where that was not measured."""
    if baseline.better is None:
        return ""
    return f", set better by {Difference(baseline.better, baseline.within)}"


def _result_cells(figures: RowFigures, signs: Mapping[str, str]) -> list[str]:
    row = figures.row
    paper = published(row) + (f" ({row.published.source})" if row.published.source else "")
    given = row.published
    paper_ratio = given.accuracy / given.full if given.accuracy and given.full else None
    cells = dict.fromkeys(RESULT_COLUMNS, NONE) | {
        "row": row.name,
        "data": given.data,
        "n": f"{row.recipe.n:,}",
        "network": row.recipe.network,
        "initialisation": row.recipe.init,
        "paper": paper,
        "ours": "made with other settings" if figures.left_out else "not yet run",
        "paper, all data": _percent(given.full),
        "paper, ratio": NONE if paper_ratio is None else percent(paper_ratio),
    }
    if figures.results and figures.seconds is not None:
        sd, tried = figures.sd_over_networks, figures.settings_tried
        best_of = f" (best of {' or '.join(map(str, tried))})" if tried and tried[-1] > 1 else " (one setting)"
        cells |= {
            "ours": over_seeds(figures.accuracy) + signs_of(figures, signs) + _reservations(figures),
            "seeds": ", ".join(str(result.seed) for result in figures.results),
            "± over networks": NONE if sd is None else percent(sd),
            "all data": over_seeds(figures.all_data) + (best_of if tried else ""),
            "ratio": over_seeds(figures.ratio),
            "TF-IDF + LR": over_seeds(figures.tfidf),
            "strongest baseline": strongest_baseline(figures),
            "time to distil": duration(figures.seconds),
        }
    return list(cells.values())


def _reservations(figures: RowFigures) -> str:
    """What is said of tests on a part of the test split, and of seeds that did not have the same data."""
    parts = [result.test for result in figures.results if not result.test.is_whole]
    told = f" (on {parts[0].test_examples:,} of {parts[0].test_split:,} test examples)" if parts else ""
    # Of all splits together: which examples are held out is the seed's choice.
    sizes = sorted({sum(result.examples.values()) for result in figures.results if result.examples})
    return told + (f" (data of {' or '.join(f'{size:,}' for size in sizes)} examples)" if len(sizes) > 1 else "")


def _cost_cells(figures: RowFigures, signs: Mapping[str, str]) -> Iterator[list[str]]:
    for result in figures.results:
        sign = f" {signs[result.note]}" if result.note else ""
        yield [
            figures.row.name,
            str(result.seed),
            percent(result.test.mean, result.test.sd) + sign,
            NONE if result.held_out is None else percent(result.held_out),
            f"{result.examples['train']:,}" if "train" in result.examples else NONE,
            f"{result.outer_steps:,}",
            duration(result.seconds),
            result.hardware,
            str(result.processes),
            result.measured_with,
            ", ".join(f"{name} {version}" for name, version in result.versions.items() if name != "tdd"),
        ]


def _commands(row: Row) -> list[str]:
    networks = f" --networks {row.published.networks}" if row.recipe.init == "random" else ""
    settings = "".join(f" --set {shlex.quote(assignment)}" for assignment in row.assignments)
    return [
        f"tdd distill --recipe {row.recipe_name}{settings} --seed 0 --output {row.folder(0)}",
        f"tdd evaluate {row.folder(0)}{networks} --full-search",
    ]


def _percent(value: float | None, sd: float = 0.0) -> str:
    return NONE if value is None else percent(value / 100, sd / 100)
