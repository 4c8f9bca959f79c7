"""Which files of a folder are read, and as which splits: by their names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tdd.data.formats.packed import COMPRESSED, data_suffix
from tdd.data.split_words import rank, split_of

_TEXT = (".txt", ".ft")


@dataclass(frozen=True)
class Chosen:
    """The files of each split, and why others are left out, by their names in the folder."""

    splits: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Named:
    """A file with the split that its name or that of its folder speaks of; `rank`: see `split_words.rank`."""

    path: Path
    split: str | None
    rank: int | None


def choose_files(folder: Path, files: list[Path]) -> Chosen:
    """Every file as a part of the split that its name speaks of.

    Of a split that a file is called by alone, such as ``test.csv``, others are left out: beside it they hold its texts
    without their labels, or more of them. Files that speak of no split are the training split, unless one that does has
    it and others are for testing: they may hold those too.
    """
    chosen = Chosen()

    def leave_out(path: Path, why: str) -> None:
        chosen.left_out[str(path.relative_to(folder))] = why

    named = []
    for path in _worth_reading(files, leave_out):
        names = [_stem(path), *reversed(path.relative_to(folder).parts[:-1])]
        telling = next((name for name in names if split_of(name)), "")
        named.append(_Named(path, split_of(telling), rank(telling)))
    found = {one.split for one in named}
    is_train_called = any(one.split == "train" and one.rank is not None for one in named)
    for one in named:
        of_split = [other for other in named if other.split == one.split]
        best = min((other.rank for other in of_split if other.rank is not None), default=None)
        if one.split is None and "train" in found and (is_train_called or len(found) > 2):
            leave_out(one.path, "its name speaks of no split")
        elif one.rank != best:
            called = next(other.path for other in of_split if other.rank == best)
            leave_out(one.path, f"{called.relative_to(folder)} is the {one.split} split by its name")
        else:
            chosen.splits[one.split or "train"].append(one.path)
    return chosen


def _worth_reading(files: list[Path], leave_out: Callable[[Path, str], None]) -> list[Path]:
    """Tables rather than plain text, one of those that differ in kind alone, and of a rarer kind those of splits."""
    kinds = Counter(data_suffix(path) for path in files)
    tables = [path for path in files if data_suffix(path) not in _TEXT] or files
    told = Counter(data_suffix(path) for path in tables if split_of(_stem(path)))
    usual = max((data_suffix(path) for path in tables), key=lambda kind: (told[kind], kinds[kind]))
    read: dict[tuple[Path, str], Path] = {}
    worth = [path for path in tables if data_suffix(path) == usual or split_of(_stem(path))]
    others = " and ".join(sorted({str(data_suffix(path)) for path in worth}))
    for path in sorted(files, key=lambda path: (path not in tables, -kinds[data_suffix(path)])):
        if path not in worth:
            leave_out(path, f"the other files are {others}")
        elif (first := read.setdefault((path.parent, _stem(path)), path)) != path:
            leave_out(path, f"{first.name} is read in its place")
    return sorted(read.values())


def _stem(path: Path) -> str:
    return (path.with_suffix("") if path.suffix.lower() in COMPRESSED else path).stem
