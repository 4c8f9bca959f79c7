"""What was measured of a set, ``results.json``, checked as far as it is computed with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tdd.errors import TddError
from tdd.system.files import read_json


def read_results(path: Path) -> dict[str, Any]:
    """What ``results.json`` holds, checked as far as it is computed with; nothing where there is none.

    Raises:
        TddError: it holds something else.
    """
    results = read_json(path) if path.exists() else {}
    figures = ("mean", "sd", "networks", "test_examples", "test_split")
    try:
        results = {kind: found for kind, found in results.items() if found is not None}
        made = results.get("distillation", {})
        nested = [*results.get("plain_text", {}).values(), *results.get("decoded", {}).values()]
        tested = [each for kinds in nested for each in kinds.values() if not isinstance(each, int | float)]
        good = _numbers(made, *({"outer_steps", "seconds"} & made.keys()))
        good &= isinstance(made.get("versions", {}), dict)
        good &= all(_numbers(found, *figures) for found in [*results.get("evaluation", {}).values(), *tested])
        good &= all(_numbers(found, "mean", "sd") for found in results.get("baselines", {}).values())
        good &= "full_data" not in results or _numbers(results["full_data"], "accuracy")
    except (AttributeError, KeyError, TypeError):
        good = False
    if not good:
        raise TddError(f"{path} does not hold the results of a run; get a fresh copy, or remove it and evaluate again")
    return dict(results)


def _numbers(found: dict[str, Any], *names: str) -> bool:
    return all(isinstance(found[name], int | float) for name in names)
