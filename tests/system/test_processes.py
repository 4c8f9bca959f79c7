"""Figures shared among processes."""

import torch

from tdd.system.processes import gather


def test_a_process_alone_needs_no_device_to_know_its_figures():
    class Alone:
        num_processes = 1
        device = torch.device("mps")  # which has no float64, and is not here

    assert gather({1: 0.25, 0: 0.5}, 2, Alone()) == [0.5, 0.25]
