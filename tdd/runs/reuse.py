"""Reuse a finished run, resume an interrupted one, or start it."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from tdd.distilled_set.run_folder import check_same, is_finished, read_run
from tdd.distilled_set.set import DistilledSet
from tdd.hub.layout import RECIPE
from tdd.runs.distill import distill
from tdd.settings.recipe import Recipe
from tdd.system.reporter import Reporter


def run_or_reuse(
    recipe: Recipe, folder: Path, reporter: Reporter | None = None, network: str | nn.Module | None = None
) -> DistilledSet:
    """The tested set of `recipe` in `folder`.

    A finished run is reused, an interrupted one is resumed, a missing one is started.

    Raises:
        UsageError: the folder holds a run of another recipe, see `check_same`, or what `distill` raises.
        Interrupted: Ctrl-C or a terminate signal; the same call resumes the run.
    """
    if not (folder / RECIPE).exists():
        return distill(recipe, folder, reporter=reporter, network=network)
    check_same(recipe, folder)
    if is_finished(folder):
        return read_run(folder)
    return distill(recipe, folder, resume=True, reporter=reporter, network=network)
