"""Lines of fastText: ``__label__class text``, or with the label behind the text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tdd.data.formats.packed import lines_of
from tdd.data.formats.plain_text import plain_text, raw_lines, unusual, word_of_guess
from tdd.data.formats.read import Read
from tdd.data.formats.table_cache import cached, checksum, table_of
from tdd.errors import TddError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

MARK = "__label__"
LABEL = re.compile(rf"(?:^|(?<=\s)){MARK}(\S+)")
_LOOKED_AT = 20  # lines


def holds_labels(path: Path, encoding: str | None) -> bool:
    """Whether a label stands before or behind the text of each of the first lines of a file."""
    try:
        data, _ = plain_text(path, encoding)
    except TddError:  # told when it is read
        return False
    lines = [line.split() for line in islice(lines_of(data), _LOOKED_AT) if line.strip()]
    return bool(lines) and all(words[0].startswith(MARK) or words[-1].startswith(MARK) for words in lines)


def read_fasttext(path: Path, encoding: str | None) -> Read:
    """Columns "label" and "text"; `encoding`: the one given, None: recognised.

    Raises:
        UsageError: a line with several labels, or none.
        TddError: the file cannot be read.
    """
    data, found = plain_text(path, encoding)

    def batches() -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
        labels, texts = [], []
        for number, line in enumerate(lines_of(data), 1):
            if not line.strip():
                continue
            before, *rest = LABEL.split(line)
            if not rest:
                raise UsageError(f"{path}, line {number}: no {MARK} before or behind the text")
            if len(rest) > 2:
                raise UsageError(f"{path}, line {number}: several labels an example are not supported")
            labels.append(rest[0])
            texts.append(f"{before.strip()} {rest[1].strip()}".strip())
        table = table_of({"label": labels, "text": texts})
        return table.schema, table.to_batches()

    rows, _ = cached(["fasttext", found, checksum(path)], str(path), batches)
    notes = [f"{path.name}: {one}" for one in unusual(found, word_of_guess(raw_lines(data), found, encoding))]
    return Read({"train": rows}, {"encoding": found}, notes)
