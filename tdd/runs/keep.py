"""Add figures to what a run's ``results.json`` holds, at once, since the next measurement may be stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tdd.distilled_set.results import read_results
from tdd.distilled_set.set import DistilledSet
from tdd.hub.layout import RESULTS
from tdd.publishing.card import write_card
from tdd.system.files import write_json


def keep_figures(
    figures: Mapping[str, Any],
    key: str,
    distilled: DistilledSet,
    folder: Path | None,
    fitting: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda before: before,
) -> None:
    """Add figures to a set's results, and to those in `folder`, beside what another command has added meanwhile.

    Args:
        figures: what was measured.
        key: where results keep it.
        distilled: the set.
        folder: its run folder; None: it has none.
        fitting: which of the earlier figures may stand beside these.
    """
    if folder is not None:
        distilled.results = read_results(folder / RESULTS)
    distilled.results[key] = merged(fitting(distilled.results.get(key) or {}), figures)
    if folder is not None:
        write_json(folder / RESULTS, distilled.results)
        write_card(distilled, folder)


def merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Figures by name, however deep; one that is measured again takes the place of the old one, whole."""
    result = dict(before)
    for name, value in now.items():
        old = result.get(name)
        groups = all(isinstance(each, Mapping) and "mean" not in each for each in (old, value))
        result[name] = merged(old, value) if groups and isinstance(old, Mapping) else value
    return result
