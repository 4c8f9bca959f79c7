"""A folder of data into splits: as its card says, as its files are named, or a folder a class."""

from __future__ import annotations

import glob
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.files import data_suffix, read_file
from tdd.data.formats.class_folders import holds_classes, read_class_folders
from tdd.data.formats.read import Read
from tdd.data.split_words import is_split, split_of
from tdd.errors import TddError, UsageError
from tdd.hub.quiet import offline, reason
from tdd.settings.data_parts import DataSettings

if TYPE_CHECKING:
    from datasets import Dataset


def read_folder(folder: Path, recipe: DataSettings) -> Read:
    """The splits of a folder.

    One whose README tells of configurations, or that was written by a script, is read as `datasets` does; otherwise
    every file is read, as the split that its name speaks of, or texts and images by the folders that they lie in.

    Raises:
        UsageError: no data files, a loading script, or no such configuration.
        TddError: a file is damaged or is not what its name says; the line names it.
    """
    if _is_for_datasets(folder, recipe):
        return _by_datasets(folder, recipe.config_name)
    files = [path for path in sorted(folder.rglob("*")) if _is_data(path, folder)]
    if not [path for path in files if data_suffix(path) != ".txt"] and holds_classes(folder):
        splits, names = read_class_folders(folder)
        return Read(splits, {"files": names}, [f"a folder a class: {', '.join(_classes(splits))}"])
    if not files:
        raise UsageError(f"{folder} holds no data files that can be read (csv, tsv, jsonl or parquet)")
    return _by_names(folder, files, recipe)


def _is_for_datasets(folder: Path, recipe: DataSettings) -> bool:
    card = folder / "README.md"
    configured = card.is_file() and re.search(r"^configs:", card.read_text(errors="replace"), re.MULTILINE)
    script = (folder / f"{folder.resolve().name}.py").is_file()
    return bool(configured) or script or recipe.config_name is not None or (folder / "state.json").is_file()


def _is_data(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    return path.is_file() and not hidden and data_suffix(path) is not None


def _classes(splits: dict[str, Dataset]) -> list[str]:
    return sorted(set(splits["train" if "train" in splits else next(iter(splits))]["label"]))


def _by_datasets(folder: Path, config: str | None) -> Read:
    import datasets

    if glob.has_magic(str(folder.resolve())):
        raise UsageError(f"{folder}: a folder with any of * ? [ in its path cannot be read; rename it")
    unpacking = datasets.DownloadConfig(force_extract=True)  # a part unpacked before an error would be reused
    try:
        with offline():
            return Read(dict(datasets.load_dataset(str(folder.resolve()), name=config, download_config=unpacking)))
    except Exception as error:
        raise explain(error, str(folder), config, folder) from error


def _by_names(folder: Path, files: list[Path], recipe: DataSettings) -> Read:
    """The files of the most frequent kind, each in the split that its name or that of its folder speaks of."""
    kinds = Counter(data_suffix(path) for path in files if data_suffix(path) != ".txt" or _are_all_text(files))
    kind = kinds.most_common(1)[0][0]
    left_out: dict[str, str] = {}
    chosen: dict[str, list[Path]] = defaultdict(list)
    named_apart = any(is_split(_stem(path)) for path in files if data_suffix(path) == kind)
    for path in files:
        name = str(path.relative_to(folder))
        split = split_of(_stem(path)) or split_of(" ".join(path.relative_to(folder).parts[:-1]))
        if data_suffix(path) != kind:
            left_out[name] = f"the other files are {kind}"
        elif split is None and named_apart:
            left_out[name] = "its name speaks of no split"
        else:
            chosen[split or "train"].append(path)
    splits: dict[str, Dataset] = {}
    names: dict[str, list[str]] = {}
    facts: list[dict[str, Any]] = []
    notes: list[str] = []
    for split, paths in chosen.items():
        parts: list[Dataset] = []
        read_paths = []
        for path in paths:
            read = read_file(path, recipe)
            if len(read.splits) > 1:
                raise UsageError(f"{path} holds splits of its own: read it alone, with --data {path}")
            facts.append({name: value for name, value in read.reading.items() if name != "files"})
            notes += read.notes
            (part,) = read.splits.values()
            if parts and not set(parts[0].column_names) & set(part.column_names):
                left_out[str(path.relative_to(folder))] = f"it has no column of {paths[0].name}"
                continue
            parts.append(part)
            read_paths.append(str(path.relative_to(folder)))
        splits[split], names[split] = _together(parts), read_paths
    if any(len(of_split) > 1 for of_split in names.values()):
        for split, found in names.items():
            notes.append(f"{split}: {len(found)} file{'s' if len(found) > 1 else ''}, {_few(found)}")
    notes += [f"{name} is left out: {why}" for name, why in left_out.items()]
    same = facts[0] if all(fact == facts[0] for fact in facts) else {}
    return Read(splits, {"files": names, "left_out_files": left_out, **same}, notes)


def _are_all_text(files: list[Path]) -> bool:
    return all(data_suffix(path) == ".txt" for path in files)


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")


def _together(parts: list[Dataset]) -> Dataset:
    """The rows of several files: the columns that all have, as text where their types differ."""
    import datasets

    if len(parts) == 1:
        return parts[0]
    shared = [name for name in parts[0].column_names if all(name in part.column_names for part in parts)]
    parts = [part.select_columns(shared) for part in parts]
    different = [name for name in shared if len({str(part.features[name]) for part in parts}) > 1]
    return datasets.concatenate_datasets([_as_text(part, different) for part in parts])


def _as_text(part: Dataset, columns: list[str]) -> Dataset:
    import datasets

    for column in columns:
        feature = part.features[column]
        if isinstance(feature, datasets.ClassLabel):
            written = [None if value is None or value < 0 else feature.names[value] for value in part[column]]
            part = part.remove_columns(column).add_column(column, written)
        else:
            part = part.cast_column(column, datasets.Value("string"))
    return part


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
            f"with --set revision=refs/convert/parquet"
        )
    if configs := re.search(r"BuilderConfig .* not found.*?\[(.*?)\]|available configs: \[(.*?)\]", text, re.DOTALL):
        names = (configs[1] or configs[2] or "").replace("'", "")
        wrong = f"has no configuration '{config}'" if config else "has several configurations"
        return UsageError(f"{name} {wrong}: set config_name to one of {names}")
    if "load_from_disk" in text:
        return UsageError(f"{name} was written by save_to_disk: write it with to_parquet instead")
    if isinstance(error, EmptyDatasetError | DataFilesNotFoundError):
        return UsageError(f"{name} holds no data files that can be read (csv, tsv, jsonl or parquet)")
    return _damaged_file(folder) or TddError(f"cannot read {name}: {reason(error)}")
