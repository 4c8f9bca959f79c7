"""Data sets as `datasets` finds them, on the Hub or by a card, with every column of csv as text."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.data.formats.delimited import WRITTEN, check_header, facts_of
from tdd.data.formats.dialect import Dialect, recognise
from tdd.data.formats.plain_text import plain_text
from tdd.data.formats.read import Read
from tdd.data.formats.table_cache import checksum

if TYPE_CHECKING:
    from datasets import DatasetBuilder, DownloadConfig

    from tdd.settings.data_parts import DataSettings


def csv_cache(recipe: DataSettings) -> Path:
    """Where csv read as text is kept, apart from what `datasets` makes of the same files, and by how it is read."""
    import datasets

    folder = Path(datasets.config.HF_DATASETS_CACHE) / "tdd" / "csv"
    given = [recipe.encoding, recipe.delimiter, recipe.quote, recipe.no_header]
    return folder / hashlib.sha256(json.dumps(given).encode()).hexdigest()[:32] if any(given) else folder


def folder_cache(folder: Path) -> Path:
    """Where the rows of a local folder are kept: by what it holds, as `datasets` tells folders apart by name alone."""
    import datasets

    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(json.dumps([str(path.relative_to(folder)), checksum(path)]).encode())
    return Path(datasets.config.HF_DATASETS_CACHE) / "tdd" / "folders" / digest.hexdigest()[:32]


def load_by_datasets(
    path: str, recipe: DataSettings, kept: Path | None = None, download: DownloadConfig | None = None, **how: Any
) -> Read:
    """The splits of a folder or repository.

    `datasets` takes the types of csv from the first 10,000 rows, so that 007 becomes 7 and a column of True and False
    cannot hold another word later. Here its columns are text and only an empty cell is a missing value; classes that
    a card declares are kept. How it is written is recognised as for other files, unless the card says it.

    Args:
        path: as for `datasets.load_dataset`.
        recipe: the configuration, and how delimited text is written, where that is given.
        kept: where the rows are kept; None: the cache of `datasets`, and `csv_cache` for csv.
        download: how files are fetched and unpacked.
        how: more arguments of `datasets.load_dataset_builder`.

    Raises:
        Exception: anything that `datasets` raises.
    """
    import datasets
    from datasets.packaged_modules.csv.csv import Csv

    how |= {"path": path, "name": recipe.config_name, "download_config": download}
    builder = datasets.load_dataset_builder(**how, cache_dir=kept and str(kept))
    facts: dict[str, Any] = {}
    if isinstance(builder, Csv):
        given = csv_cache(recipe) if kept is None else kept / csv_cache(recipe).name
        builder = datasets.load_dataset_builder(**how, cache_dir=str(given))
        facts = _read_as_text(builder, recipe, download)
    builder.download_and_prepare(download_config=download)
    notes = [f"{facts['file']}: {facts['told']}"] if facts.get("told") else []
    return Read(dict(builder.as_dataset()), {name: facts[name] for name in WRITTEN if name in facts}, notes)


def _read_as_text(builder: DatasetBuilder, recipe: DataSettings, download: DownloadConfig | None) -> dict[str, Any]:
    """Set how csv is read, by the first file; how that is written, and its name as "file"."""
    import datasets
    import pandas as pd

    config: Any = builder.config
    config.keep_default_na, config.na_values = False, [""]
    first = str(next(files[0] for files in config.data_files.values() if files))
    local = Path(datasets.DownloadManager(download_config=download).download_and_extract(first))
    facts: dict[str, Any] = {}
    if not _is_told(config):
        data, encoding = plain_text(local, recipe.encoding)
        name = Path(first.rpartition("/")[2])  # not that of the copy in the cache
        dialect = recognise(name, data, recipe.delimiter, recipe.quote, recipe.no_header, config.sep)
        check_header(name, dialect, recipe)
        _set_dialect(config, dialect, encoding)
        facts = facts_of(dialect, encoding) | {"file": name.name}
    columns = pd.read_csv(local, **config.pd_read_csv_kwargs | {"chunksize": None, "nrows": 0}).columns
    declared = builder.info.features or {}
    text = datasets.Value("string")
    features = {
        column: declared[column] if isinstance(declared.get(column), datasets.ClassLabel) else text
        for column in map(str, columns)
    }
    config.features = builder.info.features = datasets.Features(features)
    return facts


def _is_told(config: Any) -> bool:
    """Whether a card says how its csv is written."""
    usual = type(config)()
    names = ("header", "names", "quotechar", "quoting", "escapechar", "encoding", "skiprows", "usecols")
    return config.sep not in (",", "\t") or any(getattr(config, name) != getattr(usual, name) for name in names)


def _set_dialect(config: Any, dialect: Dialect, encoding: str) -> None:
    """How pandas reads csv, by its dialect."""
    config.sep, config.encoding = dialect.delimiter, encoding
    if dialect.quote:
        config.quotechar = dialect.quote
    else:
        config.quoting = 3  # csv.QUOTE_NONE
    if dialect.escaped:
        config.escapechar, config.doublequote = "\\", False
    if not dialect.has_header:
        config.header, config.names = None, list(dialect.header)
