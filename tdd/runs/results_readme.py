"""A short table of results between two markers of a README: both initialisations of a data set in a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tdd.errors import UsageError
from tdd.runs.results_figures import Figure, RowFigures, footnotes
from tdd.runs.results_markdown import NONE, markdown, notes_of, over_seeds, published, signs_of
from tdd.system.formatting import percent

COLUMNS = ("data", "n", "fixed initialisation", "random initialisation", "all data", "TF-IDF + LR")


def markers(table: str) -> tuple[str, str]:
    """The lines that a table stands between."""
    return f"<!-- tdd table {table} -->", f"<!-- end of tdd table {table} -->"


def short_table(figures: Sequence[RowFigures]) -> str:
    """The rows that differ in their initialisation alone in a line, the published figures in brackets."""
    signs = footnotes(figures)
    lines: dict[tuple[str, int, str], dict[str, RowFigures]] = {}
    for row in figures:
        recipe = row.row.recipe
        lines.setdefault((row.row.published.data, recipe.n, recipe.network), {})[recipe.init] = row
    several = len({(data, n) for data, n, _ in lines}) < len(lines)
    cells = []
    for (data, n, network), by_init in lines.items():
        cells.append(
            [
                f"{data}, {network}" if several else data,
                f"{n:,}",
                *(_cell(by_init.get(init), signs) for init in ("fixed", "random")),
                _shared({init: row.all_data for init, row in by_init.items()}),
                _shared({init: row.tfidf for init, row in by_init.items()}),
            ]
        )
    return markdown(COLUMNS, cells) + (f"\n{notes_of(signs)}" if signs else "")


def with_table(text: str, table: str, content: str) -> str:
    """A README with the content between its markers, lines of their own; as it was where it has none.

    Raises:
        UsageError: one marker stands without the other, or twice, or the second before the first.
    """
    lines = text.splitlines(keepends=True)
    places = [place for place, line in enumerate(lines) if line.strip() in markers(table)]
    if not places:
        return text
    if [lines[place].strip() for place in places] != list(markers(table)):
        begin, end = markers(table)
        raise UsageError(f"'{begin}' and '{end}' stand in the README once, in this order: mend it")
    first, last = places
    return "".join([*lines[: first + 1], content, *lines[last:]])


def _shared(by_init: Mapping[str, Figure | None]) -> str:
    """A figure that rows of both initialisations have in common; both where they have not."""
    told = {init: over_seeds(figure) for init, figure in by_init.items() if figure is not None}
    if len(set(told.values())) > 1:
        return "; ".join(f"{text} ({init})" for init, text in told.items())
    return next(iter(told.values()), NONE)


def _cell(row: RowFigures | None, signs: Mapping[str, str]) -> str:
    if row is None:
        return NONE
    paper = f" ({published(row.row).removesuffix(' %')})" if row.row.published.accuracy is not None else ""
    if not row.results:
        return f"not yet run{paper}"
    ratio = "" if row.ratio is None else f", ratio {percent(row.ratio.mean)}"
    over = "" if row.sd_over_networks is None else f", networks ± {percent(row.sd_over_networks).removesuffix(' %')}"
    return f"**{over_seeds(row.accuracy)}**{signs_of(row, signs)}{over}{paper}{ratio}"
