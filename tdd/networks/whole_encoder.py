"""A pretrained encoder that is trained whole, with its table of word pieces: on texts, not on embedded samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from tdd.data.protocols import Augmentation, InputSpace, RealBatch
from tdd.data.text_batch import TextBatch
from tdd.embeddings.encoder import encoder_tokens
from tdd.networks.kernels.arithmetic import Context, Precision, arithmetic
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel
from tdd.networks.learner import Learner, Mode, make_learner
from tdd.settings.initialisations import USUAL_INITIALISATION


@dataclass(frozen=True)
class TokenBatch:
    """Real texts as token ids with the special tokens around them, 0 where there is padding; see `RealBatch`.

    Attributes:
        batch: the texts.
        prefix, suffix: rows of the special tokens.
        used: (U,) ascending, the rows of a table that has these alone.
    """

    batch: TextBatch
    prefix: list[int]
    suffix: list[int]
    used: Tensor

    @classmethod
    def of(cls, batch: TextBatch, prefix: list[int], suffix: list[int]) -> TokenBatch:
        """The texts of a batch, and the rows that occur in it."""
        assert batch.tokens is not None
        own = batch.tokens[batch.tokens > 0] - 1
        return cls(batch, prefix, suffix, torch.cat([own, torch.tensor(prefix + suffix, dtype=own.dtype)]).unique())

    @property
    def labels(self) -> Tensor:
        """See `RealBatch`."""
        return self.batch.labels

    def __len__(self) -> int:
        return len(self.batch)

    def to(self, device: torch.device) -> TokenBatch:
        """See `RealBatch`."""
        return replace(self, batch=self.batch.to(device))

    def inputs(self, rows: slice = slice(None), padded: bool = True) -> tuple[Tensor, Tensor]:
        """Token ids (B, L') of these rows, in the table of the `used`, and their mask; see `RealBatch`."""
        assert self.batch.tokens is not None
        lengths = self.batch.lengths[rows]
        ids = self.batch.tokens[self.batch.ids[rows].cpu().long()]
        longest = self.batch.length if padded else max(int(lengths.max()), 1)
        width = len(self.prefix) + longest + len(self.suffix)
        whole = torch.zeros(len(ids), width, dtype=torch.long)
        for row, own, length in zip(whole, ids, lengths.tolist(), strict=True):
            tokens = [*self.prefix, *(own[:length] - 1).tolist(), *self.suffix]
            row[: len(tokens)] = torch.searchsorted(self.used, torch.tensor(tokens, dtype=self.used.dtype)) + 1
        device = self.labels.device
        return whole.to(device), (whole > 0).to(device)

    def width(self, row: int) -> int:
        """See `RealBatch`."""
        return len(self.prefix) + self.batch.width(row) + len(self.suffix)

    def keys(self, rows: slice) -> list[bytes | None]:
        """See `RealBatch`."""
        return self.batch.keys(rows)

    def shard(self, index: int, count: int) -> TokenBatch:
        """See `RealBatch.shard`."""
        return replace(self, batch=self.batch.shard(index, count))

    def augmented(self, augmentation: Augmentation, seed: int, step: int) -> TokenBatch:
        """See `RealBatch`."""
        return replace(self, batch=self.batch.augmented(augmentation, seed, step))


class TokenKernel(AutogradKernel):
    """The kernel of an encoder that reads the token ids of real texts.

    It computes with those rows of the table alone that a batch needs: the others have no gradient.

    Args:
        network, arithmetic: see `AutogradKernel`.
        table: name of the parameter that is the table.
        prefix, suffix: rows of the special tokens around a text.
    """

    def __init__(self, network: nn.Module, arithmetic: Context, table: str, prefix: list[int], suffix: list[int]):
        super().__init__(network, arithmetic)
        self.table, self.around = table, (prefix, suffix)

    def loss(
        self, theta: Parameters, batch: RealBatch, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """See `Kernel.loss`."""
        theta_of_batch, texts = self._needed(theta, batch)
        losses, gradient = super().loss(theta_of_batch, texts, dropout, smoothing)
        of_used = gradient[self.table]
        gradient[self.table] = torch.zeros_like(theta[self.table])
        gradient[self.table][:, texts.used.to(of_used.device)] = of_used
        return losses, gradient

    def logits(self, theta: Parameters, batch: RealBatch) -> Tensor:
        """See `Kernel.logits`."""
        return super().logits(*self._needed(theta, batch))

    def _needed(self, theta: Parameters, batch: RealBatch) -> tuple[Parameters, TokenBatch]:
        """Parameters with the rows of the table that a batch needs, and its texts as places in these."""
        assert isinstance(batch, TextBatch)
        texts, table = TokenBatch.of(batch, *self.around), theta[self.table]
        return theta | {self.table: table[:, texts.used.to(table.device)]}, texts


@dataclass(frozen=True)
class WholeEncoder(Learner):
    """See `Learner`; theta holds the vectors of all word pieces too."""

    def kernel(self, mode: Mode = "auto", precision: Precision = "float32") -> Kernel:
        """What computes gradients, of texts alone."""
        tokens, module = encoder_tokens(self.name), self.module
        table: Any = module.upper.body.model.get_input_embeddings().weight  # type: ignore[union-attr,operator]
        name = next(name for name, value in module.named_parameters() if value is table)
        return TokenKernel(module, arithmetic(precision, self.device), name, tokens.prefix, tokens.suffix)


def whole_encoder(
    network: str,
    options: Mapping[str, Any],
    space: InputSpace,
    classes: int,
    device: torch.device,
    initialisation: Sequence[str] = (USUAL_INITIALISATION,),
) -> WholeEncoder:
    """An encoder all of whose parameters are trained; see `make_learner`."""
    made = make_learner(network, {**options, "train": "all"}, space, classes, device, initialisation)
    module: Any = made.module.requires_grad_()
    trained = tuple(name for name, _ in module.named_parameters())
    return WholeEncoder(made.name, module, trained, space, classes, device, made.initialisations)
