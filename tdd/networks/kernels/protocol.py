"""What the unroll asks of a network.

A kernel works on K networks of one architecture at once: their parameters are stacked along a leading dimension.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from tdd.networks.kernels.parameters import Parameters
from tdd.system.memory import CPU


class Step(NamedTuple):
    """The distilled examples of one gradient step.

    Attributes:
        x: (n, L, d) embedded sentences or (n, c, h, w) images.
        y: (n, C) soft labels.
        mask: (n, L) bool, where a sentence has a word; None: everywhere, or images.
        attention: (n, layers, heads, Q, L') attention labels, see `attention_loss`; None: there are none.
        dropout: seed of what networks drop; all drop the same. None: dropout is off.
    """

    x: Tensor
    y: Tensor
    mask: Tensor | None = None
    attention: Tensor | None = None
    dropout: int | None = None

    @property
    def inputs(self) -> Tensor:
        """What a network reads: x, with zeros where there is no word, as real sentences are padded."""
        return self.x if self.mask is None else self.x * self.mask[..., None]

    def cut(self) -> tuple[Tensor, Tensor | None]:
        """The inputs and their mask without what is padding in all of them, for a network that is told the mask."""
        if self.mask is None or self.mask.is_meta:
            return self.inputs, self.mask
        width = int(self.mask.any(0).sum())
        return self.inputs[:, :width], self.mask[:, :width]


class StepGradient(NamedTuple):
    """What flows back through a gradient step along a direction.

    Attributes:
        along: D = <gradient, direction> of each network (K,).
        theta: gradient of D to the parameters (K, ...); empty for the first step, where nobody asks for it.
        x, y, attention: its gradient to what `Step` holds, summed over networks; masked positions have none.
    """

    along: Tensor
    theta: Parameters
    x: Tensor
    y: Tensor
    attention: Tensor | None = None


class Front(Protocol):
    """The frozen lower part of a network, a module on its device."""

    def __call__(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states (N, L', h) of texts (N, L, d), and their masks."""

    def positions(self, length: int) -> int:
        """L', the number of hidden states of a text of `length` tokens."""


class Kernel(Protocol):
    """Gradients of K stacked networks, on distilled samples (differentiated twice) and on real ones (once).

    Attributes:
        front: the network's frozen lower part, which turns samples (n, ...) and their mask into what `gradient` and
            `reverse` read; None: they read the samples. Real batches pass it in `loss` and `logits`.
    """

    @property
    def front(self) -> Front | None:
        """See above."""

    def gradient(self, theta: Parameters, step: Step) -> tuple[Parameters, Any]:
        """Gradient of the mean soft cross-entropy of a step's samples, and what `reverse` needs."""

    def reverse(
        self, theta: Parameters, step: Step, saved: Any, direction: Parameters, first: bool = False
    ) -> StepGradient:
        """The gradients of D = <gradient, direction>; `first` is the first step that a gradient flows through."""

    def loss(
        self, theta: Parameters, batch: Any, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """Mean cross-entropy of a real batch (K,) and its gradient; dropout is on where a generator is given.

        The batch's labels are classes (B,) or probabilities (B, C). With `smoothing` s a label is 1 - s of its class
        and s spread evenly over all C (arXiv 1512.00567, section 7).
        """

    def logits(self, theta: Parameters, batch: Any) -> Tensor:
        """Logits of a real batch, (K, B, C)."""

    def step_bytes(self, step: Step, networks: int, graph: bool) -> tuple[int, int]:
        """Memory of an inner step on distilled samples, which are on the device "meta".

        Returns:
            Bytes that every step keeps until it is reversed, theta left out, and those of the one being worked on.
            With `graph` the steps are differentiated through, so that all of them keep their graph.
        """

    def batch_bytes(
        self, split: Any, size: int, networks: int, gradient: bool = True, device: torch.device = CPU
    ) -> int:
        """Bytes of a real batch of `size` examples on `device`, and of its `gradient` where that is asked for."""
