"""The precision that float32 arithmetic has on accelerators."""

from __future__ import annotations

from typing import Any, Literal

import torch


def set_float32_precision(precision: Literal["ieee", "tf32"]) -> None:
    """Let products and convolutions of float32 numbers be exact ("ieee") or rounded to TensorFloat-32 on CUDA.

    CUDA rounds convolutions by default, by 1e-3: a maximum then has another winner in a convolution than in the
    derivative that is taken of it.
    """
    backends: Any = torch.backends  # torch's types leave these out
    for operations in (backends.cudnn.conv, backends.cudnn.rnn, backends.cuda.matmul):
        operations.fp32_precision = precision
