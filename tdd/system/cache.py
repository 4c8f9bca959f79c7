"""What is kept on disk to be faster: by kind, with what it is of and its size."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tdd.errors import TddError
from tdd.system.files import cache_folder, read_json

KINDS = {
    "hidden": "hidden states of real texts in pretrained encoders",
    "vectors": "word vectors",
    "full": "accuracies of networks trained on all data",
}
"""The folders of the cache, and what they hold."""


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


def kept() -> Iterator[Kept]:
    """Every entry of the cache; the accuracies of a kind are one entry."""
    for kind, about in KINDS.items():
        folder = cache_folder() / kind
        if not folder.is_dir():
            continue
        entries = [folder] if kind == "full" else sorted(path for path in folder.iterdir() if path.is_dir())
        for path in entries:
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            yield Kept(kind, about if kind == "full" else _name(path) or about, path, size)


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
