"""Distilled sets compared to the last bit, and their files rewritten."""

import json

import torch
from safetensors.torch import load_file, save_file

from tdd.hub.layout import WEIGHTS


def tensors_of(distilled):
    tensors = {"samples": distilled.samples, "labels": distilled.labels, "rates": distilled.learning_rates}
    return tensors if distilled.momentum is None else tensors | {"momentum": distilled.momentum}


def assert_same_bits(one, other):
    for name, value in tensors_of(one).items():
        assert torch.equal(value, tensors_of(other)[name]), name


def rewrite(folder, change_tensors=lambda t: t, change_about=lambda a: a):
    path = folder / WEIGHTS
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["tdd"])
    tensors = {name: value.clone() for name, value in load_file(path).items()}
    save_file(change_tensors(tensors), path, {"tdd": json.dumps(change_about(about))})
