"""Compare runs: settings, accuracies and time, a row for each run and initialisation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tdd.distilled_set.run_folder import read_run
from tdd.distilled_set.shareable import public, tested_on
from tdd.settings.initialisations import USUAL_INITIALISATION
from tdd.system.formatting import aligned, duration, percent, printable


def compare(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Settings and results of runs: a row for each run and initialisation it was tested with.

    A row holds "run", "dataset", "network", "vectors" (of texts), "samples" ("free", "words" or "images"), "n",
    "steps", "per_step", "epochs", "made_for", "initialisation" (how the networks that it was made for were drawn),
    "seed", "tested_on" (what tells test splits apart) and, where learned or measured, "momentum", "init", "accuracy",
    "sd", "networks", "full", "ratio", "outer_steps" and "seconds"; else None.

    Raises:
        UsageError: a folder holds no finished run.
        TddError: a file is damaged.
    """
    rows = []
    for folder in folders:
        distilled = public(read_run(folder))
        recipe, results = distilled.recipe, distilled.results
        distillation = results.get("distillation", {})
        full = results.get("full_data", {}).get("accuracy")
        text = distilled.space.kind == "text"
        for init, evaluation in (results.get("evaluation") or {None: {}}).items():
            mean = evaluation.get("mean")
            rows.append(
                {
                    "run": str(folder),
                    "dataset": recipe.dataset,
                    "network": ", ".join(recipe.learners),
                    "vectors": recipe.vectors if text else None,
                    "samples": recipe.samples if text else "images",
                    "n": distilled.n,
                    "steps": distilled.samples.shape[0],
                    "per_step": distilled.samples.shape[1],
                    "epochs": recipe.epochs,
                    "momentum": None if distilled.momentum is None else distilled.momentum.item(),
                    "made_for": recipe.init,
                    "initialisation": ", ".join(recipe.initialisation),
                    "seed": recipe.seed,
                    "tested_on": [*tested_on(distilled), evaluation.get("test_examples")],
                    "init": init,
                    "accuracy": mean,
                    "sd": evaluation.get("sd"),
                    "networks": evaluation.get("networks"),
                    "full": full,
                    "ratio": mean / full if mean is not None and full else None,
                    "outer_steps": distillation.get("outer_steps"),
                    "seconds": distillation.get("seconds"),
                }
            )
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows of `compare` as columns of text."""
    columns = ("run", "data", "network", "vectors", "samples", "n", "steps", "init", "seed", "accuracy", "networks")
    cells = [[*columns, "all data", "ratio", "outer steps", "time"]]
    for row in rows:
        momentum = "" if row["momentum"] is None else f", momentum {row['momentum']:.2f}"
        usual = row["initialisation"] == USUAL_INITIALISATION
        own = row["made_for"] + ("" if usual else f", {row['initialisation']}")
        init = own if row["init"] in (None, row["made_for"]) else f"{row['init']} (made for {own})"
        cells.append(
            [
                printable(row["run"]),
                printable(row["dataset"]),
                printable(row["network"]),
                printable(row["vectors"] or "-"),
                row["samples"],
                str(row["n"]),
                f"{row['steps']} x {row['per_step']} x {row['epochs']}{momentum}",
                init,
                str(row["seed"]),
                "-" if row["accuracy"] is None else percent(row["accuracy"], row["sd"]),
                _or_dash(row["networks"]),
                "-" if row["full"] is None else percent(row["full"]),
                "-" if row["ratio"] is None else percent(row["ratio"]),
                _or_dash(row["outer_steps"]),
                "-" if row["seconds"] is None else duration(row["seconds"]),
            ]
        )
    return "\n".join([aligned(cells, left=(0, 1, 2, 3, 4, 7)), *_reservations(rows)])


def _reservations(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Why accuracies of these rows do not stand beside each other as they are, a line each."""
    lines = []
    if len({json.dumps(row["tested_on"]) for row in rows if row["accuracy"] is not None}) > 1:
        lines.append("these were tested on different data: their accuracies cannot be compared")
    if len({row["init"] for row in rows}) > 1:
        lines.append("fixed: one network that the set was made for; random: freshly drawn ones, which is harder")
    return lines


def _or_dash(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"
