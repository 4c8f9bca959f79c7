"""What a reader of files gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class Read:
    """What was read of files.

    Attributes:
        splits: the rows of each split; "train" alone where the files tell of none.
        reading: how, as JSON values: "files" (names by split), "left_out_files" (reasons by name), of text "encoding",
            and of delimited text "delimiter", "quote" and "header"; where files are not alike, "by_file" has these.
        notes: what a user should know, a line each.
    """

    splits: dict[str, Dataset]
    reading: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def of_all_files(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """How files are written, from what is known of each by its name: once where they are alike, else "by_file"."""
    first, *others = facts.values()
    return dict(first) if all(fact == first for fact in others) else {"by_file": dict(facts)}
