"""What ``results.json`` keeps of how a set was made."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

import torch

from tdd.distillation.distiller import Distiller
from tdd.evaluation.evaluation import Evaluation
from tdd.system.version import __version__


def train_seconds(evaluation: Evaluation) -> dict[str, float]:
    """What is kept of how long it takes to train a network on the set; nothing where none was trained."""
    return {} if evaluation.train_seconds is None else {"train_seconds": round(evaluation.train_seconds, 3)}


def about_distillation(distiller: Distiller) -> dict[str, Any]:
    """What ``results.json`` keeps of a distillation."""
    recipe, state, accelerator = distiller.recipe, distiller.state, distiller.accelerator
    changed = _share_of_words_changed(distiller)
    by_network = dict(zip(recipe.pool, state.best_of_each, strict=True)) if recipe.pool else {}
    return {
        "outer_steps": state.step,
        "best_step": state.best_step,
        "validation_accuracy": state.best_accuracy,
        **({} if recipe.metric == "accuracy" else {"metric": recipe.metric}),
        **({"validation_by_network": by_network} if by_network else {}),
        **({} if changed is None else {"words_changed": round(changed, 4)}),
        "seconds": round(state.seconds, 1),
        "processes": accelerator.num_processes,
        "hardware": _hardware(accelerator.device),
        "versions": {"python": platform.python_version(), "tdd": __version__, "torch": version("torch")},
    }


def _share_of_words_changed(distiller: Distiller) -> float | None:
    """Share of the words of the best set that are others than at the start; None of samples that are no words."""
    state, finished = distiller.state, distiller.parametrisation.finished
    first, best = (finished(raw)[1] for raw in (state.first_samples, (state.best or state.average)["samples"]))
    return None if first is None or best is None else best.share_changed(first)


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}, {platform.machine()}"
