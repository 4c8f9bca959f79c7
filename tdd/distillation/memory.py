"""The memory a run will take at its peak, known before it starts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from accelerate import Accelerator
from torch import nn

from tdd.distillation.accuracy import TEST_BATCH
from tdd.distillation.attention_labels import first_attention
from tdd.errors import UsageError
from tdd.networks.kernels.graph_memory import kept_bytes
from tdd.networks.kernels.protocol import Front, Step
from tdd.networks.learner import Learner, make_learner
from tdd.networks.own import network_to_use
from tdd.settings.encoder_names import HUB
from tdd.settings.networks import entry_of
from tdd.settings.recipe import Recipe
from tdd.system.memory import CPU, free_bytes, own_bytes
from tdd.system.processes import anyone

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus

FLOAT = 4
# The interpreter with torch, datasets and accelerate loaded, and the data set's token ids or pixels.
BASE = 700 * 2**20
# What is loaded after the data: parts of torch and, for the figures at the end, matplotlib.
LATER = 140 * 2**20
# Copies of the set: itself, gradient, two Adam moments, average, best, and one on its way to disk.
SET_COPIES = 7


def predicted_peak(
    recipe: Recipe, corpus: Corpus, network: str | nn.Module | None = None, device: torch.device = CPU
) -> int:
    """Bytes on `device` at the peak of outer steps and validations, from the shapes of what is held at once.

    Of a pool one network works at a time: the largest counts, and of the others what they are made of.
    """
    recipe = recipe.settled(len(corpus.classes), **corpus.found())
    peaks, held = [], []
    for name in recipe.learners:
        peak, module = _peak_of_one(recipe.alone(name), corpus, network, device)
        peaks.append(peak)
        held.append(module)
    place = peaks.index(max(peaks))
    return peaks[place] + sum(held) - held[place]


def _peak_of_one(
    recipe: Recipe, corpus: Corpus, network: str | nn.Module | None, device: torch.device
) -> tuple[int, int]:
    """Bytes at the peak where a network is the only one, and those that it takes when it does not work."""
    space, classes = corpus.train.space, len(corpus.classes)
    recipe = recipe.settled(classes, **corpus.found())
    steps, per_step = recipe.split(classes)
    # On "meta", shapes alone: the network itself may be too large.
    learner, shape = _learner(recipe, corpus, network, torch.device("meta"))
    together = min(per_step, recipe.inner_batch) if recipe.inner == "plain" else per_step
    samples, labels = (torch.empty(together, *size, device="meta") for size in (shape, (classes,)))
    mask = torch.ones(together, shape[0], dtype=torch.bool, device="meta") if space.kind == "text" else None
    networks = min(recipe.networks, recipe.networks_at_once)
    parameters = FLOAT * sum(value.numel() for value in learner.parameters().values())
    kernel = learner.kernel(recipe.unroll)
    front = 0 if kernel.front is None else steps * per_step * _front_bytes(kernel.front, shape)
    # A network's own numbers; the pretrained ones that every copy is made of stay in memory as they were read.
    weights = sum(value.nbytes for value in (*learner.module.parameters(), *learner.module.buffers()))
    read = weights if learner.pretrained and device.type == "cpu" else 0
    attention = first_attention(recipe, learner, samples[None], None)
    one_step = Step(samples, labels, mask, None if attention is None else attention[0])
    kept, working = kernel.step_bytes(one_step, networks, graph=recipe.unroll == "autograd")
    real = kernel.batch_bytes(corpus.train, min(recipe.batch_size, len(corpus.train)), networks, device=device)
    inner_steps = recipe.gradient_steps(steps)
    kept_steps = min(recipe.window or inner_steps, inner_steps)
    # Beside theta_t with momentum v_t, in plain training both moments and the gradient.
    theta = networks * parameters * (4 if recipe.inner == "plain" else 2 if recipe.momentum else 1)
    # The fixed start; theta after the last step, the gradient to it, and that of a step, which is stacked.
    beside = (1 if recipe.init == "fixed" else 0) + 3 * networks
    step = kept_steps * (theta + kept) + beside * parameters + working + real + front

    tested = min(recipe.validation_networks, recipe.networks_at_once) if recipe.init == "random" else 1
    batch = min(TEST_BATCH, max(len(corpus.validation), len(corpus.test)))
    tests = learner.kernel().batch_bytes(corpus.validation, batch, tested, gradient=False, device=device)
    numbers = per_step * samples[0].numel() + (0 if attention is None else attention.numel())
    # The test at the end makes a network of its own.
    tested_peak = tested * parameters + tests + weights
    # Parameters and both moments of networks that are kept in training.
    held = weights + 3 * recipe.inner_kept * parameters
    whole = BASE + read + held + SET_COPIES * FLOAT * steps * numbers + max(step, tested_peak)
    return whole, read + held + (parameters if recipe.init == "fixed" else 0)


def _front_bytes(front: Front, shape: Sequence[int]) -> int:
    """Bytes that the way back through a frozen front keeps of each distilled text (L, d)."""

    def kept(count: int) -> int:
        x = torch.empty(count, *shape, device="meta").requires_grad_()
        mask = torch.ones(count, shape[0], dtype=torch.bool, device="meta")
        return kept_bytes(lambda: front(x, mask))

    return kept(2) - kept(1)


def _runs_on_shapes(network: str) -> bool:
    """Whether a network is known to."""
    return entry_of(network).comes_with_tdd and not network.startswith(HUB)


def _learner(
    recipe: Recipe, corpus: Corpus, network: str | nn.Module | None, device: torch.device
) -> tuple[Learner, tuple[int, ...]]:
    """The network of a run, and the shape of a distilled example that it was found to read."""
    space = corpus.train.space
    used = network_to_use(recipe.network, network)
    learner = make_learner(used, recipe.options, space, len(corpus.classes), device)
    shape = (recipe.length, *space.shape[1:]) if space.kind == "text" else space.shape
    learner.check_reads(shape)
    return learner, shape


def check_memory(
    recipe: Recipe, corpus: Corpus, accelerator: Accelerator, network: str | nn.Module | None = None
) -> str:
    """A line that says what the run will take.

    Raises:
        UsageError: more than there is.
    """
    free, lower = free_bytes(accelerator.device), "lower n, max_length, batch_size, networks_at_once, epochs or options"
    try:
        predicted = predicted_peak(recipe, corpus, network, accelerator.device)
    except Exception as error:  # a user's own code may raise anything
        if "overflow" in str(error):  # torch has no such sizes, not even of what it does not make
            line = "not enough memory: a single tensor would take more than 2**63 bytes"
            raise UsageError(f"{line}; {lower}") from None
        if network is None and all(map(_runs_on_shapes, recipe.learners)):
            raise
        # Code of others may need numbers where shapes are all there is; whatever else is wrong with it is told here.
        learners = [_learner(recipe.alone(name), corpus, network, accelerator.device)[0] for name in recipe.learners]
        names = ", ".join(learner.name for learner in learners)
        return f"{names} does not run on shapes alone: its memory at the peak is unknown, {_gib(free)} free"
    if accelerator.device.type == "cpu":  # the processes of a machine share its memory
        free //= int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    more, peak = predicted, predicted
    if accelerator.device.type == "cpu":
        # What the data take is there already: it is measured, and so is what reading them took for a while.
        held, most = own_bytes()
        more = predicted - BASE + LATER
        peak = max(most, held + more)
    line = f"about {_gib(peak)} of memory at the peak, {_gib(free)} free"
    # Together: a process that left alone would keep the others waiting.
    if anyone(more > free, accelerator):
        raise UsageError(f"not enough memory: {line}; {lower}")
    return line


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
