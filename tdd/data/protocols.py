"""What the method knows of data: labelled examples, whatever they are, and the batches they come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from torch import Tensor

from tdd.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import torch
    from datasets import Dataset
    from numpy.typing import NDArray


@dataclass(frozen=True)
class InputSpace:
    """What one example is, whatever network reads it.

    Attributes:
        kind: embedded text or images.
        shape: (L, d) of a sentence, (c, h, w) of an image.
        embedding: checksum of the table that text is looked up in; None: images.
        vectors: what that table can be loaded as, where it is not in memory.
    """

    kind: Literal["text", "image"]
    shape: tuple[int, ...]
    embedding: str | None = None
    vectors: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        within = f" in the vectors {self.embedding[:8]}" if self.embedding else ""
        return f"{self.kind} {self.shape}{within}"

    def holds(self, other: InputSpace) -> bool:
        """Whether examples of `other` are of this kind too: sentences of any length in the same embedding."""
        if self.kind != other.kind or self.embedding != other.embedding:
            return False
        return self.shape[1:] == other.shape[1:] if self.kind == "text" else self.shape == other.shape


Shard = tuple[int, int]
"""Index and count: every count-th example, from the one at index on."""
ALL: Shard = (0, 1)
"""All examples: a single shard."""


@dataclass(frozen=True)
class Augmentation:
    """How real examples of an outer batch are changed at random.

    Attributes:
        word_dropout: share of words dropped from texts.
        shift: pixels that images are moved by at most.
        flip: half of the images are mirrored, left to right.
    """

    word_dropout: float = 0.0
    shift: int = 0
    flip: bool = False

    def check(self, space: InputSpace) -> None:
        """Raise UsageError where images would be moved out of sight."""
        if space.kind == "image" and self.shift >= min(space.shape[1:]):
            width, height = space.shape[:0:-1]
            raise UsageError(f"shift: {self.shift} moves images of {width} x {height} pixels out of sight; lower it")


class RealBatch(Protocol):
    """Real examples of one batch."""

    @property
    def labels(self) -> Tensor:
        """(B,) int64 classes."""

    def __len__(self) -> int: ...

    def to(self, device: torch.device) -> RealBatch:
        """The batch on `device`."""

    def inputs(self, rows: slice = slice(None), padded: bool = True) -> tuple[Tensor, Tensor | None]:
        """What a network reads of these rows: the examples (B, ...), and the mask (B, L) of texts; None for images.

        Where texts need not be `padded` to L, they are as wide as the longest of them.
        """

    def width(self, row: int) -> int:
        """Positions that an example takes where it is not padded."""

    def keys(self, rows: slice) -> list[bytes | None]:
        """What tells each example of these rows from all others, 16 bytes; None where it was changed at random."""

    def shard(self, index: int, count: int) -> RealBatch:
        """Every `count`-th example from `index` on; all shards together are the batch."""

    def augmented(self, augmentation: Augmentation, seed: int, step: int) -> RealBatch:
        """The batch, on the CPU, changed at random; a function of `seed` and the outer `step` alone."""


class Split(Protocol):
    """The examples of one split.

    Attributes:
        classes: names of its classes; none: not known.
        in_train: (N,) which of its examples are also in the official training split; None: none can be.
        copies: (N,) int64, a number for what each of its examples holds, the same for copies; None: none are known.
    """

    classes: Sequence[str]
    in_train: Tensor | None
    copies: Tensor | None

    @property
    def labels(self) -> Tensor:
        """(N,) int64 classes."""

    @property
    def space(self) -> InputSpace:
        """What an example is."""

    def __len__(self) -> int: ...

    def scale(self) -> float:
        """Standard deviation of the numbers in real inputs."""

    def batch(self, indices: Tensor) -> RealBatch:
        """The examples at `indices`, in an order that suits the network."""

    def batches(self, size: int, most: int | None = None, shard: Shard = ALL) -> Iterator[RealBatch]:
        """The examples of `order`, `size` at a time."""

    def order(self, most: int | None = None, shard: Shard = ALL) -> Tensor:
        """Places of a shard's examples, each once; where `most` is given, of that many, spread evenly."""

    def features(self, indices: Tensor) -> Tensor:
        """A plain vector for each example at `indices`, in their order, (M, f): for distances between examples."""

    def describe(self) -> str:
        """How the examples were encoded, in a few words."""

    def source(self) -> dict[str, str]:
        """What a distilled set has to know of the encoding."""

    def arrays(self) -> Iterator[NDArray[Any]]:
        """All that the examples hold, for a fingerprint."""


class Encoder(Protocol):
    """How one column of a data set becomes examples.

    Attributes:
        column: the column, or two of pairs, as the setting names them.
        columns: the columns themselves.
        setting: the setting that names it, for error lines.
        holds: what a cell holds, for error lines: "text".
        identity: values that change whenever the same cells would be encoded otherwise.
        notes: what a user should know about how they were encoded, a line each, once `splits` was called.
    """

    column: str
    columns: list[str]
    setting: str
    holds: str
    identity: list[str | int]
    notes: list[str]

    def encode(self, split: Dataset, name: str) -> Any:
        """The encoded cells of a split called `name`, from the cache when they were encoded before."""

    def contents(self, split: Dataset, cells: Any) -> pa.ChunkedArray:
        """Text or bytes of each row of `split`, whose encoded cells are `cells`: equal where rows are copies."""

    def present(self, cells: Any) -> NDArray[np.bool_]:
        """(N,) which of the encoded cells hold something."""

    def splits(self, chosen: dict[str, tuple[Any, Tensor, Tensor]]) -> Mapping[str, Split]:
        """A split for each name's cells, the rows chosen of them, and the labels of these rows; "train" comes first."""
