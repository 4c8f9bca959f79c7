"""The memory a run will take at its peak, known before it starts."""

from __future__ import annotations

import math

import torch

from tdd.data import Corpus
from tdd.errors import UsageError
from tdd.networks import build_network
from tdd.recipe import Recipe

FLOAT = 4
# The interpreter with torch, datasets and accelerate loaded, and the data set's token ids.
BASE = 700 * 2**20
# Copies of the set: itself, gradient, two Adam moments, average, best, and one on its way to disk.
SET_COPIES = 7


def predicted_peak(recipe: Recipe, corpus: Corpus) -> int:
    """Bytes of the outer loop at its peak, from the shapes of what is held at once."""
    length, dim = corpus.train.sample_shape
    steps, per_step = recipe.split(len(corpus.classes))
    unrolled = steps * recipe.epochs
    networks = min(max(recipe.networks, 1), recipe.networks_at_once)
    parameters = sum(p.numel() for p in build_network(recipe, (length, dim), len(corpus.classes)).parameters())
    filters, widest = recipe.filters * len(recipe.widths), max(recipe.widths)
    the_set = SET_COPIES * recipe.n * length * dim
    values = per_step * length * networks * filters
    if recipe.unroll == "autograd":
        # Every step keeps its convolutions, their inputs and the graph of their gradients.
        unroll = unrolled * (4 * values + 2 * per_step * length * dim * widest + 3 * networks * parameters)
    else:
        # theta_t and the winners of every step; the windows and values of one.
        windows = per_step * dim * sum(recipe.widths) * (length + 3 * networks * recipe.filters)
        unroll = unrolled * networks * (parameters + 3 * per_step * filters) + values + windows
    batch = min(recipe.batch_size, len(corpus.train))
    tokens = batch * min(length, 1 + corpus.train.lengths.double().mean().item())
    words = min(tokens / 2, len(corpus.train.vectors))
    real = words * (dim + 2 * recipe.filters * widest) + tokens * sum(recipe.widths) + 4 * batch * networks * filters
    return BASE + FLOAT * math.ceil(the_set + unroll + real)


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
