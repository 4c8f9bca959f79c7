"""The device and threads of a run, and what processes share: networks, sums, wishes."""

import ast
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState

from tdd.errors import UsageError
from tdd.system import processes
from tdd.system.processes import accelerator, anyone, check_one_process, share_out, sums

TDD = Path(processes.__file__).parents[1]


@pytest.fixture(autouse=True)
def threads_and_device_as_before() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    AcceleratorState._reset_state(reset_partial_state=True)


def pretend(device: str) -> None:
    """Let Accelerate's state be one that was made on a machine with this device."""
    AcceleratorState._reset_state(reset_partial_state=True)
    Accelerator()
    for state in (PartialState, AcceleratorState):
        state._shared_state["device"] = torch.device(device)


# The device


@pytest.mark.parametrize("before", ["cuda", "cuda:1", "mps"])
def test_the_cpu_is_had_after_another_device_and_the_fastest_one_after_the_cpu(before: str, monkeypatch):
    pretend(before)
    assert Accelerator().device == torch.device(before)  # what Accelerate does by itself
    assert accelerator("cpu").device == torch.device("cpu")
    assert Accelerator().device == torch.device("cpu")
    monkeypatch.setattr(PartialState, "default_device", property(lambda self: torch.device(before)))
    assert accelerator("cpu").device.type == "cpu"
    assert accelerator().device == torch.device(before)
    assert accelerator("cpu").device.type == "cpu"


def test_the_device_that_is_named_is_no_setting_of_processes_started_later():
    before = dict(os.environ)
    accelerator("cpu")
    assert dict(os.environ) == before


def test_accelerators_of_one_run_share_their_state():
    first = accelerator("cpu")
    state = PartialState._shared_state["device"]
    second = accelerator("cpu")
    assert first.state.__dict__ is second.state.__dict__ and PartialState._shared_state["device"] is state


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_and_the_cpu_are_had_in_any_order():
    kinds = [accelerator(device).device.type for device in (None, "cpu", "cuda", "cpu", None, "cuda:0")]
    assert kinds == ["cuda", "cpu", "cuda", "cpu", "cuda", "cuda"]


@pytest.mark.parametrize(
    ("device", "line"),
    [
        ("cuda:99", "device: there is no 'cuda:99' on this machine; there is cpu"),
        ("cpu:1", "device: there is no 'cpu:1' on this machine; there is cpu"),
        ("meta", "device: there is no 'meta' on this machine; there is cpu"),
        ("warp", "device: 'warp' is none that torch knows; use cpu, cuda, cuda:1 or mps"),
        ("", "device: '' is none that torch knows; use cpu, cuda, cuda:1 or mps"),
        ("cuda:-1", "device: 'cuda:-1' is none that torch knows; use cpu, cuda, cuda:1 or mps"),
    ],
)
def test_a_device_that_is_not_there_or_is_none_is_one_line(device: str, line: str):
    with pytest.raises(UsageError) as refused:
        accelerator(device)
    assert str(refused.value).startswith(line)


def test_devices_that_are_there_are_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UsageError, match=r"there is no 'cuda:3' on this machine; there is cpu, cuda:0 to cuda:2$"):
        accelerator("cuda:3")


def test_nothing_else_asks_accelerate_for_a_device():
    makers = []
    for path in sorted(TDD.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in ("Accelerator", "PartialState", "AcceleratorState"):
                    makers.append(path.relative_to(TDD).as_posix())
    assert set(makers) == {"system/processes.py"}


# Threads


def test_threads_are_those_asked_for_and_else_stay_as_they_are():
    before = torch.get_num_threads()
    accelerator("cpu")
    assert torch.get_num_threads() == before
    for threads in (2, 1, 3):
        accelerator("cpu", threads)
        assert torch.get_num_threads() == threads


# What processes share


def alone(index: int, count: int) -> SimpleNamespace:
    return SimpleNamespace(process_index=index, num_processes=count, device=torch.device("mps"))


@pytest.mark.parametrize("networks", [1, 2, 3, 4, 6, 9])
@pytest.mark.parametrize("world", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_every_network_works_on_every_example_once_and_processes_do_alike(networks: int, world: int, at_once: int):
    done: Counter[tuple[int, int]] = Counter()
    loads = []
    for index in range(world):
        jobs = list(share_out(networks, at_once, alone(index, world)))
        assert all(1 <= len(members) <= at_once for members, _ in jobs)
        shards = {count for _, (_, count) in jobs}
        assert len(shards) == 1 and all(part < count for _, (part, count) in jobs)
        loads.append(sum(len(members) / count for members, (_, count) in jobs))
        done.update((network, part) for members, (part, _) in jobs for network in members)
    (count,) = shards
    assert done == Counter((network, part) for network in range(networks) for part in range(count))
    assert loads == pytest.approx([networks / world] * world)
    assert world != 1 or count == 1


def test_ever_so_many_networks_are_shared_out_one_group_after_the_other():
    jobs = share_out(10**12, 3, alone(1, 2))
    assert [next(jobs) for _ in range(2)] == [([1, 3, 5], (0, 1)), ([7, 9, 11], (0, 1))]


def test_a_process_alone_needs_no_device_to_know_its_sums_and_wishes():
    parts = [torch.tensor([0.25, 0.5], dtype=torch.float64)]  # which no mps device has
    assert sums(parts, alone(0, 1)) is parts
    assert anyone(True, alone(0, 1)) is True and anyone(False, alone(0, 1)) is False


def test_what_one_process_does_is_refused_to_several():
    check_one_process(alone(0, 1), "baselines are")
    with pytest.raises(UsageError, match=r"^baselines are measured by one process: start without torchrun"):
        check_one_process(alone(0, 2), "baselines are")
