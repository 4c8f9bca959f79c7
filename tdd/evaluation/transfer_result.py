"""What is kept of a test of one learner on one row of sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tdd.data.protocols import Split
from tdd.evaluation.class_figures import effective_examples
from tdd.evaluation.differences import interval_of
from tdd.evaluation.evaluation import Evaluation


def unlike(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Earlier rows that cannot stand beside new ones: network, protocol and row.

    They were measured on other test examples, or with networks of another seed or number.

    Args:
        before, now: figures by network, protocol and row, as in ``results.json``.
    """
    found = []
    for network, by_protocol in now.items():
        for protocol, rows in by_protocol.items():
            conditions = {_conditions(row) for row in rows.values()}
            earlier = before.get(network, {}).get(protocol, {})
            found += [
                (network, protocol, name)
                for name, row in earlier.items()
                if name not in rows and _conditions(row) not in conditions
            ]
    return found


def _conditions(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(key) for key in ("test_examples", "test_split", "seed", "fresh"))


def result_of(
    held_out: float,
    accuracies: Sequence[float],
    draws: int,
    split: tuple[Split, int | None],
    details: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Figures of a learner, with a 95 % interval and what that is over.

    Args:
        held_out: mean accuracy on held-out data, in [0, 1].
        accuracies: test accuracies, of the networks of each draw.
        draws: sets that they were trained on.
        split: the test split, and how many of its examples are tested on at most.
        details: how the networks were trained; None: the learner is fitted, and has no networks.
    """
    test, most = split
    size = len(test)
    within, over = interval_of(accuracies, draws, effective_examples(test, most))
    varied = [] if details is None or len(accuracies) == 1 else ["networks"]
    return Evaluation("random", list(accuracies), min(most or size, size), size).as_dict() | {
        "networks": 0 if details is None else len(accuracies),
        "draws": draws,
        "sd_over": " and ".join([*varied, *(["draws"] if draws > 1 else [])]),
        "interval": list(within),
        "interval_over": over,
        "validation_accuracy": held_out,
        **(details or {}),
    }
