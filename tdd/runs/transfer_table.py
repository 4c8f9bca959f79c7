"""The results of a transfer, and of several runs side by side, as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tdd.distilled_set.run_folder import read_run
from tdd.errors import UsageError
from tdd.evaluation.names import PROTOCOLS
from tdd.evaluation.transfer_cells import matrix, protocols_of, transfer_cells, what_it_is, words_told
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

    Raises:
        UsageError: none of them was tested on other networks.
    """
    sets = [(str(folder), read_run(folder)) for folder in folders]
    runs = [(name, distilled.results.get("transfer") or {}) for name, distilled in sets]
    parts = []
    for protocol, about in PROTOCOLS.items():
        rows = matrix(runs, protocol)
        networks = list(dict.fromkeys(network for _, means in rows for network in means))
        if networks:
            cells = [["learned on \\ tested on", *networks]]
            cells += [
                [printable(name), *(f"{100 * means[n]:.1f}" if n in means else "–" for n in networks)]
                for name, means in rows
            ]
            parts += [f"{about}, test accuracy in percent", aligned(cells, left=(0,)), ""]
    if not parts:
        raise UsageError("none of these runs was tested on other networks: tdd evaluate RUN --network NAME")
    return "\n".join(parts).strip()
