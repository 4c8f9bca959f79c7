"""Data files into `datasets`, memory-mapped: a csv, tsv, json(l) or parquet file, or a folder of them."""

from __future__ import annotations

import glob
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.errors import TddError, UsageError
from tdd.hub.quiet import offline, reason

if TYPE_CHECKING:
    from datasets import DatasetDict


# Only an empty cell is a missing value: "None" and "NA" are words and may be classes.
_CSV = {"keep_default_na": False, "na_values": [""]}

_BUILDERS: dict[str, tuple[str, dict[str, Any]]] = {
    ".csv": ("csv", _CSV),
    ".tsv": ("csv", {**_CSV, "sep": "\t"}),
    ".jsonl": ("json", {}),
    ".json": ("json", {}),
    ".parquet": ("parquet", {}),
}

_COMPRESSED = (".gz", ".bz2", ".xz")

ACCEPTED = "a folder or a .csv, .tsv, .jsonl, .json or .parquet file (also .gz, .bz2 or .xz)"


def data_suffix(path: Path) -> str | None:
    """The suffix that tells how `path` is read, a compression's left out; None for no file of data."""
    suffix = path.with_suffix("").suffix if path.suffix.lower() in _COMPRESSED else path.suffix
    return suffix.lower() if suffix.lower() in _BUILDERS else None


def read_file(path: Path) -> DatasetDict:
    """The rows of a file, as the split "train".

    Raises:
        UsageError: a file of another kind, or without rows.
        TddError: the file is damaged or is not what its name says.
    """
    import datasets

    suffix = data_suffix(path)
    if suffix is None:
        raise UsageError(f"cannot tell how to read {path}: name {ACCEPTED}")
    builder, options = _BUILDERS[suffix]
    files = {"train": glob.escape(str(path.resolve()))}
    try:
        with offline():
            splits = datasets.load_dataset(builder, data_files=files, download_config=_unpacking(), **options)
    except Exception as error:  # datasets raises anything from StopIteration to ArrowInvalid
        if isinstance(error, StopIteration) or "corresponds to no data" in str(error) or not path.stat().st_size:
            raise UsageError(f"{path} is empty: it holds no rows") from None
        raise TddError(f"cannot read {path} as {suffix[1:]}: {reason(error)}") from error
    if not splits["train"].num_rows:
        raise UsageError(f"{path} is empty: it holds no rows")
    return splits


def read_folder(folder: Path, config: str | None) -> DatasetDict:
    """The splits of a folder laid out as a data set on the Hub: a README that names the files, or files named by split.

    Raises:
        UsageError: no data files, a loading script, or no such configuration.
        TddError: a file is damaged or is not what its name says; the line names it.
    """
    import datasets

    if glob.has_magic(str(folder.resolve())):
        raise UsageError(f"{folder}: a folder with any of * ? [ in its path cannot be read; rename it")
    try:
        with offline():
            return datasets.load_dataset(str(folder.resolve()), name=config, download_config=_unpacking())
    except Exception as error:
        raise explain(error, str(folder), config, folder) from error


def _unpacking() -> Any:
    """Unpack a compressed file that lacks the suffix at every load: a part unpacked before an error would be reused."""
    import datasets

    return datasets.DownloadConfig(force_extract=True)


def _damaged_file(folder: Path) -> TddError | None:
    """What is wrong with the first file of data under `folder` that cannot be read; None when all can."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and data_suffix(path):
            try:
                read_file(path)
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
