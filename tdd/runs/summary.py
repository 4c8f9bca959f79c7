"""What a run has reached, in a few lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.names import LEARNERS, NAMES, SENTENCES
from tdd.runs.baselines import Results
from tdd.system.formatting import aligned, percent


def describe_plain_text(found: Mapping[str, Any]) -> list[str]:
    """The results of `plain_text_accuracy`, a line for each learner."""
    lines = []
    for learner, name in LEARNERS.items():
        known = {said: found[learner][kind] for kind, said in SENTENCES.items() if kind in found.get(learner, {})}
        if known:
            reached = ", ".join(f"{said} {percent(each['mean'], each['sd'])}" for said, each in known.items())
            lines.append(f"  sentences and labels alone, {name}: test accuracy {reached}")
    return lines


def describe(distilled: DistilledSet, folder: str | Path) -> str:
    """What a set has reached, in a few lines."""
    steps, per_step = distilled.samples.shape[:2]
    split = f"{steps} step{'s' if steps > 1 else ''} x {per_step}"
    lines = [f"{folder}: n = {distilled.n} ({split}), made for {distilled.recipe.init} initialisation"]
    full = distilled.results.get("full_data")
    for init, found in distilled.results.get("evaluation", {}).items():
        line = f"  {init} initialisation: test accuracy {percent(found['mean'], found['sd'])}"
        if found["networks"] > 1:
            line += f" over {found['networks']} networks"
        if found["test_examples"] < found["test_split"]:
            line += f" (on {found['test_examples']:,} of {found['test_split']:,} test examples)"
        if full and full["accuracy"]:
            line += f", distillation ratio {percent(found['mean'] / full['accuracy'])}"
        lines.append(line)
    for init, found in distilled.results.get("decoded", {}).items():
        for key, what in (("as_learned", "as learned"), ("refitted", "fitted to the words")):
            if key not in found:
                continue
            accuracy = percent(found[key]["mean"], found[key]["sd"])
            lines.append(f"  nearest words, labels and rates {what}, {init} initialisation: test accuracy {accuracy}")
    lines += describe_plain_text(distilled.results.get("plain_text", {}))
    if full:
        lines.append(f"  all data, same network: test accuracy {percent(full['accuracy'])}")
    return "\n".join(lines)


def table(measured: Results, distilled: DistilledSet | None = None) -> str:
    """Baselines, and the set they are for where one is given, best first."""
    cells = [["trained on", "test accuracy", "± over", "chosen", "draws", "networks", "gradient steps"]]
    rows = [(NAMES[name], found) for name, found in measured.items()]
    if distilled is not None:
        own = {"gradient_steps": len(distilled.learning_rates), "outer_steps": distilled.recipe.outer_steps}
        of_set = distilled.results.get("evaluation", {}).get(distilled.recipe.init)
        rows += [("this distilled set", of_set | own)] if of_set else []
    for name, found in sorted(rows, key=lambda row: row[1]["mean"], reverse=True):
        chosen = "-"
        if "learning_rate" in found:
            chosen = f"rate {found['learning_rate']:g}"
        elif "neighbours" in found:
            chosen = f"k = {found['neighbours']}"
        elif "outer_steps" in found:
            chosen = "learned"
        over = found.get("sd_over", "networks") if found["sd"] else "-"
        counts = [str(found.get(key) or "-") for key in ("draws", "networks", "gradient_steps")]
        cells.append([name, percent(found["mean"], found["sd"]), over, chosen, *counts])
    return aligned(cells, left=(0, 2, 3))
