"""gensim's KeyedVectors, of fastText too: pickles, read as data."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.blocks import Block, blocks_of
from tdd.embeddings.formats.fasttext import composed
from tdd.errors import TddError

_ARRAYS = ("vectors", "vectors_vocab", "vectors_ngrams")


def beside(path: Path) -> list[Path]:
    """Where gensim's `KeyedVectors.save` puts large tables."""
    return [path.with_name(f"{path.name}.{name}.npy") for name in _ARRAYS]


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
            ("gensim.models.fasttext", "FastTextKeyedVectors"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("numpy.core.multiarray", "_reconstruct"),  # numpy 1
            ("numpy._core.multiarray", "_reconstruct"),  # numpy 2
        }:
            return _Record
        raise TddError(f"it holds {module}.{name}; save only the vectors: model.wv.save(...)")


def read_keyed(path: Path) -> Iterator[Block]:
    """A file of gensim's `KeyedVectors.save`, with its tables inside or in the .npy files beside it.

    Raises:
        TddError: it is another pickle, is damaged, or a file beside it is missing.
    """
    try:
        with open(path, "rb") as file:
            state = _RecordingUnpickler(file).load().state
        words = list(state["index_to_key"])
        if not all(isinstance(word, str) for word in words):
            raise ValueError
        if "vectors_ngrams" not in state and "vectors_ngrams" not in state.get("__numpys", []):
            own = _array(path, state, "vectors")
            blocks = blocks_of(words, own)
        else:
            own, parts = (_array(path, state, name) for name in ("vectors_vocab", "vectors_ngrams"))
            shortest, longest = int(state["min_n"]), int(state["max_n"])
            blocks = composed(words, own, parts[: int(state["bucket"])], shortest, longest)
    except TddError as error:
        raise TddError(f"{path} is not gensim's KeyedVectors: {error}") from None
    except FileNotFoundError as error:
        raise TddError(f"{path} needs the file {Path(error.filename).name} beside it; copy both") from None
    except Exception:  # damaged pickles raise nearly every exception there is
        raise TddError(f"{path} is truncated, damaged or not gensim's KeyedVectors") from None
    if len(words) != len(own):
        raise TddError(f"{path} is damaged: {len(words)} words for {len(own)} vectors")
    yield from blocks


def _array(path: Path, state: dict[str, Any], name: str) -> NDArray[Any]:
    """A table of a KeyedVectors file: inside its pickle, or mapped into memory from the file beside it."""
    if name in state.get("__numpys", []):
        file = path.with_name(f"{path.name}.{name}.npy")
        table: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    else:
        _version, shape, dtype, by_column, data = state[name].state
        if dtype.args[0] not in ("f2", "f4", "f8"):
            raise ValueError
        numbers = np.frombuffer(data, np.dtype(dtype.args[0]).newbyteorder(dtype.state[1]))
        table = numbers.reshape(shape, order="F" if by_column else "C")
    if table.ndim != 2:
        raise ValueError
    return table
