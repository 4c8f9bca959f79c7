"""``log.jsonl``: a line for each outer step, written by a run and read for its curves."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from tdd.errors import TddError
from tdd.system.files import write_text


class Log:
    """``log.jsonl``, a line for each outer step; lines past the step that a run goes on from are dropped.

    Args:
        path: the file; None: nothing is logged.
        done: outer steps already done.
    """

    def __init__(self, path: Path | None, done: int):
        self.file = None
        if path is not None:
            kept = path.read_text(encoding="utf-8").splitlines()[:done] if path.exists() else []
            write_text(path, "".join(line + "\n" for line in kept))
            self.file = open(path, "a", encoding="utf-8")  # noqa: SIM115 (open for the whole run)

    def add(self, values: dict[str, Any]) -> None:
        """Add a line."""
        if self.file is not None:
            try:
                self.file.write(json.dumps(values) + "\n")
                self.file.flush()
            except OSError as error:
                raise TddError(f"cannot write {self.file.name}: {error.strerror or error}; free some space") from None

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            with suppress(OSError):  # told when the line was added
                self.file.close()


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of ``log.jsonl``; none where there is no such file. A last line that is being written is left out.

    Raises:
        TddError: another line is damaged.
    """
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            float(entry["step"]), float(entry["outer_loss"])
        except (ValueError, TypeError, KeyError):
            if number == len(lines):
                break
            raise TddError(f"{path} is damaged in line {number}; take that line out to draw the others") from None
        entries.append(entry)
    return entries
