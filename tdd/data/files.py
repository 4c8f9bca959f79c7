"""A file of data, of any accepted kind, into splits that are mapped into memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tdd.data.formats.delimited import USUAL, read_delimited
from tdd.data.formats.dialect import DELIMITERS, has_separator
from tdd.data.formats.fasttext_lines import holds_labels, read_fasttext
from tdd.data.formats.json_files import read_json, read_json_lines
from tdd.data.formats.packed import data_suffix
from tdd.data.formats.parquet import read_parquet
from tdd.data.formats.plain_text import plain_text
from tdd.data.formats.read import Read
from tdd.errors import TddError, UsageError

if TYPE_CHECKING:
    from tdd.settings.data_parts import DataSettings


ACCEPTED = "a folder or a .csv, .tsv, .txt, .jsonl, .json or .parquet file (also .gz, .bz2 or .xz)"


def read_file(path: Path, recipe: DataSettings) -> Read:
    """The rows of a file, as the split "train" unless it holds splits itself.

    Raises:
        UsageError: a file of another kind, or without rows.
        TddError: the file is damaged or is not what its name says.
    """
    suffix = data_suffix(path)
    if suffix is None:
        raise UsageError(f"cannot tell how to read {path}: name {ACCEPTED}")
    try:
        empty = not path.stat().st_size
    except OSError as error:
        raise TddError(f"cannot read {path}: {error.strerror or error}") from None
    if empty:
        raise UsageError(f"{path} is empty: it holds no rows")
    _check_settings(path, suffix, recipe)
    read = _read(path, suffix, recipe)
    if not any(len(split) for split in read.splits.values()):
        raise UsageError(f"{path} is empty: it holds no rows")
    return Read(read.splits, {"files": {name: [path.name] for name in read.splits}, **read.reading}, read.notes)


def _check_settings(path: Path, suffix: str, recipe: DataSettings) -> None:
    """Raise UsageError where a setting says how a file of another kind is written."""
    kind = "text" if suffix == ".parquet" else "delimited text"
    settings = [*(["encoding"] if suffix == ".parquet" else []), "delimiter", "quote", "no_header"]
    for name in settings if suffix not in USUAL else []:
        if getattr(recipe, name):
            raise UsageError(
                f"{path} is no {kind}, and {name} (--{name.replace('_', '-')}) is set: leave that out for it"
            )


def _read(path: Path, suffix: str, recipe: DataSettings) -> Read:
    if suffix in (".txt", ".ft") and recipe.delimiter is None and holds_labels(path, recipe.encoding):
        return read_fasttext(path, recipe.encoding)
    if suffix == ".jsonl":
        return read_json_lines(path, recipe.encoding)
    if suffix == ".json":
        return read_json(path, recipe.encoding)
    if suffix == ".parquet":
        return read_parquet(path)
    if suffix not in USUAL:
        raise UsageError(f"cannot tell how to read {path}: no label __label__ stands in its first lines, as fastText's")
    if suffix == ".txt" and recipe.delimiter is None and not has_separator(plain_text(path, recipe.encoding)[0]):
        listed = ", ".join(repr(one) for one in DELIMITERS)
        raise UsageError(
            f"cannot tell how to read {path}: its lines hold none of the separators {listed}; name theirs with "
            f"delimiter (--delimiter), and set no_header (--no-header) where the first line is one of data"
        )
    return read_delimited(path, suffix, recipe)
