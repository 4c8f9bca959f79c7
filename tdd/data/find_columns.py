"""The columns of a data set that hold its examples and their classes, found by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tdd.data.columns import column_of
from tdd.data.images import ImageEncoder, holds_images, notes_on_images
from tdd.data.protocols import Encoder
from tdd.data.text_encoder import TextEncoder
from tdd.data.usual_columns import IMAGE_COLUMNS, LABEL_COLUMNS, TEXT_COLUMNS
from tdd.errors import UsageError
from tdd.settings.column_names import BETWEEN, pair_of
from tdd.settings.recipe import Recipe

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from tdd.data.known import Known
    from tdd.embeddings.protocol import Embedding


_SAMPLED = 10_000  # rows that tell what a column holds
_MOST_CLASSES = 200
_LEAST_IN_A_CLASS = 3  # rows, on average
_LONGEST_LABEL = 40  # characters, on average


@dataclass(frozen=True)
class Columns:
    """The columns that are read.

    Attributes:
        encoder: of the column of texts or images.
        label: the column of classes.
        notes: which were taken and which others could have been, where nobody chose, a line each.
    """

    encoder: Encoder
    label: str
    notes: list[str]


def find_columns(recipe: Recipe, known: Known | None, split: Dataset, vectors: Embedding | None) -> Columns:
    """The columns of texts or images and of classes.

    They are those that are set, else those `known` for the data set, else the first with a usual name.

    Raises:
        UsageError: there is none, it holds something else, or both are one column.
    """
    present = split.column_names
    by_lower = {column.lower(): column for column in reversed(present)}

    def usual(names: tuple[str, ...]) -> list[str]:
        return [by_lower[name] for name in names if name in by_lower]

    def find(setting: str, asked: str | None, names: tuple[str, ...]) -> str:
        column = asked or next(iter(usual(names)), None)
        if column is None and all(name.isdecimal() for name in present):  # numbered ones have no usual names
            likely = _like_labels(split) if setting == "label_column" else _like_texts(split)
            column = likely[0] if len(likely) == 1 else None
        if column is not None and column in present:
            return column
        what = f"there is no column '{asked}'" if asked else f"no column has a usual name of a {setting[:-7]} column"
        likely = _like_labels(split) if setting == "label_column" else []
        if len(likely) > 1 and not asked and all(_is_yes_or_no(split, column) for column in likely):
            what += f"; several labels an example are not supported, choose one: {', '.join(likely)}"
        texts = _of_several_words(split) if setting == "text_column" and not asked else []
        pairs = f", or to {BETWEEN.join(texts[:2])} to read pairs" if len(texts) > 1 else ""
        raise UsageError(f"{what}: set {setting} to one of {_listed(present)}{pairs}")

    image, text = recipe.image_column, recipe.text_column
    if known and not (image or text):
        image, text = known.image, known.text
    if not (image or text):
        image = next((column for column in usual(IMAGE_COLUMNS) if holds_images(split, column)), None)
    pair = None if image else pair_of(text, present)
    for column in pair or ():
        find("text_column", column, ())
    if pair and pair[0] == pair[1]:
        raise UsageError(f"text_column names '{pair[0]}' twice: a pair needs two columns; set it to {pair[0]} alone")
    content = find("image_column", image, ()) if image else pair[0] if pair else find("text_column", text, TEXT_COLUMNS)
    contents = list(pair or [content])
    asked = recipe.label_column or (known.label if known else None)
    label = find("label_column", asked, LABEL_COLUMNS)
    if label in contents:
        raise UsageError(
            f"column '{label}' cannot be both {'image' if image else 'text'} and label: set "
            f"{'image' if image else 'text'}_column or label_column to another one of {_listed(present)}"
        )
    for column in contents:
        if not (holds_images(split, column) if image else _holds_text(split, column)):
            kind = getattr(split.features[column], "dtype", None) or "lists"
            setting, wanted = ("image_column", "images") if image else ("text_column", "text")
            raise UsageError(
                f"column '{column}' holds {kind}, not {wanted}: set {setting} to one of {_listed(present)}"
            )
    notes = []
    if not asked and (others := [column for column in _like_labels(split) if column not in (label, *contents)]):
        notes.append(f"label column '{label}'; {_listed(others)} could be it too: choose with label_column")
    if not (image or text) and (others := [column for column in _like_texts(split) if column not in (label, content)]):
        notes.append(
            f"text column '{content}'; {_listed(others)} holds text too: choose with text_column, "
            f"or read pairs with text_column {BETWEEN.join([content, others[0]])}"
        )
    if image:
        return Columns(ImageEncoder(content), label, notes + notes_on_images(split, content))
    if vectors is None:
        from tdd.embeddings.load import load_embedding

        vectors = load_embedding(recipe.vectors, recipe.tokenizer, pair is not None)
    at_least = max(recipe.options.least_length, recipe.sample_length or 1)
    return Columns(TextEncoder(contents, vectors, recipe.max_length, at_least), label, notes)


def _listed(columns: list[str]) -> str:
    """Names of columns, in quotes where they could be misread."""
    return ", ".join(column if column.strip() == column and "," not in column else f"'{column}'" for column in columns)


def _holds_text(split: Dataset, column: str) -> bool:
    return getattr(split.features[column], "dtype", None) in ("string", "large_string", "null")


def _like_labels(split: Dataset) -> list[str]:
    """Columns of few different short values, but for the names beside a column of numbers."""
    some = split.select(range(min(len(split), _SAMPLED)))
    companions = {f"{column}_text" for column in split.column_names}
    return [column for column in split.column_names if column not in companions and _is_like_labels(some, column)]


def _is_like_labels(some: Dataset, column: str) -> bool:
    import pyarrow.compute as pc

    if getattr(some.features[column], "dtype", None) not in ("string", "large_string", "int64", "int32", "bool"):
        return False
    values = column_of(some, column).drop_null()
    count = pc.count_distinct(values).as_py()
    few = 2 <= count <= min(_MOST_CLASSES, len(values) // _LEAST_IN_A_CLASS)
    return few and _mean_length(values) <= _LONGEST_LABEL


def _is_yes_or_no(split: Dataset, column: str) -> bool:
    some = column_of(split.select(range(min(len(split), _SAMPLED))), column)
    return {str(value) for value in some.unique().to_pylist()} <= {"0", "1", "True", "False"}


def _like_texts(split: Dataset) -> list[str]:
    """Columns of text of several words each, but for those of few different ones."""
    labels = _like_labels(split)
    return [column for column in _of_several_words(split) if column not in labels]


def _of_several_words(split: Dataset) -> list[str]:
    some = split.select(range(min(len(split), _SAMPLED)))
    return [column for column in split.column_names if _has_several_words(some, column)]


def _has_several_words(some: Dataset, column: str) -> bool:
    import pyarrow.compute as pc

    values = column_of(some, column).drop_null()
    if not _holds_text(some, column) or not len(values):
        return False
    return bool(pc.mean(pc.count_substring(values, " ")).as_py() >= 2)


def _mean_length(values: pa.ChunkedArray) -> float:
    import pyarrow as pa
    import pyarrow.compute as pc

    return float(pc.mean(pc.utf8_length(values.cast(pa.large_string()))).as_py() or 0)
