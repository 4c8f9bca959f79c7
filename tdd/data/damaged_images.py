"""Which image of a column cannot be read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset


def damaged_image(split: Dataset, column: str) -> str:
    """The first image that Pillow cannot read: its file, or else its row."""
    import datasets
    from PIL import Image as Images

    cells = split.select_columns([column]).cast_column(column, datasets.Image(decode=False))
    for row, cell in enumerate(example[column] for example in cells):
        if cell is None:
            continue
        try:
            with Images.open(cell["path"] if cell["bytes"] is None else io.BytesIO(cell["bytes"])) as image:
                image.load()
        except (OSError, SyntaxError):
            return f"the image {cell['path']}" if cell["path"] else f"the image of row {row}"
    return "an image"
