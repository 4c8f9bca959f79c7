"""The section of a card on other learners: what the set, and real examples, are worth to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tdd.evaluation.names import PROTOCOLS
from tdd.evaluation.transfer_cells import protocols_of, transfer_cells, what_it_is, words_told
from tdd.system.formatting import duration


def transfer_section(results: Mapping[str, Any]) -> str:
    """The section as Markdown, from what ``results.json`` holds; nothing where nothing was measured."""
    transfer = results.get("transfer") or {}
    if not transfer:
        return ""
    parts = ["## On other learners", "Test accuracy in percent, on the real test split."]
    for protocol in protocols_of(transfer):
        head, *rows = ([cell.replace("|", "/") for cell in line] for line in transfer_cells(transfer, protocol))
        lines = [head, ["---"] * len(head), *rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts.append(f"*{PROTOCOLS[protocol].capitalize()}*: {what_it_is(transfer, protocol)}.\n\n{table}")
    costs = [words_told(transfer)]
    if "seconds" in (distillation := results.get("distillation") or {}):
        costs.append(f"time to distil: {duration(distillation['seconds'])}")
    parts.append("; ".join(cost for cost in costs if cost))
    return "\n\n".join(part for part in parts if part)
