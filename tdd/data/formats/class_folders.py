"""A folder a class, holding a text or an image in each file, below folders of splits where there are some."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.formats.plain_text import decoded
from tdd.data.formats.read import Read, of_all_files
from tdd.data.formats.table_cache import cached, table_of
from tdd.data.split_words import split_of
from tdd.errors import UsageError
from tdd.system.formatting import counted

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_KINDS = {"text": (".txt",), "image": IMAGES}
_UNLABELLED = re.compile("unsup|unlabel", re.IGNORECASE)
_FEW = 5  # files that are named one by one


def holds_classes(folder: Path) -> bool:
    """Whether texts or images lie in folders below this one, and not as files of data in those of splits."""
    kind = _kind(folder)
    if kind != "text":
        return kind is not None
    return not all(split_of(top.name) and not _folders(top, kind) for top in _folders(folder, kind))


def read_class_folders(folder: Path, encoding: str | None) -> Read:
    """The rows of each split, with columns "text" or "image" and "label"; `encoding` of texts, None: recognised.

    Raises:
        UsageError: two folders of a split, folders of splits without folders of classes, or such among classes.
        TddError: a text is not in its encoding.
    """
    kind = _kind(folder) or "text"
    by_split, left_out = _layout(folder, kind)
    classes = {split: _folders(root, kind) for split, root in by_split.items()}
    for split, tops in classes.items():
        elsewhere = {top.name for other, found in classes.items() if other != split for top in found}
        for top in [top for top in tops if elsewhere and top.name not in elsewhere and _UNLABELLED.match(top.name)]:
            tops.remove(top)
            left_out[str(top.relative_to(folder))] = f"by its name it has no labels, and {split} alone holds it"
    rows = {split: _rows(folder, tops, kind, encoding) for split, tops in classes.items()}
    names = {
        split: [str(root.relative_to(folder))] if len(by_split) > 1 else [top.name for top in classes[split]]
        for split, root in by_split.items()
    }
    listed = sorted({top.name for tops in classes.values() for top in tops})
    told = dict.fromkeys(one for _, noted in rows.values() for one in noted.get("told", []))
    notes = [f"a folder a class: {', '.join(listed)}", *told]
    for root in by_split.values():
        left_out |= _other_files(folder, root, kind)
    encodings = {split: {"encoding": noted["encoding"]} for split, (_, noted) in rows.items() if "encoding" in noted}
    notes += [f"{name} is left out: {why}" for name, why in left_out.items()]
    reading = {"files": names, "left_out_files": left_out, **(of_all_files(encodings) if encodings else {})}
    return Read({split: found for split, (found, _) in rows.items()}, reading, notes)


def _layout(folder: Path, kind: str) -> tuple[dict[str, Path], dict[str, str]]:
    """The folder that holds those of classes, of each split, and what lies beside them, with the reason."""
    root = _inner(folder, kind)
    tops = _folders(root, kind)
    apart = [top for top in tops if split_of(top.name) and _folders(top, kind)]
    others = [top for top in tops if top not in apart]
    found: dict[str, Path] = {}
    left_out = _beside(folder, root, kind)
    # A class may be called "train": of a split are several folders, or one without other classes.
    if apart and (len(apart) > 1 or len(others) < 2 or all(split_of(top.name) for top in others)):
        for top in apart:
            split = str(split_of(top.name))
            if split in found:
                raise UsageError(f"{folder} has several folders of the split '{split}', such as {top.name}: keep one")
            found[split] = _inner(top, kind)
            left_out |= _beside(folder, found[split], kind)
        return found, left_out | {str(top.relative_to(folder)): "it holds no folders of classes" for top in others}
    inside = {inner.name for top in apart for inner in _folders(top, kind)}
    if twice := inside & {top.name for top in others}:
        raise UsageError(f"{folder} holds a class '{min(twice)}' both beside and in {apart[0].name}: keep one of them")
    if all(split_of(top.name) for top in tops):
        raise UsageError(f"{folder}: its {kind}s lie in folders of splits, but in none of classes")
    return {"train": root}, left_out


def _inner(folder: Path, kind: str) -> Path:
    """The folder below that holds those of classes: not one with a single folder, which holds them."""
    inside = _folders(folder, kind)
    while len(inside) == 1 and _folders(inside[0], kind) and (not split_of(inside[0].name) or split_of(folder.name)):
        folder, inside = inside[0], _folders(inside[0], kind)
    return folder


def _kind(folder: Path) -> str | None:
    return next((kind for kind in ("image", "text") if _folders(folder, kind)), None)


def _folders(folder: Path, kind: str) -> list[Path]:
    """The folders in `folder` with files of this kind somewhere in them."""
    return [path for path in sorted(folder.iterdir()) if path.is_dir() and _is_shown(path) and _files(path, kind)]


def _files(folder: Path, kind: str) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix.lower() in _KINDS[kind] and path.is_file())
    return sorted(path for path in found if all(map(_is_shown, [path, *path.relative_to(folder).parents])))


def _is_shown(path: Path) -> bool:
    return not path.name.startswith((".", "__"))


def _beside(folder: Path, root: Path, kind: str) -> dict[str, str]:
    """The files of this kind that lie in no folder of a class, with the reason."""
    names = [str(path.relative_to(folder)) for path in _files(root, kind) if path.parent == root]
    if len(names) > _FEW:
        names = [f"{names[0]} and {len(names) - 1} more"]
    return dict.fromkeys(names, "in no folder of a class")


def _other_files(folder: Path, root: Path, kind: str) -> dict[str, str]:
    """The folders without files of this kind, and the files of others in those of classes, with the reason."""
    left_out = {}
    for top in [path for path in sorted(root.iterdir()) if path.is_dir() and _is_shown(path)]:
        name, whole = str(top.relative_to(folder)), [path for path in top.rglob("*") if path.is_file()]
        shown = [path for path in whole if all(map(_is_shown, [path, *path.relative_to(top).parents]))]
        others = Counter(path.suffix for path in shown if path.suffix.lower() not in _KINDS[kind])
        if shown and len(shown) == others.total():
            left_out[name] = f"it holds no {kind}s that are read ({', '.join(_KINDS[kind])})"
        else:
            left_out |= {
                f"{name}/*{suffix}": f"{counted(count, 'file')} of another kind" for suffix, count in others.items()
            }
    return left_out


def _rows(folder: Path, classes: list[Path], kind: str, encoding: str | None) -> tuple[Dataset, dict[str, Any]]:
    """The rows of the folders of classes, and of texts their "encoding" and notes on it, "told"."""
    files = [(path, top.name) for top in classes for path in _files(top, kind)]
    digest = hashlib.sha256()
    for path, name in files:
        told = [name, str(path.relative_to(folder)), path.stat().st_size]
        digest.update(json.dumps(told).encode() + path.read_bytes())

    def batches() -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
        told: dict[str, Any] = {}
        values: list[Any]
        if kind == "image":
            values = [{"bytes": path.read_bytes(), "path": str(path.relative_to(folder))} for path, _ in files]
        else:
            texts, found, unusual = decoded([path for path, _ in files], encoding)
            values = [text.strip() for text in texts]
            told = {"encoding": found, "told": [f"{one} of texts that are not UTF-8" for one in unusual]}
        table = table_of({kind: values, "label": [name for _, name in files]})
        table = table.replace_schema_metadata({"tdd": json.dumps(told)})
        return table.schema, table.to_batches()

    rows, noted = cached(["class folders", kind, encoding, digest.hexdigest()], str(folder), batches)
    return rows, noted
