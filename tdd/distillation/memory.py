"""The memory a run will take at its peak, known before it starts."""

from __future__ import annotations

import torch

from tdd.data.corpus import Corpus
from tdd.errors import UsageError
from tdd.networks.kernels.choice import make_kernel
from tdd.networks.registry import build_network
from tdd.settings.recipe import Recipe

FLOAT = 4
# The interpreter with torch, datasets and accelerate loaded, and the data set's token ids or pixels.
BASE = 700 * 2**20
# Copies of the set: itself, gradient, two Adam moments, average, best, and one on its way to disk.
SET_COPIES = 7


def predicted_peak(recipe: Recipe, corpus: Corpus) -> int:
    """Bytes of the outer loop at its peak, from the shapes of what is held at once."""
    shape, classes = corpus.train.sample_shape, len(corpus.classes)
    steps, per_step = recipe.split(classes)
    networks = min(recipe.networks, recipe.networks_at_once)
    with torch.device("meta"):  # shapes alone: the network itself may be too large
        network = build_network(recipe, shape, classes)
        samples, labels = torch.empty(per_step, *shape), torch.empty(per_step, classes)
    kernel = make_kernel(network, recipe.unroll)
    theta = FLOAT * networks * sum(p.numel() for p in network.parameters())
    kept, working = kernel.step_bytes(samples, labels, networks, graph=recipe.unroll == "autograd")
    real = kernel.batch_bytes(corpus.train, min(recipe.batch_size, len(corpus.train)), networks)
    the_set = SET_COPIES * FLOAT * steps * samples.numel()
    kept_steps = min(recipe.window or steps * recipe.epochs, steps * recipe.epochs)
    if recipe.momentum:  # v_t beside theta_t
        theta *= 2
    return BASE + the_set + kept_steps * (theta + kept) + working + real


def available(device: torch.device) -> int:
    """Bytes free on `device`."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    import psutil

    return int(psutil.virtual_memory().available)


def check_memory(recipe: Recipe, corpus: Corpus, device: torch.device) -> str:
    """A line that says what the run will take.

    Raises:
        UsageError: more than there is.
    """
    needed, free = predicted_peak(recipe, corpus), available(device)
    line = f"about {needed / 2**30:.1f} GiB of memory at the peak, {free / 2**30:.1f} GiB free"
    if needed > free:
        raise UsageError(f"not enough memory: {line}; lower n, batch_size, networks_at_once or epochs")
    return line
