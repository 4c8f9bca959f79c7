"""The columns of a data set that hold its examples and their classes, found by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdd.data.images import ImageEncoder, holds_images
from tdd.data.protocols import Encoder
from tdd.data.text import TextEncoder
from tdd.embeddings.load import load_embedding
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe

if TYPE_CHECKING:
    from datasets import Dataset

    from tdd.data.protocols import Encoder
    from tdd.data.sources import Known
    from tdd.embeddings.protocol import Embedding


TEXT_COLUMNS = ("text", "sentence", "review", "content", "question", "document", "comment", "tweet", "headline")

IMAGE_COLUMNS = ("image", "img", "picture", "photo", "jpg", "png")

LABEL_COLUMNS = ("label", "labels", "class", "category", "sentiment", "target", "topic", "intent", "coarse_label")


def find_columns(recipe: Recipe, known: Known | None, split: Dataset, vectors: Embedding | None) -> tuple[Encoder, str]:
    """The encoder of the text or image column and the name of the class column.

    Columns are those that are set, else those `known` for the data set, else the first with a usual name.
    """
    present = split.column_names
    if any(column.startswith("__index_level_") for column in present):  # how pandas names values beyond the header
        raise UsageError("the csv has rows with more values than its first line has columns: quote text with commas")
    by_lower = {column.lower(): column for column in reversed(present)}

    def usual(names: tuple[str, ...]) -> list[str]:
        return [by_lower[name] for name in names if name in by_lower]

    def find(setting: str, asked: str | None, names: tuple[str, ...]) -> str:
        column = asked or next(iter(usual(names)), None)
        if column is None or column not in present:
            what = (
                f"there is no column '{asked}'" if asked else f"no column has a usual name of a {setting[:-7]} column"
            )
            raise UsageError(f"{what}: set {setting} to one of {', '.join(present)}")
        return column

    image, text = recipe.image_column, recipe.text_column
    if known and not (image or text):
        image, text = known.image, known.text
    if not (image or text):
        image = next((column for column in usual(IMAGE_COLUMNS) if holds_images(split, column)), None)
    content = find("image_column", image, ()) if image else find("text_column", text, TEXT_COLUMNS)
    label = find("label_column", recipe.label_column or (known.label if known else None), LABEL_COLUMNS)
    if not (holds_images(split, content) if image else _holds_text(split, content)):
        kind = getattr(split.features[content], "dtype", None) or "lists"
        setting, wanted = ("image_column", "images") if image else ("text_column", "text")
        raise UsageError(f"column '{content}' holds {kind}, not {wanted}: set {setting} to one of {', '.join(present)}")
    if image:
        return ImageEncoder(content), label
    return TextEncoder(content, vectors or load_embedding(recipe.vectors), recipe.max_length), label


def _holds_text(split: Dataset, column: str) -> bool:
    return getattr(split.features[column], "dtype", None) in ("string", "large_string", "null")
