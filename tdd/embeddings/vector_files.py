"""Files of word vectors by their kind, told apart by their first bytes, and those that gensim's downloader fetches."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tdd.embeddings.blocks import Block, blocks_of, decoded
from tdd.embeddings.formats import fasttext
from tdd.embeddings.formats.binary import read_binary
from tdd.embeddings.formats.keyed import read_keyed
from tdd.embeddings.formats.text import header_of, numbers_at_end, read_text
from tdd.errors import TddError, UsageError, nearest

INSTEAD = "pass the path of a vectors file, or use the embedded glove-6b-50d"


def read_embedded(table: Path, words: Path) -> Iterator[Block]:
    """Words and table of the embedded GloVe 6B, 400,000 x 50."""
    import pyarrow.parquet

    names = pyarrow.parquet.read_table(words)["index"].to_pylist()
    yield from blocks_of(names, np.load(table, mmap_mode="r", allow_pickle=False))


def download(name: str) -> Path:
    """The path of a model file that gensim's downloader fetched, now or before.

    Raises:
        UsageError: it knows no such name.
        TddError: it cannot be downloaded.
    """
    import gensim.downloader

    # The downloader sets no time limit, logs tracebacks and reports on stdout. With `return_path` it only fetches the
    # file: the loading code that comes with a model is never run.
    limit = socket.getdefaulttimeout()
    socket.setdefaulttimeout(10)
    log = logging.getLogger("gensim.downloader")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            names = gensim.downloader.info(name_only=True)["models"]
            if name in names:
                return Path(gensim.downloader.load(name, return_path=True))
    except Exception as error:  # bare Exceptions are among those it raises
        reason = str(error).partition("\n")[0]
        raise TddError(f"cannot download the vectors '{name}' ({reason}); check the network, {INSTEAD}") from None
    finally:
        socket.setdefaulttimeout(limit)
        log.setLevel(level)
    raise UsageError(
        f"no word vectors '{name}'{nearest(name, ['glove-6b-50d', *names])}, or pass the path of a vectors file"
    )


def read_file(path: Path) -> Iterator[Block]:
    """A file of any kind that is read, block by block.

    GloVe, word2vec and fastText's ``.vec`` as text, word2vec as binary, each gzipped too; fastText's ``.bin``; gensim's
    KeyedVectors. Of text and binary files one block is in memory at a time, some 20 MB; of fastText's the words too,
    and of KeyedVectors all that is in the pickle.

    Raises:
        TddError: it is of another kind, damaged, or cannot be read.
    """
    try:
        yield from _read(path)
    except (EOFError, zlib.error, MemoryError):
        raise TddError(f"{path} is truncated or damaged; fetch it again") from None
    except OSError as error:
        raise TddError(f"cannot read {path}: {error.strerror or error}") from None


def _read(path: Path) -> Iterator[Block]:
    from gensim.utils import open as open_also_compressed

    with open_also_compressed(str(path), "rb") as file:
        first, second = file.readline(1 << 20), file.readline(1 << 20)
    if first[:1] == b"\x80":  # how every pickle since protocol 2 begins
        yield from read_keyed(path)
        return
    if first.startswith(fasttext.MAGIC):
        if path.suffix in (".gz", ".bz2"):
            raise TddError(f"{path} is a compressed model of fastText; unpack it first, gunzip {path.name}")
        yield from fasttext.read_fasttext(path)
        return
    header = header_of(first)
    if not header and not numbers_at_end(first):
        raise TddError(
            f"{path} is not a vectors file (GloVe, word2vec, fastText or KeyedVectors); archives must be unpacked"
        )
    with open_also_compressed(str(path), "rb") as file:
        if header and _is_binary(path, second, *header):
            count, dim = header
            packed = 1100 if path.suffix in (".gz", ".bz2") else 1  # gzip packs a thousandfold at most
            if count * (4 * dim + 1) > path.stat().st_size * packed:
                raise EOFError
            file.readline()
            yield from read_binary(path, file, count, dim)
        else:
            yield from read_text(path, file)


def _is_binary(path: Path, line: bytes, count: int, dim: int) -> bool:
    """Whether four-byte numbers follow a header, of which this is what stands before the first line's end."""
    if count == 0 or numbers_at_end(line) >= dim:
        return False
    # No line of numbers holds control characters, and four-byte numbers soon do, or are not UTF-8.
    return ".bin" in path.suffixes or re.search(rb"[\0-\x08\x0e-\x1f]", line) is not None or decoded(line) is None
