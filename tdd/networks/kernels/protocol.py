"""What the unroll asks of a network.

A kernel works on K networks of one architecture at once: their parameters are stacked along a leading dimension.

"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from tdd.networks.kernels.parameters import Parameters


class Kernel(Protocol):
    """Gradients of K stacked networks, on distilled samples (differentiated twice) and on real ones (once)."""

    def gradient(self, theta: Parameters, x: Tensor, y: Tensor) -> tuple[Parameters, Any]:
        """Gradient of the mean soft cross-entropy of samples x (n, ...), labels y (n, C), and what `reverse` needs."""

    def reverse(
        self, theta: Parameters, x: Tensor, y: Tensor, saved: Any, direction: Parameters, given: bool = False
    ) -> tuple[Tensor, Parameters, Tensor, Tensor]:
        """D = <gradient, direction> of each network (K,); its gradients to theta, to x and y (summed over networks).

        Where theta counts as `given`, nobody asks for its gradient, which is left empty.
        """

    def loss(
        self, theta: Parameters, batch: Any, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """Mean cross-entropy of a real batch (K,) and its gradient; dropout is on where a generator is given.

        The batch's labels are classes (B,) or probabilities (B, C). With `smoothing` s a label is 1 - s of its class
        and s spread evenly over all C (arXiv 1512.00567, section 7).
        """

    def logits(self, theta: Parameters, batch: Any) -> Tensor:
        """Logits of a real batch, (K, B, C)."""

    def step_bytes(self, samples: Tensor, labels: Tensor, networks: int, graph: bool) -> tuple[int, int]:
        """Memory of inner steps on distilled samples (n, ...) with labels (n, C), either on the device "meta".

        Returns:
            Bytes that every step keeps until it is reversed, theta left out, and those of the one being worked on.
            With `graph` the steps are differentiated through, so that all of them keep their graph.
        """

    def batch_bytes(self, split: Any, size: int, networks: int) -> int:
        """Bytes of a real batch of `size` examples and of its gradient."""
