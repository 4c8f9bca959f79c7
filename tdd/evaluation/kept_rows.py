"""The results of a command of many tests, kept one by one: a command that was stopped goes on with the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tdd.errors import TddError
from tdd.system.files import read_json, write_json
from tdd.system.version import __version__

Result = dict[str, Any]


@dataclass
class KeptRows:
    """The results of one command.

    Attributes:
        path: their file; its name says what they are of, see `of`. None: they are kept nowhere.
        results: those that are found, by name.
    """

    path: Path | None = None
    results: dict[str, Result] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, *about: object) -> KeptRows:
        """What `folder` keeps of a command that all of `about` tells from others; a damaged file is as none."""
        name = hashlib.sha256(repr((__version__, *about)).encode()).hexdigest()[:16]
        path = folder / f"rows-{name}.json"
        try:
            found = read_json(path) if path.exists() else {}
        except TddError:
            found = {}
        return cls(path, found if isinstance(found, dict) else {})

    def get(self, name: str, measure: Callable[[], Result]) -> Result:
        """The result of that name, measured and kept at once where it is not there."""
        if name not in self.results:
            result = measure()
            if self.path is None:
                return result
            self.results[name] = result
            write_json(self.path, self.results)
        return self.results[name]

    def clear(self) -> None:
        """Remove the file, whose results are kept elsewhere now."""
        self.results.clear()
        if self.path is not None:
            self.path.unlink(missing_ok=True)
