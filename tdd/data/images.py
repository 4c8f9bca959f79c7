"""Images as bytes of pixels, and batches of them that are normalised where they are used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tdd.data.columns import column_of, encode_column
from tdd.data.damaged_images import damaged_image
from tdd.data.image_batch import ImageBatch
from tdd.data.pixel_normalisation import Normalisation
from tdd.data.protocols import ALL, InputSpace, Shard
from tdd.errors import TddError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset
    from PIL.Image import Image


PIXELS_VERSION = 2
"""Raised whenever images would be decoded otherwise: what was cached before is then decoded again."""
# Modes of Pillow that mean grey or colour. Others (16 bits, floating point) have no range of their own.
_MODES = {"1": "L", "L": "L", "LA": "L"} | dict.fromkeys(("P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"), "RGB")
# Images that tell whether some are transparent.
_LOOKED_AT = 100
# Images hashed at once.
_HASHED = 4096


class ImageSplit:
    """Images of a split; see `tdd.data.protocols.Split`.

    Args:
        pixels: (M, h, w, c) uint8, memory-mapped or in memory, of which splits may share parts.
        places: (N,) int64, the images of this split among them.
        labels: (N,) int64 classes.
        normalisation: that of the training split.
    """

    def __init__(
        self, pixels: NDArray[np.uint8], places: NDArray[np.int64], labels: Tensor, normalisation: Normalisation
    ):
        self.pixels, self.places, self.labels, self.normalisation = pixels, places, labels, normalisation
        self.classes: Sequence[str] = ()  # not known yet
        self.in_train: Tensor | None = None
        self.copies: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def space(self) -> InputSpace:
        """Images of c channels, h x w pixels."""
        height, width, channels = self.pixels.shape[1:]
        return InputSpace("image", (channels, height, width))

    def scale(self) -> float:
        """1: the training split is normalised to it."""
        return 1.0

    def batch(self, indices: Tensor) -> ImageBatch:
        """The images at `indices`, in their order."""
        chosen = torch.from_numpy(self.pixels[self.places[indices.numpy()]])
        return ImageBatch(chosen, self.labels[indices], self.normalisation)

    def batches(self, size: int, most: int | None = None, shard: Shard = ALL) -> Iterator[ImageBatch]:
        """See `Split.batches`."""
        order = self.order(most, shard)
        for start in range(0, len(order), size):
            yield self.batch(order[start : start + size])

    def order(self, most: int | None = None, shard: Shard = ALL) -> Tensor:
        """See `Split.order`; as they lie."""
        order = torch.arange(len(self))
        if most is not None and most < len(self):
            order = torch.linspace(0, len(self) - 1, most).round().long()
        index, count = shard
        return order[index::count]

    def features(self, indices: Tensor) -> Tensor:
        """Normalised pixels, (M, c x h x w)."""
        return self.batch(indices).inputs()[0].flatten(1)

    def describe(self) -> str:
        """See `Split.describe`."""
        channels, height, width = self.space.shape
        return f"{width} x {height} {'grey' if channels == 1 else 'colour'} images"

    def source(self) -> dict[str, str]:
        """The normalisation."""
        return self.normalisation.to_source()

    def arrays(self) -> Iterator[NDArray[Any]]:
        """See `Split.arrays`."""
        for start in range(0, len(self), _HASHED):
            yield self.pixels[self.places[start : start + _HASHED]]
        yield self.labels.numpy()


def holds_images(split: Dataset, column: str) -> bool:
    """Whether a column holds images: declared as such, or bytes with a path, as they lie in parquet files."""
    import datasets

    feature = split.features[column]
    return isinstance(feature, datasets.Image) or (isinstance(feature, dict) and feature.keys() == {"bytes", "path"})


class ImageEncoder:
    """Pixels of a column of images, which `holds_images`; see `tdd.data.protocols.Encoder`."""

    setting, holds = "image_column", "image"

    def __init__(self, column: str):
        self.column, self.columns = column, [column]
        self.identity: list[str | int] = ["pixels", PIXELS_VERSION]
        self.notes: list[str] = []

    def encode(self, split: Dataset, name: str) -> dict[str, pa.ChunkedArray]:
        """Each row's bytes of pixels and its height, width and channels, null where there is no image.

        Raises:
            UsageError: an image that cannot be read, or whose pixels have no range.
        """
        import datasets

        def encode(images: list[Image | None]) -> dict[str, list[Any]]:
            images_pixels = [None if image is None else _pixels(image, self.column, name) for image in images]
            sizes = [(None, None, None) if array is None else array.shape for array in images_pixels]
            columns = dict(zip(("height", "width", "channels"), map(list, zip(*sizes, strict=True)), strict=True))
            return {"pixels": [None if array is None else array.tobytes() for array in images_pixels], **columns}

        number = datasets.Value("int32")
        features = {"pixels": datasets.Value("large_binary"), "height": number, "width": number, "channels": number}
        declared = split.cast_column(self.column, datasets.Image())
        try:
            encoded = encode_column(declared, name, self, encode, features)
        except (TddError, SyntaxError) as error:
            # What Pillow finds wrong with an image is a SyntaxError, or an OSError but none of the operating system's.
            cause = error if isinstance(error, SyntaxError) else error.__cause__
            if isinstance(cause, SyntaxError) or (isinstance(cause, OSError) and cause.errno is None):
                which = f"{damaged_image(split, self.column)} in column '{self.column}' of the {name} split"
                raise UsageError(f"{which} cannot be read: {_line(cause)}; mend or remove it") from cause
            raise
        return {column: column_of(encoded, column) for column in features}

    def contents(self, split: Dataset, cells: dict[str, pa.ChunkedArray]) -> pa.ChunkedArray:
        """The pixels, as bytes."""
        return cells["pixels"]

    def present(self, cells: dict[str, pa.ChunkedArray]) -> NDArray[np.bool_]:
        """Rows with an image."""
        present: NDArray[np.bool_] = cells["pixels"].is_valid().to_numpy()
        return present

    def splits(self, chosen: dict[str, tuple[dict[str, pa.ChunkedArray], Tensor, Tensor]]) -> dict[str, ImageSplit]:
        """See `Encoder.splits`.

        Raises:
            UsageError: images of several sizes, or some grey and some in colour.
        """
        train, rows, _ = chosen["train"]
        shape = _shapes(train)[rows[0]]
        # Splits drawn from the same official one share its pixels.
        official = {id(cells): cells for cells, _, _ in chosen.values()}
        pixels = {key: _all_pixels(cells, shape, self.column) for key, cells in official.items()}
        places = {name: np.cumsum(self.present(cells))[rows] - 1 for name, (cells, rows, _) in chosen.items()}
        normalisation = Normalisation.of(pixels[id(train)], places["train"])
        return {
            name: ImageSplit(pixels[id(cells)], places[name], labels, normalisation)
            for name, (cells, _, labels) in chosen.items()
        }


def has_alpha(image: Image) -> bool:
    """Whether an image may be transparent."""
    return image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info


def opaque(image: Image, mode: str) -> Image:
    """An image in another mode, over white where it is transparent."""
    if has_alpha(image):
        from PIL import Image as Images

        image = Images.alpha_composite(Images.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image.convert(mode)


def notes_on_images(split: Dataset, column: str) -> list[str]:
    """What a user should know about the first images of a column, a line each."""
    import datasets

    some = (
        split.select_columns([column]).cast_column(column, datasets.Image()).select(range(min(len(split), _LOOKED_AT)))
    )
    try:
        transparent = any(image is not None and has_alpha(image) for image in some[column])
    except (OSError, SyntaxError):  # told when it is encoded
        transparent = False
    return ["transparent images are laid over white"] if transparent else []


def _pixels(image: Image, column: str, name: str) -> NDArray[np.uint8]:
    """(h, w, c) with one channel for grey and three for colour."""
    mode = _MODES.get(image.mode)
    if mode is None:
        raise UsageError(
            f"column '{column}' of the {name} split holds images of mode {image.mode}: save them with 8 bits a channel"
        )
    array = np.asarray(opaque(image, mode), dtype=np.uint8)
    return array[:, :, None] if array.ndim == 2 else array


def _shapes(cells: dict[str, pa.ChunkedArray]) -> NDArray[np.int64]:
    """(rows, 3): height, width and channels of every image, 0 where there is none."""
    columns = [cells[name].fill_null(0).to_numpy() for name in ("height", "width", "channels")]
    return np.stack(columns, axis=1).astype(np.int64)


def _all_pixels(cells: dict[str, pa.ChunkedArray], shape: NDArray[np.int64], column: str) -> NDArray[np.uint8]:
    """The images of all rows that hold one, (M, h, w, c), where they lie one after the other."""
    shapes = _shapes(cells)
    other = np.flatnonzero((shapes != shape).any(axis=1) & (shapes != 0).any(axis=1))
    if len(other):
        row = int(other[0])
        raise UsageError(
            f"the images of column '{column}' are not alike: the first is {_say(shape)}, that of row {row} is "
            f"{_say(shapes[row])}; bring them to one size, all grey or all in colour"
        )
    array = cells["pixels"].combine_chunks()
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    flat = np.frombuffer(array.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    return flat.reshape(-1, *shape)


def _say(shape: NDArray[np.int64]) -> str:
    height, width, channels = shape
    return f"{width} x {height} {'grey' if channels == 1 else 'colour'}"


def _line(error: BaseException) -> str:
    """In a line, without the buffer in memory that Pillow names in place of a file."""
    return " ".join(re.sub("<_io.*?>", "", str(error)).split()) or type(error).__name__
