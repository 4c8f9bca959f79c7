"""A column of classes, whatever holds them, → class names and labels 0 … C-1."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tdd.data.columns import column_of
from tdd.data.label_column import LabelColumn, Labels, read_column
from tdd.data.several_labels import notes_on_several, refuse_several
from tdd.errors import UsageError
from tdd.system.formatting import counted

if TYPE_CHECKING:
    from datasets import Dataset

_MARKS_OF_NONE = ("null", "nan", "na", "n/a", "?")
"""Classes that a reader may have meant as no label at all."""
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Characters that nobody sees: a soft hyphen, spaces without width, a byte order mark."""
_MOST_DECIMALS = 20
"""Different decimal numbers that may still be classes, such as half stars."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


@dataclass(frozen=True)
class Classes:
    """The classes of a data set.

    Attributes:
        names: their names, C of them.
        labels: of each split, (rows,): places in `names`, -1 for a row without a label.
        notes: what a user should know about how they were read, a line each.
        named_by: the column that has their names.
    """

    names: list[str]
    labels: dict[str, Labels]
    notes: list[str]
    named_by: str


def read_labels(
    splits: Mapping[str, Dataset], column: str, keep_spelling: bool = False, unlabelled: Iterable[str] = ()
) -> Classes:
    """The classes of `column`: its values as written, in all splits alike.

    Classes are those of the training split, sorted, numbers by their value. The numbers of a ``ClassLabel`` stand for
    the names that their own split declares; other numbers are named by the column ``<column>_text`` beside them where
    it has one name for each. Empty cells and NaN are no labels.

    Args:
        splits: the rows of each split, among them "train".
        column: the column.
        keep_spelling: whether labels that differ in case, white space or Unicode form alone stay different classes, and
            cells that look like several labels each are classes.
        unlabelled: values that mark a row without a label; -1 is one too where no training example has it.

    Raises:
        UsageError: values that are no classes, out of range, several in a cell, a single class, or a class that is not
            in "train".
    """
    columns = {name: read_column(split, name, column) for name, split in splits.items()}
    declared = getattr(splits["train"].features[column], "names", None)
    marks = set(unlabelled) | ({"-1"} if "-1" not in columns["train"].counts() else set())
    notes, named_by = [], column
    for name, found in columns.items():
        if dropped := [mark for mark in found.written if mark in marks]:
            columns[name] = found.renamed({value: value for value in found.written if value not in marks})
            if name == "train" or columns[name].counts():
                notes.append(f"{_listed(dropped)} marks rows of the {name} split as unlabelled")
    if declared is None:
        if not keep_spelling:
            refuse_several(column, dict.fromkeys(name for found in columns.values() for name in found.written))
        spelled = _spellings(columns, keep_spelling)
        notes += _notes_on_spellings(spelled)
        columns = {name: found.renamed(spelled) for name, found in columns.items()}
        if named := _companion_names(splits, column, columns):
            columns = {name: found.renamed(named) for name, found in columns.items()}
            named_by = _companion(column)
    counts = columns["train"].counts()
    names = declared_order(declared, counts) if declared is not None else in_order(counts)
    _check(column, names)
    notes += _doubts(names, counts, declared) + notes_on_several(names)
    return Classes(names, {name: _labels(name, found, names) for name, found in columns.items()}, notes, named_by)


def declared_order(declared: list[str], counts: Counter[str]) -> list[str]:
    """The classes that have a training example, as they are declared."""
    return [name for name in declared if counts[name]]


def in_order(names: Iterable[str]) -> list[str]:
    """Names sorted, numbers by their value."""
    return sorted(names, key=lambda name: (0, float(name), name) if _is_number(name) else (1, 0.0, name))


def _is_number(name: str) -> bool:
    return _NUMBER.fullmatch(name) is not None


def _check(column: str, names: list[str]) -> None:
    if len(names) < 2:
        only = f"a single class, '{names[0]}'" if names else "no labels"
        raise UsageError(f"column '{column}' of the training examples holds {only}: at least two classes are needed")
    decimals = [name for name in names if _is_number(name) and not name.lstrip("+-").isdecimal()]
    if decimals and len(names) > _MOST_DECIMALS:
        raise UsageError(
            f"column '{column}' holds {len(names)} decimal numbers, not classes: choose another label_column"
        )


def _doubts(names: list[str], counts: Counter[str], declared: list[str] | None) -> list[str]:
    """Notes on classes that may be none."""
    notes = []
    if missing := [name for name in declared or [] if name not in names]:
        notes.append(f"classes without a training example were left out: {', '.join(missing)}")
    alike = [f"classes {_listed(group)} are the same number" for group in _same_numbers(names)]
    truth = {name.casefold(): name for name in names if name.casefold() in ("true", "false")}
    if truth and {"0", "1"} & set(names):
        both = [*truth.values(), *(name for name in ("0", "1") if name in names)]
        alike.append(f"classes {_listed(both)} may be two ways to write two classes")
    notes += [f"{one}: write what is one class in one way" for one in alike]
    doubtful = [name for name in names if name.casefold() in _MARKS_OF_NONE]
    if "-1" in names and "0" in names:
        doubtful.append("-1")
    for name in doubtful:
        notes.append(
            f"'{name}' is read as a class ({counts[name]:,} training rows): "
            f"if it marks rows without a label, set unlabelled: ['{name}']"
        )
    return notes


def _same_numbers(names: Iterable[str]) -> list[list[str]]:
    """Names that are different ways to write a number, as 1 and 1.0."""
    by_value: dict[float, list[str]] = {}
    for name in filter(_is_number, names):
        by_value.setdefault(float(name), []).append(name)
    return [alike for alike in by_value.values() if len(alike) > 1]


def _labels(split: str, found: LabelColumn, names: list[str]) -> Labels:
    """Places in `names`.

    Raises:
        UsageError: a class that is not among them.
    """
    for name, count in found.counts().items():
        if name not in names:
            alike = [each for each in names if _same_numbers([each, name])]
            mend = f"write it as '{alike[0]}', as train does" if alike else "remove it there, or add examples to train"
            raise UsageError(
                f"class '{name}' is in the {split} split ({counted(count, 'example')}) but has no training example: "
                f"{mend}"
            )
    places = [names.index(name) if name in names else -1 for name in found.written]
    return np.array([*places, -1], dtype=np.int64)[found.codes]


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _spellings(columns: Mapping[str, LabelColumn], keep: bool) -> dict[str, str]:
    """The name of each label as written: the most frequent spelling, in training examples first, of all alike."""
    counts = columns["train"].counts()
    written = dict.fromkeys(name for found in columns.values() for name in found.written)
    if keep:
        return {name: name for name in written}
    alike: dict[str, list[str]] = {}
    for name in written:
        alike.setdefault(_plain(name).casefold(), []).append(name)
    names = {}
    for spellings in alike.values():
        totals: Counter[str] = Counter()
        for name in spellings:
            totals[_plain(name)] += counts[name]
        best = min(totals, key=lambda name: (-totals[name], name))
        names.update(dict.fromkeys(spellings, best))
    return names


def _notes_on_spellings(spelled: Mapping[str, str]) -> list[str]:
    """What labels were made one class, a line for those that look alike."""
    changed = {old: new for old, new in spelled.items() if old != new}
    alike = {old: new for old, new in changed.items() if unicodedata.normalize("NFC", old) == new}
    seen = [f"'{old}' as '{new}'" for old, new in changed.items() if old not in alike]
    told = {
        "white space, case or invisible characters": seen,
        "Unicode form (NFC)": [f"'{new}'" for new in alike.values()],
    }
    return [
        f"labels that differ in {what} alone are one class, {', '.join(sorted(found)[:3])}"
        f"{' ...' if len(found) > 3 else ''}: keep_labels: true keeps them apart"
        for what, found in told.items()
        if found
    ]


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).translate(_INVISIBLE).split())


def _companion(column: str) -> str:
    """The column beside a column of numbers that names them."""
    return f"{column}_text"


def _companion_names(
    splits: Mapping[str, Dataset], column: str, columns: Mapping[str, LabelColumn]
) -> dict[str, str] | None:
    """The name of each number by the column ``<column>_text`` of the training split; None where there is none."""
    import pyarrow as pa

    companion, found = _companion(column), columns["train"]
    if companion not in splits["train"].column_names or not all(name.isdecimal() for name in found.counts()):
        return None
    values: Any = pa.array([None if code < 0 else found.written[code] for code in found.codes.tolist()])
    pairs = pa.table({"value": values, "name": column_of(splits["train"], companion)})
    distinct = pairs.group_by(["value", "name"]).aggregate([]).to_pylist()
    named = {pair["value"]: str(pair["name"]) for pair in distinct if pair["value"] is not None}
    one_to_one = len(named) == len(set(named.values())) == sum(pair["value"] is not None for pair in distinct)
    if not one_to_one:
        return None
    return {name: named.get(name, name) for found in columns.values() for name in found.written}
