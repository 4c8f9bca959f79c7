"""``--device`` and ``--threads`` say where a run is computed, and a wrong one is a line before anything is read."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from command import distil_command, files_below, tdd

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.settings.recipe import Recipe


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("option", "line"),
    [
        (["--device", "cuda:99"], "device: there is no 'cuda:99' on this machine; there is cpu"),
        (["--device", "warp"], "device: 'warp' is none that torch knows; use cpu, cuda, cuda:1 or mps"),
        (["--threads", "0"], "threads"),
        (["--threads", "99999"], "threads"),
    ],
)
def test_a_wrong_device_or_number_of_threads_is_one_line_for_every_verb(option: list[str], line: str, run: Path, given):
    before = {name: (run / name).read_bytes() for name in files_below(run) if (run / name).is_file()}
    verbs = [
        distil_command(*given, run.parent / "other"),
        ["distill", "--resume", run],
        ["evaluate", run],
        ["baselines", "--run", run],
        ["baselines", given[0], "--vectors", given[1], "--output", run.parent / "other"],
        ["size", given[0], "--vectors", given[1], "--runs", run.parent / "other"],
    ]
    for verb in verbs:
        done = tdd(*verb, *option)
        assert (done.code, done.err.count("\n")) == (2, 1), (verb, done.err)
        assert line in done.one_line()
    assert {name: (run / name).read_bytes() for name in files_below(run) if (run / name).is_file()} == before
    assert not (run.parent / "other").exists()


def test_a_run_uses_as_many_threads_as_it_is_told_and_learns_the_same_set(given, run: Path, tmp_path: Path):
    done = tdd(*distil_command(*given, tmp_path / "two"), "--threads", 2, "--device", "cpu")
    assert done.code == 0, done.err
    assert torch.get_num_threads() == 2
    distilled = json.loads((tmp_path / "two/results.json").read_text())["distillation"]
    assert distilled["hardware"].startswith("CPU, 2 threads")
    recipe = Recipe.load(tmp_path / "two" / "recipe.yaml")
    assert (recipe.threads, recipe.device) == (2, "cpu")
    for name in ("samples", "labels", "learning_rates"):
        ours, theirs = (getattr(DistilledSet.from_pretrained(folder), name) for folder in (run, tmp_path / "two"))
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_a_set_is_evaluated_and_compared_with_baselines_wherever_it_was_made(run: Path):
    recipe = Recipe.load(run / "recipe.yaml")
    recipe.model_copy(update={"device": "cuda:99", "threads": 3}).save(run / "recipe.yaml")
    done = tdd("evaluate", run, "--threads", 2)
    assert done.code == 0 and torch.get_num_threads() == 2, done.err
    done = tdd("baselines", "--run", run, "--only", "average", "--threads", 1, "--device", "cpu")
    assert done.code == 0 and torch.get_num_threads() == 1, done.err
    assert tdd("distill", "--resume", run).one_line().startswith("device: there is no 'cuda:99'")
    assert tdd("distill", "--resume", run, "--device", "cpu").code == 0


def test_what_is_published_says_nothing_of_the_machine(run: Path):
    made = DistilledSet.from_pretrained(run)
    changed = {"device": "cuda:1", "threads": 3, "max_minutes": 5.0, "report_to": "trackio", "data": "/home/me/x"}
    made.recipe = made.recipe.model_copy(update=changed)
    shared = public(made).recipe
    assert {name: getattr(shared, name) for name in changed} == {name: getattr(Recipe(), name) for name in changed}
    assert shared.n == made.recipe.n
