"""The results of a transfer as cells of a table, the same on a terminal and on a card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tdd.evaluation.differences import difference_between, strongest, tested_alike
from tdd.evaluation.names import LEARNERS, PROTOCOLS, REAL, SUBJECT

HEAD = ("tested on", "this set", "95 %", "strongest real examples", "their accuracy", "difference")


def protocols_of(transfer: Mapping[str, Any]) -> list[str]:
    """The protocols that something was measured by, in their order."""
    return [name for name in PROTOCOLS if any(name in by_protocol for by_protocol in transfer.values())]


def transfer_cells(transfer: Mapping[str, Any], protocol: str) -> list[list[str]]:
    """A head, and a row for each network: the set, the real examples that are best on held-out data, all others.

    Args:
        transfer: figures by network, protocol and row, as in ``results.json``.
        protocol: one of `PROTOCOLS`.
    """
    by_network = {network: rows[protocol] for network, rows in transfer.items() if protocol in rows}
    beside = [name for name in REAL if any(name in rows for rows in by_network.values())]
    head = list(HEAD[:3]) + (list(HEAD[3:]) + [REAL[name] for name in beside] if beside else [])
    head += [*(["rates times"] if protocol == "learned" else []), "seconds to train"]
    cells = [head]
    for network, rows in by_network.items():
        ours = rows[SUBJECT]
        low, high = (100 * bound for bound in ours["interval"])
        line = [network, accuracy(ours), f"{low:.1f} to {high:.1f}"]
        if beside:
            best = strongest({name: rows[name] for name in beside if name in rows})
            line += ["–"] * 3 if best is None else _against(ours, best, rows[best])
            line += [accuracy(rows[name]) if name in rows else "–" for name in beside]
        line += [_factors(ours)] if protocol == "learned" else []
        cells.append([*line, f"{ours['train_seconds']:.1f}"])
    return cells


def _against(ours: Mapping[str, Any], name: str, best: Mapping[str, Any]) -> list[str]:
    """The strongest real examples, their accuracy, and the difference."""
    difference = str(difference_between(ours, best)) if tested_alike(ours, best) else "–"
    return [REAL[name], accuracy(best), difference]


def _factors(result: Mapping[str, Any]) -> str:
    """What learned rates were multiplied by; of several sets, all that occur."""
    factors = result.get("factors") or ([result["factor"]] if "factor" in result else [])
    return ", ".join(f"{factor:g}" for factor in factors) or "own"


def accuracy(result: Mapping[str, Any]) -> str:
    """A mean accuracy and its deviation, in percent: ``57.1 ± 1.2``."""
    return f"{100 * result['mean']:.1f}" + (f" ± {100 * result['sd']:.1f}" if result["sd"] else "")


def words_told(transfer: Mapping[str, Any]) -> str:
    """How many words each row is made of; nothing where there are none."""
    found: dict[str, int] = {}
    for by_protocol in transfer.values():
        for rows in by_protocol.values():
            found |= {name: result["words"] for name, result in rows.items() if result.get("words")}
    named = [(REAL.get(name, "this set"), count) for name, count in found.items()]
    return "words: " + ", ".join(f"{name} {count:,}" for name, count in named) if named else ""


def what_it_is(transfer: Mapping[str, Any], protocol: str) -> str:
    """What the figures of a protocol are, in a sentence."""
    results = [result for _, result in _results(transfer, protocol)]
    seeds = sorted({seed for result in results for seed in result.get("seeds") or [result["seed"]]})
    sets = max(len(result.get("seeds", ())) for result in results)
    told = "the set's own steps and rates, for other networks times one factor chosen on held-out training data"
    if any(result.get("inner") == "plain" for result in results):
        told = "AdamW as the set was learned through it, for other networks at the step size times one factor"
    if protocol == "plain":
        told = "AdamW in shuffled batches at settings fixed for each kind of network, none stopped early"
        if any(name in transfer for name in LEARNERS):
            told += "; logistic regression for learners that are no networks"
    tested = "".join(f" {part}," for part in parts_of_test(transfer, protocol))
    fixed = [network for network, row in _results(transfer, protocol) if row.get("init") == "fixed"]
    own = f", {fixed[0]} from the initialisation that the set was made for" if fixed else ""
    if ways := next((row["initialisation"] for _, row in _results(transfer, protocol) if "initialisation" in row), ""):
        own = f", drawn by {ways} as the set's own{own}"
    over = f"±, intervals and differences: over {sets} sets" if sets else "±: over networks and draws"
    return f"{told};{tested} fresh networks of seed {', '.join(map(str, seeds))}{own}; {over}"


def parts_of_test(transfer: Mapping[str, Any], protocol: str) -> list[str]:
    """Which networks were tested on a part of the test split, each told once; the first is all of them mostly."""
    tested = {network: (row["test_examples"], row["test_split"]) for network, row in _results(transfer, protocol)}
    told = {network: f"on {some:,} of {of:,} test examples" for network, (some, of) in tested.items() if some < of}
    if len(told) == len(tested) and len(set(told.values())) == 1:
        return list(told.values())[:1]
    return [f"{network} {part}" for network, part in told.items()]


def _results(transfer: Mapping[str, Any], protocol: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The networks and their results, row by row."""
    for network, by_protocol in transfer.items():
        for result in by_protocol.get(protocol, {}).values():
            yield network, result


def matrix(runs: Sequence[tuple[str, Mapping[str, Any]]], protocol: str) -> list[tuple[str, dict[str, float]]]:
    """Mean accuracies by network, a row for each run: what it was learned on and its transfer.

    A single run has its real examples as further rows.
    """
    found = []
    for name, transfer in runs:
        rows = {SUBJECT, *REAL} if len(runs) == 1 else {SUBJECT}
        for row in (SUBJECT, *REAL):
            means = {
                network: by_protocol[protocol][row]["mean"]
                for network, by_protocol in transfer.items()
                if row in rows and row in by_protocol.get(protocol, {})
            }
            if means:
                found.append((name if row == SUBJECT else REAL[row], means))
    return found
