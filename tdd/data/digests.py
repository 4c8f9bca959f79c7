"""What tells data from others: one hash of all, and of each split one of its contents and one of its labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tdd.data.protocols import Split

_SHOWN = 16  # digits of a hash


def digests_of(parts: Mapping[str, Split], about: Sequence[Any]) -> tuple[str, dict[str, dict[str, str]]]:
    """A hash of `about` and the examples of all splits, and by split those of its "contents" and of its "labels"."""
    whole, by_split = hashlib.sha256(json.dumps(about).encode()), {}
    for name, part in parts.items():
        contents, before = hashlib.sha256(), None
        for array in part.arrays():  # the labels are the last
            whole.update(array.data)
            if before is not None:
                contents.update(before.data)
            before = array
        labels = hashlib.sha256(part.labels.numpy().data)
        by_split[name] = {"contents": contents.hexdigest()[:_SHOWN], "labels": labels.hexdigest()[:_SHOWN]}
    return whole.hexdigest(), by_split
