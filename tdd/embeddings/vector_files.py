"""Readers of word-vector files, GloVe, word2vec and gensim's KeyedVectors: the words and the table of each."""

from __future__ import annotations

import contextlib
import logging
import pickle
import re
import socket
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tdd.errors import TddError, UsageError, nearest

INSTEAD = "pass the path of a vectors file, or use the embedded glove-6b-50d"


def read_embedded(table: Path, words: Path) -> tuple[list[str], NDArray[Any]]:
    """Words and table of the embedded GloVe 6B, 400,000 x 50."""
    import pyarrow.parquet

    return pyarrow.parquet.read_table(words)["index"].to_pylist(), np.load(table, mmap_mode="r", allow_pickle=False)


def download(name: str) -> Path:
    """The path of a model file that gensim's downloader fetched, now or before."""
    import gensim.downloader

    # The downloader sets no time limit, logs tracebacks and reports on stdout. With `return_path` it only fetches the
    # file: the loading code that comes with a model is never run.
    limit = socket.getdefaulttimeout()
    socket.setdefaulttimeout(10)
    try:
        with contextlib.redirect_stdout(sys.stderr), _quiet("gensim.downloader"):
            names = gensim.downloader.info(name_only=True)["models"]
            if name in names:
                return Path(gensim.downloader.load(name, return_path=True))
    except Exception as error:  # bare Exceptions are among those it raises
        reason = str(error).partition("\n")[0]
        raise TddError(f"cannot download the vectors '{name}' ({reason}); check the network, {INSTEAD}") from None
    finally:
        socket.setdefaulttimeout(limit)
    raise UsageError(
        f"no word vectors '{name}'{nearest(name, ['glove-6b-50d', *names])}, or pass the path of a vectors file"
    )


@contextlib.contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Keeps gensim's own reports off the screen: what went wrong becomes one line of ours."""
    gensim_log = logging.getLogger(logger)
    level = gensim_log.level
    gensim_log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        gensim_log.setLevel(level)


def read_file(path: Path) -> tuple[list[str], NDArray[Any]]:
    """A text, binary or KeyedVectors file, told apart by its first bytes."""
    from gensim.models import KeyedVectors
    from gensim.utils import open as open_also_compressed

    try:
        with open_also_compressed(str(path), "rb") as file:
            first, sample = file.readline(1 << 20), file.read(4096)
        if first[:1] == b"\x80":  # how every pickle since protocol 2 begins
            return _read_keyed(path)
        header = [int(number) for number in first.split()] if re.fullmatch(rb"\s*\d+\s+\d+\s*", first) else []
        if not header and not re.fullmatch(rb"\S*( [-+.\dinfae]+)+\s*", first, re.IGNORECASE):
            raise TddError(f"{path} is not a vectors file (GloVe, word2vec or KeyedVectors); archives must be unpacked")
        # No line of numbers holds control characters, and four-byte floats soon do.
        binary = bool(header) and (".bin" in path.suffixes or re.search(rb"[\0-\x08\x0e-\x1f]", sample) is not None)
        if binary:
            count = header[0]
            packed = 1100 if path.suffix in (".gz", ".bz2") else 1  # gzip packs a thousandfold at most
            if count * (4 * header[1] + 1) > path.stat().st_size * packed:  # before gensim reserves memory for it
                raise EOFError
        else:
            with open_also_compressed(str(path), "rb") as file:
                count = _check_lines(path, file, header)
        with (
            _quiet("gensim.models.keyedvectors"),
            np.errstate(over="ignore"),
        ):  # inf is reported by `word_vectors`
            keyed = KeyedVectors.load_word2vec_format(str(path), binary=binary, no_header=not header)
    except (EOFError, AssertionError, zlib.error, MemoryError):
        raise TddError(f"{path} is truncated or damaged; fetch it again") from None
    except ValueError as error:
        raise TddError(f"{path} is damaged: {str(error).splitlines()[0]}") from None
    except OSError as error:
        raise TddError(f"cannot read {path}: {error.strerror or error}") from None
    if keyed.next_index < count:  # gensim drops repeated words, leaving unfilled rows
        raise TddError(f"{path.name} holds {count - keyed.next_index} words more than once; remove the repeated ones")
    return keyed.index_to_key, keyed.vectors


def _check_lines(path: Path, lines: Iterable[bytes], header: list[int]) -> int:
    """The number of words in a text file whose every line has as many numbers as the header, or the first line, says.

    gensim would spread a single number over a whole row, and ignore lines beyond the header's count.
    """
    count, dim = 0, header[1] if header else None
    for number, line in enumerate(lines, 1):
        if number == 1 and header:
            continue
        count += 1
        numbers = line.rstrip().count(b" ")  # as gensim splits them
        dim = numbers if dim is None else dim
        if numbers != dim:
            raise TddError(f"{path}, line {number}: {numbers} numbers instead of {dim}")
    if header and count != header[0]:
        raise TddError(f"{path} is damaged: {count} words, its first line says {header[0]}")
    return count


def beside(path: Path) -> Path:
    """Where gensim's `KeyedVectors.save` puts a large table."""
    return path.with_name(path.name + ".vectors.npy")


class _Record:
    """Stands in for everything a KeyedVectors pickle names: keeps what it is given and does nothing."""

    def __init__(self, *args: Any) -> None:
        self.args = args
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _RecordingUnpickler(pickle.Unpickler):
    """Reads a pickle as data.

    A pickle can do harm only through the functions and classes it names, and every name is looked up by `find_class`.
    Here the few names of a KeyedVectors file all give the inert `_Record`, so nothing of gensim, numpy or anywhere else
    is imported or called, and any other name ends the reading.
    """

    def find_class(self, module: str, name: str) -> Any:
        """`_Record` for the names of a KeyedVectors file, TddError for all others."""
        if (module, name) in {
            ("gensim.models.keyedvectors", "KeyedVectors"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("numpy.core.multiarray", "_reconstruct"),  # numpy 1
            ("numpy._core.multiarray", "_reconstruct"),  # numpy 2
        }:
            return _Record
        raise TddError(f"it holds {module}.{name}; save only the vectors: model.wv.save(...)")


def _read_keyed(path: Path) -> tuple[list[str], NDArray[Any]]:
    """A file of gensim's `KeyedVectors.save`, with the table inside or in the .npy file beside it."""
    try:
        with open(path, "rb") as file:
            state = _RecordingUnpickler(file).load().state
        words = list(state["index_to_key"])
        if not all(isinstance(word, str) for word in words):
            raise ValueError
        if "vectors" in state.get("__numpys", []):
            return words, np.load(beside(path), mmap_mode="r", allow_pickle=False)
        _version, shape, dtype, by_column, data = state["vectors"].state
        if dtype.args[0] not in ("f2", "f4", "f8"):
            raise ValueError
        numbers = np.frombuffer(data, np.dtype(dtype.args[0]).newbyteorder(dtype.state[1]))
        return words, numbers.reshape(shape, order="F" if by_column else "C")
    except TddError as error:
        raise TddError(f"{path} is not gensim's KeyedVectors: {error}") from None
    except FileNotFoundError as error:
        raise TddError(f"{path} needs the file {Path(error.filename).name} beside it; copy both") from None
    except Exception:  # damaged pickles raise nearly every exception there is
        raise TddError(f"{path} is truncated, damaged or not gensim's KeyedVectors") from None
