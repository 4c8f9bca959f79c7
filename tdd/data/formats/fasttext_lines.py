"""Lines of fastText: ``__label__class text``."""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tdd.data.formats.table_cache import cached, checksum, opened, table_of
from tdd.errors import TddError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

MARK = "__label__"


def holds_labels(path: Path) -> bool:
    """Whether the first lines of a file begin with a label."""
    try:
        with opened(path) as file, io.TextIOWrapper(file, "utf-8-sig", errors="replace") as text:
            lines = [line for line in islice(text, 20) if line.strip()]
    except (OSError, EOFError):
        return False
    return bool(lines) and all(line.startswith(MARK) for line in lines)


def read_fasttext(path: Path) -> Dataset:
    """Columns "label" and "text".

    Raises:
        UsageError: a line with several labels, or none.
        TddError: the file cannot be read.
    """

    def batches() -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
        labels, texts = [], []
        try:
            with opened(path) as file, io.TextIOWrapper(file, "utf-8-sig") as text:
                for number, line in enumerate(text, 1):
                    if not line.strip():
                        continue
                    label, _, rest = line.strip().partition(" ")
                    if not label.startswith(MARK):
                        raise UsageError(f"{path}, line {number}: no {MARK} before the text")
                    if rest.lstrip().startswith(MARK):
                        raise UsageError(f"{path}, line {number}: several labels an example are not supported")
                    labels.append(label.removeprefix(MARK))
                    texts.append(rest.strip())
        except (OSError, EOFError, UnicodeError) as error:
            raise TddError(f"cannot read {path}: {error}") from error
        table = table_of({"label": labels, "text": texts})
        return table.schema, table.to_batches()

    return cached(["fasttext", checksum(path)], str(path), batches)[0]
