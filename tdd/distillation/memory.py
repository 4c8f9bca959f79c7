"""The memory a run will take at its peak, known before it starts."""

from __future__ import annotations

import os

import torch
from accelerate import Accelerator
from torch import nn

from tdd.data.corpus import Corpus
from tdd.distillation.accuracy import TEST_BATCH
from tdd.errors import UsageError
from tdd.networks.kernels.protocol import Step
from tdd.networks.learner import make_learner
from tdd.networks.own import network_to_use
from tdd.settings.recipe import Recipe
from tdd.system.memory import CPU, free_bytes
from tdd.system.processes import anyone

FLOAT = 4
# The interpreter with torch, datasets and accelerate loaded, and the data set's token ids or pixels.
BASE = 700 * 2**20
# Copies of the set: itself, gradient, two Adam moments, average, best, and one on its way to disk.
SET_COPIES = 7


def predicted_peak(
    recipe: Recipe, corpus: Corpus, network: str | nn.Module | None = None, device: torch.device = CPU
) -> int:
    """Bytes on `device` at the peak of outer steps and validations, from the shapes of what is held at once."""
    space, classes = corpus.train.space, len(corpus.classes)
    steps, per_step = recipe.split(classes)
    # On "meta", shapes alone: the network itself may be too large.
    learner = make_learner(network_to_use(recipe.network, network), recipe.options, space, classes, "meta")
    shape = (recipe.length, *space.shape[1:]) if space.kind == "text" else space.shape
    learner.check_reads(shape)
    samples, labels = (torch.empty(per_step, *size, device="meta") for size in (shape, (classes,)))
    mask = torch.ones(per_step, shape[0], dtype=torch.bool, device="meta") if space.kind == "text" else None
    networks = min(recipe.networks, recipe.networks_at_once)
    parameters = FLOAT * sum(value.numel() for value in learner.parameters().values())
    kernel = learner.kernel(recipe.unroll)
    kept, working = kernel.step_bytes(Step(samples, labels, mask), networks, graph=recipe.unroll == "autograd")
    real = kernel.batch_bytes(corpus.train, min(recipe.batch_size, len(corpus.train)), networks, device=device)
    kept_steps = min(recipe.window or steps * recipe.epochs, steps * recipe.epochs)
    # With momentum there is v_t beside theta_t.
    theta = networks * parameters * (2 if recipe.momentum else 1)
    step = kept_steps * (theta + kept) + working + real

    tested = min(recipe.validation_networks, recipe.networks_at_once) if recipe.init == "random" else 1
    batch = min(TEST_BATCH, max(len(corpus.validation), len(corpus.test)))
    tests = learner.kernel().batch_bytes(corpus.validation, batch, tested, gradient=False, device=device)
    return BASE + SET_COPIES * FLOAT * steps * samples.numel() + max(step, tested * parameters + tests)


def check_memory(
    recipe: Recipe, corpus: Corpus, accelerator: Accelerator, network: str | nn.Module | None = None
) -> str:
    """A line that says what the run will take.

    Raises:
        UsageError: more than there is.
    """
    free, lower = free_bytes(accelerator.device), "lower n, max_length, batch_size, networks_at_once, epochs or options"
    try:
        needed = predicted_peak(recipe, corpus, network, accelerator.device)
    except (RuntimeError, UsageError) as error:  # torch has no such sizes, not even of what it does not make
        if "overflow" not in str(error):
            raise
        raise UsageError(f"not enough memory: a single tensor would take more than 2**63 bytes; {lower}") from None
    if accelerator.device.type == "cpu":  # the processes of a machine share its memory
        free //= int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    line = f"about {needed / 2**30:.1f} GiB of memory at the peak, {free / 2**30:.1f} GiB free"
    # Together: a process that left alone would keep the others waiting.
    if anyone(needed > free, accelerator):
        raise UsageError(f"not enough memory: {line}; {lower}")
    return line
