"""Rows of several files as one split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdd.data.usual_columns import IMAGE_COLUMNS, LABEL_COLUMNS, TEXT_COLUMNS
from tdd.settings.column_names import pair_of

if TYPE_CHECKING:
    from datasets import Dataset

    from tdd.settings.data_parts import DataSettings


def of_one_kind(parts: dict[str, Dataset], recipe: DataSettings) -> tuple[dict[str, Dataset], dict[str, str]]:
    """The files that share columns with the most telling one, and why others are left out, by their names.

    That one has columns of examples and of classes, by the recipe or with usual names; of several such it is the one
    that shares columns with most files, and then the one with the most rows.
    """
    columns = {name: set(part.column_names) for name, part in parts.items()}

    def telling(name: str) -> tuple[bool, int, int]:
        shared = sum(bool(columns[name] & other) for other in columns.values())
        return _holds_examples(columns[name], recipe), shared, len(parts[name])

    first = max(parts, key=telling)
    alike, left = {first}, [name for name in parts if name != first]
    while near := [name for name in left if any(columns[name] & columns[other] for other in alike)]:
        alike |= set(near)
        left = [name for name in left if name not in near]
    kept = {name: part for name, part in parts.items() if name in alike}
    return kept, dict.fromkeys(left, f"it has no column of {first}")


def _holds_examples(columns: set[str], recipe: DataSettings) -> bool:
    asked = recipe.image_column or recipe.text_column
    content = {asked, *(pair_of(asked) or ())} if asked else {*TEXT_COLUMNS, *IMAGE_COLUMNS}
    label = {recipe.label_column} if recipe.label_column else {*LABEL_COLUMNS}
    present = columns | {column.lower() for column in columns}
    return bool(content & present and label & present)


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
