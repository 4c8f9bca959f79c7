"""What is learned stands for values that are allowed."""

import torch

from tdd.distillation.learned_tensors import momentum_of


def test_any_raw_momentum_is_below_one():
    assert momentum_of({"raw_momentum": torch.tensor(1e3)}) < 1
    assert momentum_of({"raw_momentum": torch.tensor(-1e3)}) == 0
