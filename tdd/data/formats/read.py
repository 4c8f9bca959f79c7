"""What a reader of files gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class Read:
    """What was read of files.

    Attributes:
        splits: the rows of each split; "train" alone where the files tell of none.
        reading: how, as JSON values: "files" (names by split), "left_out_files" (reasons by name), and for delimited
            text "encoding", "delimiter", "quote" and "header".
        notes: what a user should know, a line each.
    """

    splits: dict[str, Dataset]
    reading: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
