"""How much memory is free, and how much of it a part of a computation takes."""

from types import SimpleNamespace

import psutil
import pytest
import torch
from patches import spy

from tdd.system.memory import free_bytes, part_bytes

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 1)


def test_a_part_stays_within_a_processor_s_cache():
    assert [part_bytes(CPU, size) for size in (1, 2**25)] == [1, 2**25]


def test_a_part_is_a_share_of_all_memory_of_an_accelerator_and_no_less_than_a_cache(monkeypatch):
    asked = []

    def properties(device):
        asked.append(device)
        return SimpleNamespace(total_memory=80 * 2**30)

    monkeypatch.setattr(torch.cuda, "get_device_properties", properties)
    assert part_bytes(CUDA, 2**25) == 5 * 2**30
    assert part_bytes(CUDA, 2**40) == 2**40
    assert asked == [CUDA, CUDA]
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 16 * 2**30)
    assert part_bytes(torch.device("mps"), 2**25) == 2**30


@pytest.mark.parametrize("device", [CPU, CUDA])
def test_free_memory_is_that_of_the_device(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (3 * 2**30, 80 * 2**30))
    host = spy(monkeypatch, psutil, "virtual_memory")
    free = free_bytes(device)
    assert (free == 3 * 2**30) == (device == CUDA) == (not host)
    assert free > 0
