"""Word vectors as they are kept: read once, block by block, and memory-mapped ever after.

``<cache>/vectors/<key>/`` holds ``table.npy``, ``words.json`` and ``meta.json``; it is whole or absent.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.blocks import Block
from tdd.embeddings.formats.keyed import beside
from tdd.embeddings.vector_table import UsableWords
from tdd.errors import TddError
from tdd.system.files import cache_folder, read_json, write_json, write_text

_log = logging.getLogger(__name__)

# Raised whenever what is kept of a file changes.
_VERSION = 2
# Bytes of a file that are looked at in each of so many places.
_SAMPLE, _PLACES = 2**16, 16


@dataclass(frozen=True)
class KeptVectors:
    """A table of word vectors.

    Attributes:
        words: V words, each once.
        table: (V, d), memory-mapped where the cache can be written to; no row is all zeros.
        checksum: sha256 (hex) of words and table.
        notes: what a user should know about the file, a line each.
    """

    words: list[str]
    table: NDArray[np.float32] = field(repr=False)
    checksum: str
    notes: list[str]


def key_of(*parts: object) -> str:
    """The key of what `parts` name."""
    return hashlib.sha256(json.dumps([_VERSION, *map(str, parts)]).encode()).hexdigest()[:32]


def key_of_file(path: Path, *also: str) -> str:
    """The key of a file's content, with that of the array files beside a KeyedVectors file and what `also` names.

    To hash 5 GB takes too long at every start. The key is of the size, of a megabyte out of sixteen places from the
    first byte to the last, and of the times of the last change to content (mtime) and inode (ctime). The operating
    system sets the last of these whenever a file is written to; no program can set it back, as `touch` does the other.
    """
    parts: list[object] = [*also]
    for file in (path.absolute(), *beside(path.absolute())):
        if file.is_file():
            status = file.stat()
            parts += [file, status.st_mtime_ns, status.st_ctime_ns, *_looked_at(file)]
    return key_of(*parts)


def key_of_installed(*files: Path, also: Sequence[str] = ()) -> str:
    """The key of a package's files, which nobody writes to: the same wherever and whenever it is installed."""
    return key_of(*also, *(part for file in files for part in _looked_at(file)))


def _looked_at(file: Path) -> tuple[int, str]:
    """A file's size, and a hash of a megabyte out of many places."""
    size, digest = file.stat().st_size, hashlib.sha256()
    with open(file, "rb") as content:
        for place in range(_PLACES):
            content.seek(max(0, size - _SAMPLE) * place // (_PLACES - 1))
            digest.update(content.read(_SAMPLE))
    return size, digest.hexdigest()


def kept(name: str, key: str, read: Callable[[], Iterable[Block]]) -> KeptVectors:
    """The vectors called `name`, from the cache, or read now and put there.

    The table is written to the cache as it comes: memory is taken by the words, at most 400 bytes each, by 100 MB
    beside them at most, and by what `read` holds. Where the cache cannot be written to, the table is in memory, and for
    a moment twice.

    Raises:
        TddError: what `read` raises, or there is no word with a vector of finite numbers.
    """
    folder = cache_folder() / "vectors" / key
    if (opened := _open(folder)) is not None:
        return opened
    temporary = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{key}."))
        _write(temporary, name, read())
        shutil.rmtree(folder, ignore_errors=True)  # damaged, or another process was first: the same again
        temporary.rename(folder)
    except OSError as error:
        if (opened := _open(folder)) is None:  # else another process was first
            _log.warning("%s is not cached and will be read anew next time: %s; set TDD_CACHE", name, error)
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return opened or _open(folder) or _in_memory(name, read())


def _write(folder: Path, name: str, blocks: Iterable[Block]) -> None:
    """Write the files of an entry.

    Raises:
        OSError: the folder cannot be written to.
    """
    with open(folder / "table.npy", "wb") as file:

        def write(rows: NDArray[np.float32]) -> None:
            if not file.tell():
                _write_header(file, 0, rows.shape[1])
            file.write(rows.data)

        usable = UsableWords(name, write)
        usable.add_all(blocks)
        file.seek(0)
        _write_header(file, len(usable.words), usable.dim)
        start = file.tell()
    words = json.dumps(usable.words)
    digest = hashlib.sha256(words.encode())
    with open(folder / "table.npy", "rb") as written:
        written.seek(start)
        while chunk := written.read(2**22):
            digest.update(chunk)
    meta = {"name": name, "checksum": digest.hexdigest(), "V": len(usable.words), "d": usable.dim}
    try:
        write_text(folder / "words.json", words)
        write_json(folder / "meta.json", meta | {"notes": usable.notes})
    except TddError as error:
        raise OSError(str(error)) from None


def _write_header(file: IO[bytes], rows: int, dim: int) -> None:
    """The header of a table, as long for any number of rows: numpy leaves room in it for more digits."""
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (rows, dim)})


def _in_memory(name: str, blocks: Iterable[Block]) -> KeptVectors:
    parts: list[NDArray[np.float32]] = []
    usable = UsableWords(name, parts.append)
    usable.add_all(blocks)
    table = np.concatenate(parts)
    digest = hashlib.sha256(json.dumps(usable.words).encode())
    digest.update(table.data)
    return KeptVectors(usable.words, table, digest.hexdigest(), usable.notes)


def _open(folder: Path) -> KeptVectors | None:
    """The vectors cached in `folder`; None when there are none, or not whole ones."""
    try:
        meta, words = read_json(folder / "meta.json"), read_json(folder / "words.json")
        # The plain view: lookups in a np.memmap are slower and stay np.memmaps.
        table = np.asarray(np.load(folder / "table.npy", mmap_mode="r", allow_pickle=False))
        if table.shape == (meta["V"], meta["d"]) and len(words) == meta["V"] and table.dtype == np.float32:
            return KeptVectors(words, table, meta["checksum"], list(meta["notes"]))
    except (TddError, OSError, ValueError, EOFError, KeyError, TypeError):
        pass
    return None
