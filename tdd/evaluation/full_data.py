"""The same network trained on all the data: what the distillation ratio compares a distilled set with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from tdd.data.corpus import Corpus
from tdd.data.protocols import Split
from tdd.distillation.accuracy import accuracy
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Kernel
from tdd.networks.learner import Learner, make_learner
from tdd.networks.own import network_to_use
from tdd.settings.fields import settings_of
from tdd.settings.networks import entry_of
from tdd.settings.parts import FullSettings
from tdd.settings.recipe import Recipe
from tdd.system.files import cache_folder, read_json, write_json
from tdd.system.processes import accelerator as default_accelerator
from tdd.system.seeds import generator
from tdd.system.version import __version__

# Validations without a gain after which training on all the data stops.
PATIENCE = 3

# The keys of its results.
FULL_RESULTS = ("accuracy", "validation_accuracy", "epoch", "test_examples")


def train_on_all(
    recipe: Recipe,
    corpus: Corpus,
    accelerator: Accelerator | None = None,
    on_epoch: Callable[[int, float], None] = lambda epoch, accuracy: None,
    network: str | nn.Module | None = None,
) -> dict[str, Any]:
    """Test accuracy of the recipe's network trained on the whole training split.

    That of a network that comes with tdd is kept in a cache; the code of others may change.

    Adam with dropout; the epoch best on held-out data is tested, once, on the whole test split.

    Returns:
        `FULL_RESULTS`: "accuracy" and "validation_accuracy" in [0, 1], the best "epoch", counted from 1, and the number
        of "test_examples".
    """
    accelerator = accelerator or default_accelerator()
    network = network_to_use(recipe.network, network)
    space = corpus.train.space
    learner = make_learner(network, recipe.options, space, len(corpus.classes), accelerator.device)
    if isinstance(network, nn.Module) or not entry_of(network).comes_with_tdd:
        return _train_on_all(learner, recipe, corpus, on_epoch)
    settings: dict[str, Any] = {"network": recipe.network, "options": recipe.options.model_dump(), "seed": recipe.seed}
    settings["tdd"] = __version__
    # Sentences are encoded whole, whatever is read of them.
    settings |= {"shape": space.shape, "parameters": learner.signature()}
    settings |= {setting.name: getattr(recipe, setting.name) for setting in settings_of(FullSettings, "full")}
    key = hashlib.sha256(json.dumps([corpus.fingerprint, settings]).encode()).hexdigest()[:32]
    path = cache_folder() / "full" / f"{key}.json"
    if path.exists():
        cached: dict[str, Any] = read_json(path)
        return cached
    result = _train_on_all(learner, recipe, corpus, on_epoch)
    write_json(path, result)
    return result


def _train_on_all(
    learner: Learner, recipe: Recipe, corpus: Corpus, on_epoch: Callable[[int, float], None]
) -> dict[str, Any]:
    kernel, device = learner.kernel(), learner.device
    theta = learner.starts(recipe.seed, "full", "network")
    optimiser = torch.optim.Adam(list(theta.values()), lr=recipe.full_lr)
    best, best_theta, best_epoch = -1.0, theta, 0
    for epoch in range(1, recipe.full_epochs + 1):
        order = generator(recipe.seed, "full", "order", epoch)
        dropout = generator(recipe.seed, "full", "dropout", epoch)
        train_epoch(kernel, theta, optimiser, corpus.train, recipe.full_batch_size, order, dropout)
        held_out = accuracy(kernel, theta, corpus.validation, device).item()
        on_epoch(epoch, held_out)
        if held_out > best:
            best, best_epoch = held_out, epoch
            best_theta = {name: value.clone() for name, value in theta.items()}
        elif epoch - best_epoch >= PATIENCE:
            break
    return {
        "accuracy": accuracy(kernel, best_theta, corpus.test, device).item(),
        "validation_accuracy": best,
        "epoch": best_epoch,
        "test_examples": len(corpus.test),
    }


def train_epoch(
    kernel: Kernel,
    theta: Parameters,
    optimiser: torch.optim.Optimizer,
    examples: Split,
    batch_size: int,
    order: torch.Generator,
    dropout: torch.Generator | None,
) -> None:
    """One pass of `optimiser`, which holds the stacked `theta`, over all examples in a random order, in mini-batches.

    Dropout is on where a generator is given.
    """
    device = next(iter(theta.values())).device
    for chosen in torch.randperm(len(examples), generator=order).split(batch_size):
        _, gradient = kernel.loss(theta, examples.batch(chosen).to(device), dropout)
        for name, value in theta.items():
            value.grad = gradient[name]
        optimiser.step()
