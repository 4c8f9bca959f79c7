"""A folder a class, holding a text or an image in each file, below folders of splits where there are some."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.formats.table_cache import cached, table_of
from tdd.data.split_words import split_of
from tdd.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

_IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_KINDS = {"text": (".txt",), "image": _IMAGES}


def holds_classes(folder: Path) -> bool:
    """Whether texts or images lie in folders below this one."""
    return _kind(folder) is not None


def read_class_folders(folder: Path) -> tuple[dict[str, Dataset], dict[str, list[str]]]:
    """The rows of each split, with columns "text" or "image" and "label", and the folders they are from.

    Raises:
        UsageError: there is a single folder.
    """
    kind = _kind(folder) or "text"
    tops = [path for path in sorted(folder.iterdir()) if path.is_dir() and _files(path, kind)]
    by_split = all(split_of(path.name) and _has_folders(path, kind) for path in tops)
    if not by_split:
        return {"train": _read(folder, kind)}, {"train": [path.name for path in tops]}
    splits: dict[str, Dataset] = {}
    names: dict[str, list[str]] = {}
    for path in tops:
        name = split_of(path.name) or "train"
        if name in splits:
            raise UsageError(f"{folder} has two folders of the split '{name}': {names[name][0]} and {path.name}")
        splits[name], names[name] = _read(path, kind), [path.name]
    return splits, names


def _kind(folder: Path) -> str | None:
    return next((kind for kind in ("image", "text") if _has_folders(folder, kind)), None)


def _has_folders(folder: Path, kind: str) -> bool:
    return any(path.is_dir() and _files(path, kind) for path in folder.iterdir())


def _files(folder: Path, kind: str) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() in _KINDS[kind])


def _read(folder: Path, kind: str) -> Dataset:
    files = [(path, path.relative_to(folder).parts[0]) for path in _files(folder, kind)]
    files = [(path, name) for path, name in files if path.parent != folder]
    digest = hashlib.sha256()
    for path, name in files:
        digest.update(json.dumps([name, path.stat().st_size]).encode() + path.read_bytes())

    def batches() -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
        labels = [name for _, name in files]
        values: list[Any] = [_value(path, kind) for path, _ in files]
        table = table_of({kind: values, "label": labels})
        return table.schema, table.to_batches()

    rows, _ = cached(["class folders", kind, digest.hexdigest()], str(folder), batches)
    return rows


def _value(path: Path, kind: str) -> Any:
    content = path.read_bytes()
    if kind == "image":
        return {"bytes": content, "path": None}
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace").strip()
