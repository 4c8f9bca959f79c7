"""The set that a run starts from: read once, and kept with the run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tdd.distillation.samples.from_set import started_from
from tdd.distilled_set.set import DistilledSet
from tdd.hub.layout import WEIGHTS
from tdd.settings.recipe import Recipe
from tdd.system.reporter import Reporter

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

START = "start"
"""Where a run folder keeps the set that the run started from."""


def starting_set(recipe: Recipe, corpus: Corpus, folder: Path | None, reporter: Reporter) -> DistilledSet | None:
    """The set that a run starts from in the shape of its recipe; None: it starts from none.

    Its results are what those of the run keep of it, "start": its name, n, networks, and how its samples were taken.

    Args:
        recipe: of the run, settled.
        corpus: its data.
        folder: of the run, where a resumed one finds the set again; None: it has none.
        reporter: where it is told.

    Raises:
        UsageError: there is no such set, or it does not suit the data, see `started_from`.
    """
    if recipe.start_from is None:
        return None
    if folder is not None and (folder / START / WEIGHTS).is_file():
        return DistilledSet.from_pretrained(folder / START)
    before = DistilledSet.from_pretrained(recipe.start_from)
    start, how = started_from(before, recipe, corpus)
    networks = ", ".join(before.recipe.learners)
    reporter.note(f"starts from {recipe.start_from} (n = {before.n}, {networks}): {how}")
    if before.source.get("fingerprint") != corpus.fingerprint:
        reporter.note(
            "note: that set was made from other data or other splits of them: it may have learned from examples that "
            "are held out or tested here"
        )
    about = {"name": recipe.start_from, "n": before.n, "network": networks, "samples": how}
    start.results = {"start": about | {"same_data": before.source.get("fingerprint") == corpus.fingerprint}}
    return start


def keep_start(start: DistilledSet | None, folder: Path) -> None:
    """Keep the set that a run starts from in its folder, if it starts from one."""
    if start is not None:
        start.save_pretrained(folder / START)
