"""A folder of data into splits: as its card says, as its files are named, or a folder a class."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.by_datasets import folder_cache, load_by_datasets
from tdd.data.choose_files import choose_files
from tdd.data.files import read_file
from tdd.data.formats.class_folders import IMAGES, holds_classes, read_class_folders
from tdd.data.formats.packed import data_suffix
from tdd.data.formats.read import Read, of_all_files
from tdd.data.join_files import join, of_one_kind
from tdd.data.split_words import split_of
from tdd.errors import TddError, UsageError
from tdd.hub.layout import RECIPE, WEIGHTS
from tdd.hub.quiet import offline, reason
from tdd.settings.data_parts import DataSettings

if TYPE_CHECKING:
    from datasets import Dataset

_ABOUT = ("README", "LICENSE", "LICENCE", "CITATION", "CHANGELOG", "NOTICE", "DATASET_INFOS")
"""Names of files that are about the others, whatever their suffix."""
_DATA = (
    *(".arrow", ".avro", ".db", ".dta", ".feather", ".h5", ".hdf5", ".ndjson", ".npy", ".npz", ".ods", ".orc"),
    *(".pickle", ".pkl", ".sav", ".sqlite", ".xls", ".xlsx", ".xml", ".yaml", ".yml", ".zip", ".zst", ".rar"),
)
"""Suffixes of files of data that are not read."""


def read_folder(folder: Path, recipe: DataSettings) -> Read:
    """The splits of a folder.

    One whose README tells of configurations, or that was written by a script, is read as `datasets` does; otherwise
    every file is read, as the split that its name speaks of, or texts and images by the folders that they lie in.

    Raises:
        UsageError: no data files, those of a run, a loading script, or no such configuration.
        TddError: a file is damaged or is not what its name says; the line names it.
    """
    if any((folder / name).is_file() for name in ("state.json", "dataset_dict.json")):
        raise UsageError(f"{folder} was written by save_to_disk: write it with to_parquet instead")
    if (folder / RECIPE).is_file() and any((folder / name).exists() for name in (WEIGHTS, "log.jsonl")):
        raise UsageError(
            f"{folder} holds a run, not data: name a data set; a run goes on by tdd distill --resume {folder}, and is "
            f"measured by tdd evaluate {folder} and tdd baselines --run {folder}"
        )
    if _is_for_datasets(folder, recipe):
        return _by_datasets(folder, recipe)
    shown = _files_below(folder)
    files = [path for path in shown if data_suffix(path) is not None and not _is_hidden(path, folder)]
    if all(data_suffix(path) == ".txt" for path in files) and holds_classes(folder):
        return read_class_folders(folder, recipe.encoding)
    if not files:
        raise UsageError(f"{folder} holds no data files that can be read (csv, tsv, jsonl or parquet)")
    read = _by_names(folder, files, recipe)
    unread = _unread(folder, [path for path in shown if path not in set(files)], read.splits)
    reading = read.reading | {"left_out_files": read.reading["left_out_files"] | unread}
    return Read(read.splits, reading, [*read.notes, *(f"{name} is left out: {why}" for name, why in unread.items())])


def _unread(folder: Path, paths: list[Path], splits: Collection[str]) -> dict[str, str]:
    """Files that are not read, with the reason: one by one, or of a kind together.

    Raises:
        UsageError: the name of one speaks of a split that no other file gives.
    """
    left_out: dict[str, str] = {}
    kinds: dict[str, list[str]] = {}
    for path in paths:
        name, parts = str(path.relative_to(folder)), path.relative_to(folder).parts
        if any(part.startswith((".", "__")) for part in parts) or path.stem.upper() in _ABOUT:
            continue
        if data_suffix(path) is not None:
            left_out[name] = "names with _ or . in front are those of hidden files"
            continue
        split = split_of(path.stem)
        if split is not None and split not in splits and path.suffix.lower() in _DATA:
            raise UsageError(
                f"{folder} has its {split} split in {name}, which cannot be read: save it as csv or parquet"
            )
        kinds.setdefault(path.suffix, []).append(name)
    for suffix, names in kinds.items():
        told = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        left_out[told] = f"files {suffix} are not read" if suffix else "it has no suffix, which tells how it is read"
    return left_out


def _is_for_datasets(folder: Path, recipe: DataSettings) -> bool:
    card = folder / "README.md"
    told = card.is_file() and re.search(r"^(configs|dataset_info):", card.read_text(errors="replace"), re.MULTILINE)
    script = (folder / f"{folder.resolve().name}.py").is_file()
    return bool(told) or script or recipe.config_name is not None or _has_metadata(folder)


def _has_metadata(folder: Path) -> bool:
    """Whether a file says what the images beside it are."""
    told = [path for path in folder.rglob("metadata.*") if path.suffix in (".csv", ".jsonl", ".parquet")]
    return any(path.suffix.lower() in IMAGES for of in told for path in of.parent.rglob("*"))


def _files_below(folder: Path) -> list[Path]:
    """All files in a folder and those below, in order.

    Raises:
        TddError: one of these cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise TddError(f"cannot read {error.filename}: {error.strerror}") from None

    found = [Path(root) / name for root, _, names in os.walk(folder, onerror=refuse) for name in names]
    return sorted(path for path in found if path.is_file() or path.is_symlink())  # nothing that would wait for a writer


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def _by_datasets(folder: Path, recipe: DataSettings) -> Read:
    import datasets

    if glob.has_magic(str(folder.resolve())):
        raise UsageError(f"{folder}: a folder with any of * ? [ in its path cannot be read; rename it")
    unpacking = datasets.DownloadConfig(force_extract=True)  # a part unpacked before an error would be reused
    try:
        with offline():
            return load_by_datasets(str(folder.resolve()), recipe, folder_cache(folder), unpacking)
    except TddError:
        raise
    except Exception as error:
        raise explain(error, str(folder), recipe.config_name, folder) from error


