"""The accuracy section of a card: everything measured, in one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tdd.evaluation.names import LEARNERS, NAMES, SENTENCES

_KINDS = {
    "evaluation": "this set",
    "decoded": "its nearest words",
    "plain_text": "sentences and labels alone",
    "baselines": "baseline",
}


def accuracy_section(results: Mapping[str, Any]) -> str:
    """The section as Markdown, from what ``results.json`` holds."""
    full = (results.get("full_data") or {}).get("accuracy")
    lines = [
        "## Accuracy",
        "",
        "On the real test split. A ratio is that to the same network trained on all the data.",
        "",
        "| trained on | networks | test accuracy | ratio |",
        "|---|---|---|---|",
    ]
    before = len(lines)
    for kind, said in _KINDS.items():
        for path, found in _measured(results.get(kind) or {}):
            networks = found.get("networks", 1) or "–"
            reached = f"{100 * found['mean']:.2f} %" + (f" ± {100 * found['sd']:.2f}" if found["sd"] else "")
            ratio = f"{100 * found['mean'] / full:.1f} %" if full else ""
            if found.get("test_examples", 0) < found.get("test_split", 0):
                reached += f" on {found['test_examples']:,} of {found['test_split']:,} examples"
            own = list(path)
            if kind == "baselines":
                own[0] = NAMES.get(path[0], path[0])
            elif kind == "plain_text":
                own = [(LEARNERS | SENTENCES).get(name, name) for name in path]
            names = (
                ", ".join([*own, *([str(found["init"])] if "init" in found else [])])
                .replace("_", " ")
                .replace("|", "/")
            )
            lines.append(f"| {said}: {names} | {networks} | {reached} | {ratio} |")
    if full:
        lines.append(f"| all the data | 1 | {100 * full:.2f} % | 100.0 % |")
    if len(lines) == before:
        return "## Accuracy\n\nNot measured yet."
    explained = "± is the standard deviation over networks and, of a baseline, draws of its samples. *Fixed* is the \
network initialisation that comes with the set, *random* a fresh one for each network."
    if results.get("plain_text"):
        explained += " From *sentences and labels alone* others learned: without the set's learning rates and \
initialisation, from this set's sentences or from as many real ones."
    return "\n".join([*lines, "", explained])


def _measured(
    values: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every result in nested `values` that is an accuracy, with the names that lead to it."""
    for name, value in values.items():
        if isinstance(value, dict) and "mean" in value:
            yield (*path, name), value
        elif isinstance(value, dict):
            yield from _measured(value, (*path, name))
