"""What is kept on disk to be faster: by kind, with what it is of and its size."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tdd.errors import TddError
from tdd.system.files import cache_folder, read_json

KINDS = {
    "data": "rows of files and folders, and their texts encoded",
    "vectors": "word vectors",
    "hidden": "hidden states of real texts in pretrained encoders",
    "full": "accuracies of networks trained on all data",
    "tests": "tests of texts that were stopped",
}
"""What is kept."""


@dataclass(frozen=True)
class Kept:
    """An entry of the cache.

    Attributes:
        kind: of `KINDS`.
        about: what it is of.
        path: its file or folder.
        bytes: its size on disk.
    """

    kind: str
    about: str
    path: Path
    bytes: int


def data_folder() -> Path:
    """Where rows and encoded texts are kept: beside what `datasets` keeps of the Hub, which is its own."""
    import datasets

    return Path(datasets.config.HF_DATASETS_CACHE) / "tdd"


def kept() -> Iterator[Kept]:
    """Every entry of the caches; the accuracies are one entry, and so are the tests and what is noted of csv files."""
    for kind, about in KINDS.items():
        folder = data_folder() if kind == "data" else cache_folder() / kind
        if not folder.is_dir():
            continue
        for path in [folder] if kind in ("full", "tests") else _entries(folder):
            files = [file for file in path.rglob("*") if file.is_file()]
            name = f"{about} ({len(files)})" if kind in ("full", "tests") else _name(path) or about
            yield Kept(kind, name, path, sum(file.stat().st_size for file in files))


def _entries(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _entries(path) if path.name == "folders" else [path]


def remove_kept(entries: Iterable[Kept]) -> None:
    """Remove entries of the cache.

    Raises:
        TddError: a file cannot be removed.
    """
    for entry in entries:
        try:
            shutil.rmtree(entry.path)
        except OSError as error:
            raise TddError(f"cannot remove {entry.path}: {error.strerror or error}") from None


def _name(folder: Path) -> str | None:
    """What an entry says it is of."""
    for file, key in (("about.json", "about"), ("meta.json", "name")):
        try:
            name = read_json(folder / file)[key]
        except (TddError, KeyError, TypeError):
            continue
        return str(name)
    return None