def _by_names(folder: Path, files: list[Path], recipe: DataSettings) -> Read:
    """Each file in the split that its name or that of its folder speaks of."""
    chosen = choose_files(folder, files)
    left_out = chosen.left_out
    splits: dict[str, Dataset] = {}
    names: dict[str, list[str]] = {}
    facts: dict[str, dict[str, Any]] = {}
    notes: list[str] = []
    for split, paths in chosen.splits.items():
        reads: dict[str, Read] = {}
        for path in paths:
            reads[str(path.relative_to(folder))] = read = read_file(path, recipe)
            if len(read.splits) > 1:
                raise UsageError(f"{path} holds splits of its own: read it alone, as data (--data {path})")
        alike, stray = of_one_kind({name: next(iter(read.splits.values())) for name, read in reads.items()}, recipe)
        left_out |= stray
        parts: dict[str, Dataset] = {}
        for name, part in alike.items():
            facts[name] = {fact: value for fact, value in reads[name].reading.items() if fact != "files"}
            notes += reads[name].notes
            parts[name] = part
        splits[split], told = join(parts)
        names[split], notes = list(parts), notes + told
    if any(len(of_split) > 1 for of_split in names.values()):
        for split, found in names.items():
            notes.append(f"{split}: {len(found)} file{'s' if len(found) > 1 else ''}, {_few(found)}")
    notes += [f"{name} is left out: {why}" for name, why in left_out.items()]
    return Read(splits, {"files": names, "left_out_files": left_out, **of_all_files(facts)}, notes)


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")


def _damaged_file(folder: Path) -> TddError | None:
    """What is wrong with the first file of data under `folder` that cannot be read; None when all can."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and data_suffix(path):
            try:
                read_file(path, DataSettings())
            except TddError as error:
                return error
    return None


def explain(error: Exception, name: str, config: str | None, folder: Path) -> TddError:
    """One line for what `datasets.load_dataset` raised on a folder or repository `name` with its files in `folder`."""
    from datasets.data_files import EmptyDatasetError
    from datasets.exceptions import DataFilesNotFoundError

    text = str(error)
    if "scripts are no longer supported" in text:
        return UsageError(
            f"{name} is a loading script, which is not run: on the Hub its data may be there as files, "
            f"with revision refs/convert/parquet (--set revision=refs/convert/parquet)"
        )
    if configs := re.search(r"BuilderConfig .* not found.*?\[(.*?)\]|available configs: \[(.*?)\]", text, re.DOTALL):
        names = (configs[1] or configs[2] or "").replace("'", "")
        wrong = f"has no configuration '{config}'" if config else "has several configurations"
        return UsageError(f"{name} {wrong}: set config_name to one of {names}")
    if isinstance(error, EmptyDatasetError | DataFilesNotFoundError):
        return UsageError(f"{name} holds no data files that can be read (csv, tsv, jsonl or parquet)")
    return _damaged_file(folder) or TddError(f"cannot read {name}: {reason(error)}")
