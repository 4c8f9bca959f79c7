"""Rows of several files as one split."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset


def join(parts: dict[str, Dataset]) -> tuple[Dataset, list[str]]:
    """The rows of all files, by their names, and notes on columns that some of them lack.

    The columns are those of any of them, missing values where one lacks it, and text where their types differ.
    """
    import datasets

    columns = list(dict.fromkeys(column for part in parts.values() for column in part.column_names))
    different = [
        column
        for column in columns
        if len({str(part.features[column]) for part in parts.values() if column in part.column_names}) > 1
    ]
    notes = []
    for name, part in parts.items():
        if missing := [column for column in columns if column not in part.column_names]:
            notes.append(f"{name} has no column {', '.join(missing)}, which others of its split have")
    joined = [
        _as_text(part, [column for column in different if column in part.column_names]) for part in parts.values()
    ]
    return (joined[0] if len(joined) == 1 else datasets.concatenate_datasets(joined)), notes


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
