"""The memory that automatic differentiation keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks


def kept_bytes(make: Callable[[], Any]) -> int:
    """Bytes that `make` keeps in the graph of its result."""
    storages = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        # The storage is kept too: a place freed could be taken by another one.
        storages[storage._cdata] = storage
        # Without its own place in the graph: an output that the graph keeps, and that keeps the graph, is never freed.
        return tensor.detach()

    with torch.enable_grad(), saved_tensors_hooks(pack, lambda tensor: tensor):
        make()
    return sum(storage.nbytes() for storage in storages.values())
