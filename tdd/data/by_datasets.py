"""Data sets as `datasets` finds them, on the Hub or by a card, with every column of csv as text."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.csv_files import is_plain, read_csv_files
from tdd.data.formats.read import Read
from tdd.data.formats.table_cache import checksum

if TYPE_CHECKING:
    from datasets import DatasetBuilder, DownloadConfig

    from tdd.settings.data_parts import DataSettings


_NAMED = 100  # files of a split


def csv_cache() -> Path:
    """Where csv read as text is kept, apart from what `datasets` makes of the same files."""
    import datasets

    return Path(datasets.config.HF_DATASETS_CACHE) / "tdd" / "csv"


def folder_cache(folder: Path) -> Path:
    """Where the rows of a local folder are kept: by what it holds, as `datasets` tells folders apart by name alone."""
    import datasets

    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(json.dumps([str(path.relative_to(folder)), checksum(path)]).encode())
    return Path(datasets.config.HF_DATASETS_CACHE) / "tdd" / "folders" / digest.hexdigest()[:32]


def load_by_datasets(
    path: str,
    recipe: DataSettings,
    kept: Path | None = None,
    download: DownloadConfig | None = None,
    of: tuple[str, str] | None = None,
    **how: Any,
) -> Read:
    """The splits of a folder or repository.

    `datasets` takes the types of csv from the first 10,000 rows, so that 007 becomes 7 and a column of True and False
    cannot hold another word later, and all files as written alike. Here each is read as other files are, its columns as
    text, of which only an empty cell is a missing value; classes that a card declares are kept. A card that says more
    of its csv than separator, quote and encoding is left to `datasets`, columns as text.

    Args:
        path: as for `datasets.load_dataset`.
        recipe: the configuration, and how delimited text is written, where that is given.
        kept: where the rows are kept; None: the cache of `datasets`, and `csv_cache` for csv.
        download: how files are fetched and unpacked.
        of: repository and commit; None: a folder.
        how: more arguments of `datasets.load_dataset_builder`.

    Raises:
        Exception: anything that `datasets` raises.
    """
    import datasets
    from datasets.packaged_modules.csv.csv import Csv

    how |= {"path": path, "name": recipe.config_name, "download_config": download}
    builder = datasets.load_dataset_builder(**how, cache_dir=kept and str(kept))
    if isinstance(builder, Csv):
        if is_plain(builder.config):
            return read_csv_files(builder, recipe, download, of)
        if kept is None:
            builder = datasets.load_dataset_builder(**how, cache_dir=str(csv_cache()))
        _read_as_text(builder, download)
    builder.download_and_prepare(download_config=download)
    return Read(dict(builder.as_dataset()), {"files": _names(builder)})


def _names(builder: DatasetBuilder) -> dict[str, list[str]]:
    """Names of the files of each split; of many, as where each image is one, the first."""
    files = {str(split): [str(path) for path in paths] for split, paths in (builder.config.data_files or {}).items()}
    more = {split: [f"and {len(paths) - _NAMED:,} more"] for split, paths in files.items() if len(paths) > _NAMED}
    return {
        split: [path.rpartition("/")[2] for path in paths[:_NAMED]] + more.get(split, [])
        for split, paths in files.items()
    }


def _read_as_text(builder: DatasetBuilder, download: DownloadConfig | None) -> None:
    import datasets
    import pandas as pd

    config: Any = builder.config
    config.keep_default_na, config.na_values = False, [""]
    first = next(files[0] for files in config.data_files.values() if files)
    local = datasets.DownloadManager(download_config=download).download_and_extract(first)
    columns = pd.read_csv(local, **config.pd_read_csv_kwargs | {"chunksize": None, "nrows": 0}).columns
    declared = builder.info.features or {}
    text = datasets.Value("string")
    features = {
        column: declared[column] if isinstance(declared.get(column), datasets.ClassLabel) else text
        for column in map(str, columns)
    }
    config.features = builder.info.features = datasets.Features(features)
