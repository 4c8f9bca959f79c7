"""Which inner steps the outer gradient flows through: truncated backpropagation, with a moving end if wanted."""

from __future__ import annotations

from typing import Literal

import torch

from tdd.system.seeds import generator


def window(
    inner_steps: int,
    size: int | None,
    end: Literal["last", "random", "growing"],
    outer_step: int,
    outer_steps: int,
    seed: int,
) -> range:
    """The inner steps, of all `inner_steps`, that the gradient of an outer step flows through.

    The outer loss is taken after the last of them; the inner loop goes no further. `size` of them (None: all) end with
    the last inner step, or at any step, drawn evenly (RaT-BPTT, Feng et al., arXiv 2310.04606), or at one that moves
    from the first place possible to the last over the first half of the outer steps.
    """
    size = min(size or inner_steps, inner_steps)
    match end:
        case "random":
            stop = int(torch.randint(size, inner_steps + 1, (), generator=generator(seed, "window", outer_step)))
        case "growing":
            stop = size + round((inner_steps - size) * min(1.0, 2 * outer_step / outer_steps))
        case "last":
            stop = inner_steps
    return range(stop - size, stop)
