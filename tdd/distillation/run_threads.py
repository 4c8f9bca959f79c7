"""The processor threads of a run: chosen once, and kept with its state."""

from __future__ import annotations

import torch

from tdd.distillation.distiller import Distiller
from tdd.system import threads


def settle_threads(distiller: Distiller) -> str | None:
    """Take as many threads as a run had before, or those that are best for it, on any machine that it goes on on.

    With others sums would be rounded in another order.

    Returns:
        What was chosen and why; None: there was no choice.
    """
    state, asked, line = distiller.state, distiller.recipe.threads, None
    accelerator = distiller.accelerator
    if accelerator.device.type != "cpu" or accelerator.num_processes > 1:
        return None
    if asked is None and state.threads is not None:
        torch.set_num_threads(state.threads)
    elif threads.are_open(accelerator, asked):
        kept = [each.copied() for each in state.kept]
        line = threads.choose(distiller.gradient)
        # How often it was measured must not be seen in the set.
        for each, before in zip(state.kept, kept, strict=True):
            each.kept = before
    state.threads = torch.get_num_threads()
    if line is not None:
        distiller.save()
    return line
