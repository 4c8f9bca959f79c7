"""A value that no machine has the memory for is refused with the memory it would take, and without taking it."""

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
import torch
from command import distil_command, files_below, tdd
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.memory import predicted_peak
from tdd.settings.fields import LARGEST
from tdd.system.processes import accelerator

GIB = 2**30


@contextmanager
def little_memory(more: int = 2 * GIB) -> Iterator[None]:
    """Nobody gets more than this beyond what the process has."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + more, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def test_the_limit_is_felt():
    with little_memory(), pytest.raises((RuntimeError, MemoryError)):
        torch.empty(4 * GIB, dtype=torch.uint8)


MANY = {
    # name: (flags, settings, least memory that the line must name, GiB)
    "n": (["--n", 10**9], {}, 1000),
    "n of words": (["--n", 10**9, "--samples", "words"], {}, 1000),
    "n of real sentences": (["--n", 10**9], {"samples_init": "real"}, 1000),
    "max_length": ([], {"max_length": 10**9}, 500),
    "max_length of words": (["--samples", "words"], {"max_length": 10**9}, 500),
    "option by path": ([], {"options.filters": 10**10}, 1000),
    "option by name": ([], {"filters": 10**10}, 1000),
    "widths": ([], {"widths": f"[{10**9}]", "max_length": 10**9}, 10**9),
    "epochs": (["--epochs", 10**10], {}, 1000),
    "epochs with momentum": (["--epochs", 10**10], {"momentum": 0.5}, 1000),
    "the graph of all steps": (["--epochs", 10**10], {"unroll": "autograd"}, 1000),
    "networks": (["--init", "random"], {"networks": 10**9, "networks_at_once": 10**9}, 1000),
    "networks validated": (["--init", "random"], {"validation_networks": 10**9, "networks_at_once": 10**9}, 1000),
    "rematerialised, sentences": ([], {"max_length": 10**9, "unroll": "rematerialised"}, 500),
}
AVERAGES = {
    "units": {"hidden": 10**10},
    "units of several layers": {"options.hidden": 10**9, "layers": 3},
    "long sentences": {"max_length": 10**9},
    "long real sentences": {"max_length": 10**10, "sample_length": 8},
}


def refused(command: list[str], least: int, given, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tdd.runs.distill.Distiller", None)  # nothing is begun
    before = files_below(tmp_path)
    with little_memory():
        done = tdd(*command)
    line = done.one_line()
    found = re.fullmatch(
        r"not enough memory: about ([\d.]+) GiB of memory at the peak, [\d.]+ GiB free; lower n, max_length, .*", line
    )
    assert done.code == 2 and found is not None, line
    assert float(found[1]) >= least
    assert files_below(tmp_path) == before


@pytest.mark.parametrize("case", MANY)
def test_too_much_is_refused_with_the_memory_it_would_take(case: str, given, tmp_path, monkeypatch):
    flags, settings, least = MANY[case]
    refused([*distil_command(*given, tmp_path / "run", **settings), *flags], least, given, tmp_path, monkeypatch)


@pytest.mark.parametrize("case", AVERAGES)
def test_so_it_is_for_networks_without_closed_form(case: str, given, tmp_path, monkeypatch):
    settings = [part for name, value in AVERAGES[case].items() for part in ("--set", f"{name}={value}")]
    command = ["distill", *given[:1], "--n", 4, "--vectors", given[1], "--network", "mean_pool", "--output"]
    refused([*command, tmp_path / "run", *settings], 200, given, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("network", "settings"),
    [
        ("convnet", {"filters": 10**8}),
        ("lenet", {"n": 10**10}),
        ("alexcifarnet", {"epochs": 10**10}),
        ("lenet", {"epochs": 10**10, "unroll": "autograd"}),
    ],
)
def test_so_it_is_for_images(network: str, settings: dict[str, object], given, tmp_path, monkeypatch):
    command = ["distill", "digits", "--network", network, "--output", tmp_path / "run"]
    command += [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    refused(command, 1000, given, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "settings",
    [{"n": LARGEST, "max_length": LARGEST}, {"widths": f"[{LARGEST}]", "max_length": LARGEST, "filters": LARGEST}],
)
def test_sizes_beyond_all_numbers_are_a_line_too(settings: dict[str, object], given, tmp_path, monkeypatch):
    monkeypatch.setattr("tdd.runs.distill.Distiller", None)
    flags = ["--n", settings.pop("n")] if "n" in settings else []
    with little_memory():
        done = tdd(*distil_command(*given, tmp_path / "run", **settings), *flags)
    assert done.code == 2
    assert done.one_line().startswith("not enough memory: a single tensor would take more than 2**63 bytes; lower n, ")


def test_layers_are_bounded_since_each_takes_time_to_make(given):
    done = tdd("distill", given[0], "--network", "mean_pool", "--set", f"layers={10**9}")
    assert (done.code, "options.layers: Input should be less than or equal to 100" in done.one_line()) == (2, True)


def test_a_large_bound_that_data_do_not_reach_costs_nothing(given, tmp_path):
    settings = {"max_length": 10**9, "sample_length": 8, "batch_size": LARGEST, "networks_at_once": LARGEST}
    more = {"max_validation": LARGEST, "validate_every": LARGEST, "checkpoint_every": LARGEST, "warmup": LARGEST}
    with little_memory():
        done = tdd(*distil_command(*given, tmp_path / "run", outer_steps=1, **settings | more))
    assert done.code == 0, done.err


def test_what_is_predicted_grows_with_what_is_asked_for():
    corpus = tiny_corpus()
    usual = predicted_peak(tiny_recipe(), corpus)
    for settings in ({"n": 10**6}, {"filters": 10**6}, {"epochs": 10**6}, {"steps": 4, "n": 4 * 10**5}):
        assert predicted_peak(tiny_recipe(**settings), corpus) > 2 * usual
    assert accelerator("cpu").device.type == "cpu" and isinstance(usual, int)
