"""Files of data as bytes, unpacked where their suffix says that they are packed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tdd.errors import TddError

Bytes = NDArray[np.uint8]
"""(bytes,): what a file holds."""

_PART = 1 << 20  # bytes unpacked at once

COMPRESSED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""How files with these suffixes are opened."""

_KINDS = (".csv", ".tsv", ".jsonl", ".json", ".parquet", ".txt", ".ft")


def data_suffix(path: Path) -> str | None:
    """The suffix that tells how `path` is read, a compression's left out; None for no file of data."""
    suffix = path.with_suffix("").suffix if path.suffix.lower() in COMPRESSED else path.suffix
    return suffix.lower() if suffix.lower() in _KINDS else None


def unpacked(path: Path) -> Bytes:
    """The bytes of a file, mapped into memory.

    Raises:
        TddError: it cannot be read, or there is no space to unpack it.
    """
    unpack = COMPRESSED.get(path.suffix.lower())
    try:
        if unpack is not None:
            with unpack(path, "rb") as file:
                return mapped(iter(lambda: file.read(_PART), b""))
        return np.memmap(path, dtype=np.uint8, mode="r") if path.stat().st_size else np.zeros(0, dtype=np.uint8)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise TddError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def mapped(parts: Iterable[bytes]) -> Bytes:
    """Bytes in a file that has no name and goes with the array.

    Raises:
        TddError: there is no space for them.
    """
    with tempfile.TemporaryFile() as file:
        for part in parts:
            with _in_space():
                file.write(part)
        with _in_space():
            file.flush()
        return np.memmap(file, dtype=np.uint8, mode="r") if file.tell() else np.zeros(0, dtype=np.uint8)


def lines_of(data: Bytes) -> Iterator[str]:
    """The lines of a text with their ends, of which "\\n", "\\r\\n" and "\\r" are some and no other."""
    import pyarrow as pa

    with io.TextIOWrapper(pa.BufferReader(pa.py_buffer(data)), "utf-8", newline="") as text:
        yield from text


@contextmanager
def _in_space() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = tempfile.gettempdir()
        raise TddError(f"cannot write to {where}: {error.strerror}; free some space or set TMPDIR") from error
