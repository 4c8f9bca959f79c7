"""What was read of a data set, wherever it is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class Source:
    """A data set as it was read.

    Attributes:
        splits: its rows.
        where: where from, see `Corpus.source`.
        notes: what a user should know, a line each.
        reading: what was read of which files, as JSON values.
    """

    splits: Mapping[str, Dataset]
    where: dict[str, str]
    notes: list[str]
    reading: dict[str, Any] = field(default_factory=dict)
