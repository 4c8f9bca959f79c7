"""The baselines that a folder holds, ``baselines.json``: kept one by one, and gone on with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tdd.errors import TddError, UsageError
from tdd.evaluation.full_data import FULL_RESULTS
from tdd.evaluation.pool_figures import pooled
from tdd.system.files import read_json, write_json

FILE = "baselines.json"
"""Where a folder keeps the baselines measured so far."""

Result = dict[str, Any]
Results = dict[str, Result]


@dataclass
class BaselinesFile:
    """Results by name; of a pool those of each of its networks, as far as they are measured, under "by_network".

    Attributes:
        path: the file.
        about: what they were measured with, which stands beside them; its "fingerprint" must be the same.
        pool: the networks; none: a single one.
        results: what is measured.
    """

    path: Path
    about: dict[str, Any]
    pool: list[str]
    results: Results

    @classmethod
    def open(cls, folder: Path, about: dict[str, Any], pool: list[str]) -> BaselinesFile:
        """The file of a folder, with no results where there is none.

        Raises:
            UsageError: they were measured with other settings or data.
            TddError: the file does not hold baselines.
        """
        path = folder / FILE
        if not path.exists():
            return cls(path, about, pool, {})
        content = read_json(path)
        try:
            same, results = content["fingerprint"] == about["fingerprint"], content["baselines"]
            valid = all(
                isinstance(result[key], int | float)
                for name, whole in results.items()
                for result in whole.get("by_network", {"": whole}).values()
                for key in ("mean", "sd", *(FULL_RESULTS if name == "full" else ()))
            )
        except (AttributeError, KeyError, TypeError):
            same, valid, results = True, False, {}
        if not valid:
            raise TddError(f"{path} does not hold baselines; remove it to measure them again")
        if not same:
            other = [
                f"{key} ({content.get(key)}, not {about[key]})"
                for key in ("draws", "networks")
                if content.get(key) != about[key]
            ]
            raise UsageError(
                f"{path} holds baselines measured with other {' and '.join(other) or 'settings, data or network'}; ask "
                "for the same, or remove it to measure all of them again"
            )
        return cls(path, about, pool, results)

    def get(self, name: str, network: str) -> Result | None:
        """The result of a baseline by one network; None: it is not measured."""
        found = self.results.get(name)
        if found is None or not self.pool:
            return found
        result: Result | None = found["by_network"].get(network)
        return result

    def put(self, name: str, network: str, result: Result) -> None:
        """Keep what was measured, at once."""
        if self.pool:
            of_each = self.results.get(name, {}).get("by_network", {}) | {network: result}
            result = pooled({each: of_each[each] for each in self.pool if each in of_each})
        self.results[name] = result
        write_json(self.path, self.about | {"baselines": self.results})
