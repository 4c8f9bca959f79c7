"""What the method knows of data: labelled examples, whatever they are, and the batches they come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor

if TYPE_CHECKING:
    import numpy as np
    import torch
    from datasets import Dataset
    from numpy.typing import NDArray

    from tdd.settings.recipe import Recipe


class RealBatch(Protocol):
    """Real examples of one batch."""

    @property
    def labels(self) -> Tensor:
        """(B,) int64 classes."""

    def __len__(self) -> int: ...

    def to(self, device: torch.device) -> RealBatch:
        """The batch on `device`."""

    def dense(self) -> Tensor:
        """The input of a network, (B, ...)."""

    def augmented(self, recipe: Recipe, step: int) -> RealBatch:
        """The batch, on the CPU, as an outer step sees it: changed at random where the recipe says so."""


class Split(Protocol):
    """The examples of one split."""

    @property
    def labels(self) -> Tensor:
        """(N,) int64 classes."""

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one distilled sample: (L, d) of a sentence, (c, h, w) of an image."""

    def __len__(self) -> int: ...

    def scale(self) -> float:
        """Standard deviation of the numbers in real inputs."""

    def batch(self, indices: Tensor) -> RealBatch:
        """The examples at `indices`, in an order that suits the network."""

    def batches(self, size: int, most: int | None = None) -> Iterator[RealBatch]:
        """Every example once, `size` at a time; or `most` of them, spread evenly."""

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
        column: the column.
        setting: the setting that names it, for error lines.
        holds: what a cell holds, for error lines: "text".
        identity: values that change whenever the same cells would be encoded otherwise.
    """

    column: str
    setting: str
    holds: str
    identity: list[str | int]

    def encode(self, split: Dataset, name: str) -> Any:
        """The encoded cells of a split called `name`, from the cache when they were encoded before."""

    def present(self, cells: Any) -> NDArray[np.bool_]:
        """(N,) which of the encoded cells hold something."""

    def splits(self, chosen: dict[str, tuple[Any, Tensor, Tensor]]) -> Mapping[str, Split]:
        """A split for each name's cells, the rows chosen of them, and the labels of these rows; "train" comes first."""
