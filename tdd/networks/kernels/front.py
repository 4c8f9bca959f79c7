"""The kernel of a network whose lower part is frozen: that part runs once, not in every step."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from tdd.data.protocols import Augmentation, InputSpace, RealBatch
from tdd.networks.hidden_states import AT_ONCE, HiddenStates
from tdd.networks.kernels.arithmetic import Context
from tdd.networks.kernels.attention_loss import Attended
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Front, Kernel, Step, StepGradient
from tdd.system.memory import CPU

# Positions of real examples that pass the front together.
POSITIONS = 4096


class Above(nn.Module):
    """The upper part of a network, with the names that its parameters have in the whole."""

    def __init__(self, upper: nn.Module):
        super().__init__()
        self.upper = upper

    def forward(self, x: Tensor, mask: Tensor, attention: int = 0) -> Tensor | Attended:
        """Logits (N, C) of hidden states, and the attention of its last layers where that is asked for."""
        found: Tensor | Attended = self.upper(x, mask, attention)
        return found


@dataclass(frozen=True)
class InArithmetic:
    """A `Front` that is passed in the context of its kernel's forward passes; states have the format of what it reads.

    Where the context rounds, the way back rounds in the same places.
    """

    front: Front
    arithmetic: Context

    def __call__(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """See `Front`."""
        with self.arithmetic():
            hidden, mask = self.front(x, mask)
        return hidden.to(x.dtype), mask

    def positions(self, length: int) -> int:
        """See `Front`."""
        return self.front.positions(length)


@dataclass(frozen=True)
class HiddenBatch:
    """A real batch as the upper part reads it; see `RealBatch`. States come from the cache, or are computed.

    They are rounded to the format of the cache in either case, and computed with in float32.
    """

    batch: RealBatch
    front: Front
    states: HiddenStates

    @property
    def labels(self) -> Tensor:
        """See `RealBatch`."""
        return self.batch.labels

    def __len__(self) -> int:
        return len(self.batch)

    def to(self, device: torch.device) -> HiddenBatch:
        """See `RealBatch`."""
        return replace(self, batch=self.batch.to(device))

    def width(self, row: int) -> int:
        """See `RealBatch`: hidden states of a text."""
        return self.front.positions(self.batch.width(row))

    def inputs(self, rows: slice = slice(None), padded: bool = True) -> tuple[Tensor, Tensor]:
        """Hidden states (B, W, h) of these rows and their mask (B, W); see `RealBatch`."""
        start, stop, _ = rows.indices(len(self))
        keys = self.batch.keys(slice(start, stop))
        found = [None if key is None else self.states.get(key) for key in keys]
        missing = [start + place for place, states in enumerate(found) if states is None]
        while missing:
            # On a CPU one by one: sums depend on the texts beside it in their last bits, and a text has the same states
            # in a run that met it before and in one that did not.
            alone = self.labels.device.type == "cpu"
            count = 1 if alone else max(1, POSITIONS // max(1, self.batch.width(missing[-1])))
            part, missing = missing[:count], missing[count:]
            for row, states in zip(part, self._pass(part), strict=True):
                found[row - start] = states
                key = keys[row - start]
                if key is not None:
                    self.states.put(key, states)
        device = self.labels.device
        lengths = torch.tensor([len(states) for states in found if states is not None])
        longest = self.batch.inputs(slice(0, 1))[0].shape[1] if padded else 0
        width = self.front.positions(longest) if padded else int(lengths.max())
        mask = torch.arange(width) < lengths[:, None]
        flat = torch.cat([states for states in found if states is not None])
        x = flat.new_zeros(*mask.shape, flat.shape[1])
        x[mask] = flat
        return x.to(device).to(torch.promote_types(x.dtype, torch.float32)), mask.to(device)

    @torch.no_grad()
    def _pass(self, rows: list[int]) -> list[Tensor]:
        """The states (W, h) of each of some rows, as they are kept, on the CPU."""
        parts = [self.batch.inputs(slice(row, row + 1), padded=False) for row in rows]
        width = max(x.shape[1] for x, _ in parts)
        x = torch.cat([nn.functional.pad(x, (0, 0, 0, width - x.shape[1])) for x, _ in parts])
        mask = torch.cat([nn.functional.pad(m, (0, width - m.shape[1])) for _, m in parts if m is not None])
        hidden, mask = (part.cpu() for part in self.front(x, mask))
        return [self.states.as_kept(states[inside]) for states, inside in zip(hidden, mask, strict=True)]

    def keys(self, rows: slice) -> list[bytes | None]:
        """See `RealBatch`."""
        return self.batch.keys(rows)

    def shard(self, index: int, count: int) -> HiddenBatch:
        """See `RealBatch`."""
        return replace(self, batch=self.batch.shard(index, count))

    def augmented(self, augmentation: Augmentation, seed: int, step: int) -> HiddenBatch:
        """See `RealBatch`."""
        return replace(self, batch=self.batch.augmented(augmentation, seed, step))


@dataclass(frozen=True)
class HiddenSplit:
    """What is known of the hidden states of a split before there are any: what those of a text are, (W, h)."""

    space: InputSpace


class FrontKernel:
    """See `Kernel`: `front` turns samples and real examples into hidden states; `above` is the kernel of the rest.

    Args:
        front: the frozen part.
        above: the kernel of the rest.
        states: the cache of what `front` makes of real texts.
        arithmetic: makes the context that `front` is passed in, see `AutogradKernel`.
    """

    def __init__(self, front: Front, above: Kernel, states: HiddenStates, arithmetic: Context = nullcontext):
        # Some have a way of their own with real batches: they keep no states, and compute in full precision.
        self.own: Any = front if hasattr(front, "of_batch") else None
        self.front, self.above, self.states = (
            InArithmetic(front, nullcontext if self.own else arithmetic),
            above,
            states,
        )

    def gradient(self, theta: Parameters, step: Step) -> tuple[Parameters, Any]:
        """See `Kernel.gradient`."""
        return self.above.gradient(theta, step)

    def reverse(
        self, theta: Parameters, step: Step, saved: Any, direction: Parameters, first: bool = False
    ) -> StepGradient:
        """See `Kernel.reverse`."""
        return self.above.reverse(theta, step, saved, direction, first)

    def loss(
        self, theta: Parameters, batch: RealBatch, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """See `Kernel.loss`."""
        return self.above.loss(theta, self._hidden(batch), dropout, smoothing)

    def logits(self, theta: Parameters, batch: RealBatch) -> Tensor:
        """See `Kernel.logits`."""
        return self.above.logits(theta, self._hidden(batch))

    def _hidden(self, batch: RealBatch) -> Any:
        """A real batch as `above` reads it."""
        return self.own.of_batch(batch) if self.own else HiddenBatch(batch, self.front, self.states)

    def step_bytes(self, step: Step, networks: int, graph: bool) -> tuple[int, int]:
        """See `Kernel.step_bytes`."""
        x, mask = self._shapes(step.x, step.mask)
        return self.above.step_bytes(Step(x, step.y, mask, step.attention), networks, graph)

    def batch_bytes(
        self, split: Any, size: int, networks: int, gradient: bool = True, device: torch.device = CPU
    ) -> int:
        """See `Kernel.batch_bytes`."""
        example, _ = self._shapes(torch.empty(1, *split.space.shape, device="meta"), None)
        hidden = HiddenSplit(InputSpace("text", tuple(example.shape[1:])))
        needed = self.above.batch_bytes(hidden, size, networks, gradient, device)
        if self.own:
            return needed + int(self.own.batch_bytes(split))
        # States lie in the host's memory until they are written, twice while they are.
        return needed + (2 * min(AT_ONCE, len(split) * example.nbytes) if device.type == "cpu" else 0)

    def _shapes(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Hidden states of shapes alone, on the device "meta"."""
        if mask is None:
            mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
        with torch.no_grad():
            hidden, mask = self.front(x, mask)
        return hidden, mask
