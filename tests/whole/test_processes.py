"""Several processes share the networks out and learn the set that one process learns; each stops and goes on as one."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tdd.distilled_set.set import DistilledSet

pytestmark = pytest.mark.slow

ONE_NETWORK = """
    --n 4 --set max_length=8 --set batch_size=16
    --set learning_rate=0.5 --set validate_every=5 --set test_networks=3 --set checkpoint_every=5
"""
SETTINGS = f"{ONE_NETWORK} --init random --set networks=4 --set filters=8 --set widths=[1,2]"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[str]:
    """A data set of two classes and its word vectors, as the command line takes them."""
    folder = tmp_path_factory.mktemp("files")
    random = np.random.default_rng(0)
    words = [f"word{letter}" for letter in "abcdefghijklmnop"]
    rows = ["text,label"]
    for i in range(160):
        own = words[:8] if i % 2 else words[8:]
        rows.append(" ".join(random.choice(own, 5)) + f",class{i % 2}")
    (folder / "data.csv").write_text("\n".join(rows))
    lines = [f"{word} " + " ".join(f"{x:.4f}" for x in random.standard_normal(5)) for word in words]
    (folder / "vectors.txt").write_text("\n".join([f"{len(words)} 5", *lines]))
    return [str(folder / "data.csv"), "--vectors", str(folder / "vectors.txt")]


def command(processes: int, *arguments: str) -> list[str]:
    if processes == 1:
        return [sys.executable, "-m", "tdd", *arguments]
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    return [sys.executable, *launcher, "-m", "--", "tdd", *arguments]


def start(processes: int, *arguments: str) -> subprocess.Popen:
    # One thread each: two processes on two cores, and rounding that does not depend on the number of cores.
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command(processes, *arguments), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


def without_times(output: str) -> str:
    """What was printed, but for how long it took."""
    return re.sub(r"\d+(\.\d+)? s ", "N s ", output)


def wait_for_step(folder: Path, step: int, process: subprocess.Popen) -> None:
    while process.poll() is None:
        if (folder / "log.jsonl").exists() and len((folder / "log.jsonl").read_text().splitlines()) >= step:
            return
        time.sleep(0.02)
    raise AssertionError(f"the run ended before step {step}: {process.communicate()[1]}")


def assert_same_to_rounding(one: Path, other: Path) -> None:
    first, second = DistilledSet.from_pretrained(one), DistilledSet.from_pretrained(other)
    for name in ("samples", "labels", "learning_rates", "momentum"):
        torch.testing.assert_close(getattr(first, name), getattr(second, name), rtol=1e-3, atol=1e-4)
    assert first.results["evaluation"]["random"]["accuracies"] == second.results["evaluation"]["random"]["accuracies"]


@pytest.mark.parametrize(
    "more",
    [
        "momentum=0.5 word_dropout=0.2",
        "samples=words commitment=0.1 samples_lr=0.5",
        "samples=phrases exchange_every=1",
    ],
)
def test_two_processes_learn_the_set_of_one_and_only_the_first_speaks(files, tmp_path, more):
    outputs = {}
    for processes in (1, 2):
        run = ["--outer-steps", "10", "--output", str(tmp_path / str(processes))]
        run += [part for setting in more.split() for part in ("--set", setting)]
        code, outputs[processes], err = finish(start(processes, "distill", *files, *SETTINGS.split(), *run))
        assert code == 0, err
        assert err.count("10/10") == 1
    said = [without_times(outputs[count]).replace(str(tmp_path / str(count)), "run") for count in (1, 2)]
    assert said[0] == said[1]
    assert_same_to_rounding(tmp_path / "1", tmp_path / "2")


@pytest.mark.parametrize(
    "more",
    [
        "filters=8 widths=[1,2] momentum=0.5 word_dropout=0.2",
        "network=mean_pool samples_init=real",
        "pool=[text_cnn,mean_pool] filters=8 widths=[1,2] pool_order=averaged",
    ],
)
def test_processes_that_share_the_examples_of_one_network_learn_the_set_of_one(files, tmp_path, more):
    for processes in (1, 2, 3):
        run = ["--outer-steps", "4", "--output", str(tmp_path / str(processes))]
        run += [part for setting in more.split() for part in ("--set", setting)]
        code, _, err = finish(start(processes, "distill", *files, *ONE_NETWORK.split(), *run))
        assert code == 0, err
    one, *others = (DistilledSet.from_pretrained(tmp_path / str(processes)) for processes in (1, 2, 3))
    assert one.results["distillation"]["processes"] == 1
    for count, other in enumerate(others, 2):
        assert other.results["distillation"]["processes"] == count
        for name in ("samples", "labels", "learning_rates", "momentum", "initialisation"):
            torch.testing.assert_close(getattr(other, name), getattr(one, name), rtol=1e-6, atol=1e-6)
        for name in ("best_step", "validation_accuracy"):
            assert other.results["distillation"][name] == one.results["distillation"][name]
        assert other.results["evaluation"] == one.results["evaluation"]


def test_two_processes_stop_together_and_any_number_goes_on(files, tmp_path):
    steps = ["--outer-steps", "400", "--set", "validate_every=100"]
    stopped = start(2, "distill", *files, *SETTINGS.split(), *steps, "--output", str(tmp_path / "run"))
    wait_for_step(tmp_path / "run", 6, stopped)
    stopped.send_signal(signal.SIGINT)
    code, _, err = finish(stopped)
    assert code != 0
    assert "go on with: tdd distill --resume" in err
    done = len((tmp_path / "run" / "log.jsonl").read_text().splitlines())
    assert 6 <= done < 400
    code, _, err = finish(start(1, "distill", "--resume", str(tmp_path / "run")))
    assert code == 0, err
    assert f"going on after outer step {done}" in err
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == 400


def test_two_processes_whose_minutes_are_over_end_well_and_say_once_how_to_go_on(files, tmp_path):
    run = tmp_path / "run"
    stopped = start(2, "distill", *files, *SETTINGS.split(), "--max-minutes", "1e-9", "--output", str(run))
    code, _, err = finish(stopped)
    assert code == 0, err
    assert err.count("max_minutes are over: stopped after 1 of ") == 1
    assert err.count(f"go on with: tdd distill --resume {run}") == 1 and "Failure" not in err and "FAILED" not in err
    assert (run / "checkpoints" / "last.safetensors").exists()


def test_a_process_that_dies_ends_the_run_and_leaves_it_resumable(files, tmp_path):
    run = tmp_path / "run"
    arguments = ["distill", *files, *SETTINGS.split(), "--outer-steps", "3000", "--output", str(run)]
    whole = start(2, *arguments)
    wait_for_step(run, 6, whole)
    children = Path(f"/proc/{whole.pid}/task/{whole.pid}/children").read_text().split()
    os.kill(int(children[-1]), signal.SIGKILL)
    code, _, _ = finish(whole)
    assert code != 0
    assert (run / "checkpoints" / "last.safetensors").exists()
    resumed = start(1, "distill", "--resume", str(run))
    wait_for_step(run, 30, resumed)
    resumed.send_signal(signal.SIGINT)
    code, _, err = finish(resumed)
    assert code == 130
    assert "going on after outer step" in err
