"""The results of a transfer, and of several runs side by side, as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tdd.distilled_set.run_folder import read_run
from tdd.distilled_set.shareable import tested_on
from tdd.errors import UsageError
from tdd.evaluation.names import PROTOCOLS
from tdd.evaluation.transfer_cells import (
    matrix,
    parts_of_test,
    protocols_of,
    transfer_cells,
    what_it_is,
    words_told,
)
from tdd.runs.initialisation_matrix import initialisation_matrix, parts_of_initialisations
from tdd.runs.summary import cost_of
from tdd.system.formatting import aligned, duration, printable


def describe_transfer(transfer: Mapping[str, Any], distil_seconds: float | None = None) -> str:
    """Figures by network, protocol and row: a table for each protocol, and what the sets cost."""
    parts = []
    for protocol in protocols_of(transfer):
        cells = transfer_cells(transfer, protocol)
        parts.append(f"{PROTOCOLS[protocol]} ({what_it_is(transfer, protocol)})")
        left = (0, 3) if "difference" in cells[0] else (0,)
        parts += [aligned([[printable(cell) for cell in line] for line in cells], left), ""]
    costs = [words_told(transfer)]
    if distil_seconds is not None:
        costs.append(f"time to distil: {duration(distil_seconds)}")
    parts.append("; ".join(cost for cost in costs if cost))
    return "\n".join(parts).strip()


def matrix_table(folders: Sequence[Path]) -> str:
    """What runs were learned on x what they were tested on: accuracies in percent, a table for each protocol.

    Where networks of other initialisations were tested, a table of these follows.

    Raises:
        UsageError: none of them was tested on other networks, or of another initialisation.
    """
    sets = [(str(folder), read_run(folder)) for folder in folders]
    runs = [(name, distilled.results.get("transfer") or {}) for name, distilled in sets]
    parts = []
    for protocol, about in PROTOCOLS.items():
        if rows := matrix(runs, protocol):
            told = [f"{name} {part}" for name, transfer in runs for part in parts_of_test(transfer, protocol)]
            parts += [f"{about}, test accuracy in percent", _table(rows), *told, ""]
    by_way = initialisation_matrix(sets)
    if any(len(means) > 1 for _, means in by_way):
        parts += ["fresh networks of the set's own kind by their initialisation, test accuracy in percent"]
        parts += [_table(by_way), *parts_of_initialisations(sets), ""]
    if not parts:
        raise UsageError("none of these runs was tested on other networks: tdd evaluate RUN --network NAME")
    if len({tested_on(distilled) for _, distilled in sets}) > 1:
        parts.append("these were tested on different data: their accuracies cannot be compared")
    parts += [f"{name}: {cost}" for name, distilled in sets if (cost := cost_of(distilled))]
    return "\n".join(parts).strip()


def _table(rows: Sequence[tuple[str, Mapping[str, float]]]) -> str:
    columns = list(dict.fromkeys(column for _, means in rows for column in means))
    cells = [["learned on \\ tested on", *columns]]
    cells += [
        [printable(name), *(f"{100 * means[each]:.1f}" if each in means else "–" for each in columns)]
        for name, means in rows
    ]
    return aligned(cells, left=(0,))
