"""csv of the Hub and below a card: each file read by itself, as it is written, with the classes of the card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.formats.delimited import WRITTEN, read_delimited
from tdd.data.formats.read import Read, of_all_files
from tdd.data.formats.table_cache import cached_before
from tdd.data.join_files import join
from tdd.errors import TddError, UsageError
from tdd.settings.data_parts import DataSettings
from tdd.system.files import read_json, write_json

if TYPE_CHECKING:
    from datasets import Dataset, DatasetBuilder, DownloadConfig

_BY_PANDAS = ("header", "names", "quoting", "escapechar", "skiprows", "usecols")
"""What a card may say of its csv that `datasets` alone understands."""


def is_plain(config: Any) -> bool:
    """Whether a card says no more of its csv than separator, quote and encoding."""
    usual = type(config)()
    return all(getattr(config, name) == getattr(usual, name) for name in _BY_PANDAS)


def read_csv_files(
    builder: DatasetBuilder, recipe: DataSettings, download: DownloadConfig | None, of: tuple[str, str] | None
) -> Read:
    """The splits of a builder of csv, every column as text.

    What the recipe says of how they are written counts, then what the card says; all else is recognised, file by file.

    Args:
        builder: of `datasets`.
        recipe: how the files are written, where that is given.
        download: how files are fetched and unpacked.
        of: repository and commit, to be found again when the Hub cannot be reached; None: a folder.

    Raises:
        UsageError: see `read_delimited`, or a label is none of the classes that the card declares.
        TddError: a file is damaged.
    """
    import datasets

    config: Any = builder.config
    told = {
        "delimiter": recipe.delimiter or (config.sep if config.sep not in (",", "\t") else None),
        "encoding": recipe.encoding or config.encoding,
        "quote": recipe.quote or ("single" if config.quotechar == "'" else None),
    }
    told_recipe = recipe.model_copy(update=told)
    manager = datasets.DownloadManager(download_config=download)
    files: dict[str, dict[str, str]] = {}  # of each split: fingerprints by names
    facts: dict[str, dict[str, Any]] = {}
    notes: list[str] = []
    for of_split, paths in config.data_files.items():
        split = str(of_split)
        files[split] = {}
        for path in map(str, paths):
            local, name = Path(manager.download_and_extract(path)), path.rpartition("/")[2]
            try:
                read = read_delimited(local, ".tsv" if config.sep == "\t" else ".csv", told_recipe)
            except TddError as error:  # told by the file's name, not by that of its copy in the cache
                raise type(error)(str(error).replace(str(local), name)) from None
            files[split][name] = read.splits["train"]._fingerprint
            facts[name] = {fact: read.reading[fact] for fact in WRITTEN}
            notes += [note.replace(local.name, name) for note in read.notes]
    reading = of_all_files(facts)
    reading["files"] = {split: list(named) for split, named in files.items()}
    declared = {
        column: list(feature.names)
        for column, feature in (builder.info.features or {}).items()
        if isinstance(feature, datasets.ClassLabel)
    }
    splits, told_of_columns = _joined(files, declared, config.name)
    notes += told_of_columns
    if of is not None:
        record = {"commit": of[1], "config": config.name, "files": files, "classes": declared}
        write_json(_record(of[0], recipe), record | {"reading": reading, "notes": notes})
    return Read(splits, reading, notes)


def kept_before(repo: str, recipe: DataSettings) -> tuple[Read, str] | None:
    """What `read_csv_files` last gave of a repository, and its commit; None: it never did, or that is gone."""
    path = _record(repo, recipe)
    if not path.is_file():
        return None
    kept = read_json(path)
    declared = {column: names for column, names in kept["classes"].items()}
    try:
        splits, _ = _joined(kept["files"], declared, kept["config"])
    except OSError:
        return None
    return Read(splits, kept["reading"], kept["notes"]), kept["commit"]


def _record(repo: str, recipe: DataSettings) -> Path:
    """The file that says where the rows of a repository lie in the cache, for when it cannot be reached."""
    import datasets

    given = [repo, recipe.config_name, recipe.encoding, recipe.delimiter, recipe.quote, recipe.no_header]
    name = hashlib.sha256(json.dumps(given).encode()).hexdigest()[:32]
    return Path(datasets.config.HF_DATASETS_CACHE) / "tdd" / "csv" / f"{name}.json"


def _joined(
    files: Mapping[str, Mapping[str, str]], declared: Mapping[str, list[str]], config: str
) -> tuple[dict[str, Dataset], list[str]]:
    """The rows of each split's files, by their fingerprints, with the classes that a card declares of columns."""
    splits: dict[str, Dataset] = {}
    notes: list[str] = []
    for split, named in files.items():
        rows, told = join({name: cached_before(fingerprint)[0] for name, fingerprint in named.items()})
        splits[split], notes = _with_classes(rows, declared), notes + told
        splits[split].info.config_name = config
    return splits, notes


def _with_classes(rows: Dataset, declared: Mapping[str, list[str]]) -> Dataset:
    """The rows with the classes of a card, which its files name or number."""
    import datasets

    order = rows.column_names
    for column, names in declared.items():
        if column not in order:
            continue
        numbers = {str(number): number for number in range(len(names))}
        numbers |= {name: number for number, name in enumerate(names)}
        values = []
        for value in rows[column]:
            if value is not None and value not in numbers:
                shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
                raise UsageError(f"'{value}' in column '{column}' is none of the classes of the card: {shown}")
            values.append(None if value is None else numbers[value])
        rows = rows.remove_columns(column).add_column(column, values)
        rows = rows.cast_column(column, datasets.ClassLabel(names=names))
    return rows.select_columns(order)
