"""Text files of GloVe, word2vec and fastText: a line for each word, the word and then its d numbers.

A word may hold spaces, as some of GloVe 840B and of gensim's own files do: the last d fields of a line are the vector.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.blocks import Block, decoded, rows_at_once
from tdd.errors import TddError

_NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|nan|inf)", re.I)
# A number with as many digits as vectors are written with: no end of a word, but one number too many.
_OF_A_VECTOR = re.compile(rb"[-+]?(?:\d*\.\d{4,}|\d+\.?\d*e[-+]\d+)", re.I)
# Lines from which the number of numbers is learned where no header says it.
_LOOKED_AT = 1000


def header_of(line: bytes) -> tuple[int, int] | None:
    """The number of words and d, where a file's first line says them."""
    if not re.fullmatch(rb"\s*\d{1,18}\s+\d{1,18}\s*", line):
        return None
    count, dim = line.split()
    return int(count), int(dim)


def numbers_at_end(line: bytes) -> int:
    """How many numbers stand behind the word of a line: its last fields, the first one not among them."""
    fields = line.split()[1:] if not line[:1].isspace() else line.split()
    return next((place for place, field in enumerate(reversed(fields)) if not _NUMBER.fullmatch(field)), len(fields))


def read_text(path: Path, file: IO[bytes]) -> Iterator[Block]:
    """The words of a text file, opened at its start.

    Raises:
        TddError: a line of another length or with something else than numbers, or fewer words than the header says.
    """
    start = list(islice(file, _LOOKED_AT))
    header = header_of(start[0])
    if header is None:
        counts = Counter(numbers_at_end(line) for line in start if line.strip())
        dim, first = max(counts, key=lambda count: counts[count]), 1
    else:
        dim, first = header[1], 2
        del start[0]
    if not dim:
        return
    lines, count = chain(start, file), 0
    while block := list(islice(lines, rows_at_once(dim))):
        if found := list(_split(path, block, first, dim)):
            yield [decoded(word) for _, word, _ in found], _parsed(path, found, dim)
        first, count = first + len(block), count + len(found)
    if header and count != header[0]:
        raise TddError(f"{path} is damaged: {count} words, its first line says {header[0]}")


def _split(path: Path, lines: Iterable[bytes], first: int, dim: int) -> Iterator[tuple[int, bytes, bytes]]:
    """The number, the word and the text of the d numbers of each line that is not empty; the first is line `first`."""
    for number, raw in enumerate(lines, first):
        line = raw.rstrip()
        if line.count(b" ") == dim and b"\t" not in line:
            word, _, numbers = line.partition(b" ")
        elif line:
            before, *fields = line.rsplit(None, dim)
            if len(fields) == dim - 1 and line[:1].isspace():
                before, fields = b"", [before, *fields]
            one_too_many = _OF_A_VECTOR.fullmatch(before.rpartition(b" ")[2]) if b" " in before else None
            if len(fields) < dim or one_too_many:
                raise TddError(f"{path}, line {number}: {len(line.split()) - 1} numbers instead of {dim}")
            word, numbers = before, b" ".join(fields)
        else:
            continue
        yield number, word, numbers


def _parsed(path: Path, lines: Sequence[tuple[int, bytes, bytes]], dim: int) -> NDArray[np.float32]:
    """The numbers of lines that `_split` gave, (n, d)."""
    import pyarrow as pa
    from pyarrow import csv

    text = b"\n".join(numbers for _, _, numbers in lines)
    names = [str(column) for column in range(dim)]
    try:
        columns = csv.read_csv(
            pa.BufferReader(text),
            csv.ReadOptions(column_names=names, block_size=len(text) + 1, use_threads=False),
            csv.ParseOptions(delimiter=" ", quote_char=False),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float64()), null_values=[]),
        )
    except pa.ArrowInvalid:
        for number, _, numbers in lines:
            if wrong := next((each for each in numbers.split(b" ") if not _is_number(each)), None):
                raise TddError(f"{path}, line {number}: '{wrong.decode(errors='replace')}' is no number") from None
        raise
    table = np.empty((len(lines), dim), dtype=np.float32)
    with np.errstate(over="ignore"):  # inf is told where the table is made
        for column, values in enumerate(columns.columns):
            table[:, column] = values.to_numpy()
    return table


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
