"""``tdd distill --resume`` goes on with the run as it was started, or says in one line why it does not."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from command import STEPS, distil_command, files_below, tdd
from whole_runs import assert_same_run

from tdd.distillation.distiller import Distiller
from tdd.settings.recipe import Recipe


def test_there_must_be_a_run_to_go_on_with(tmp_path):
    done = tdd("distill", "--resume", tmp_path / "nothing")
    assert "no run in" in done.one_line()
    assert "start one with: tdd distill DATASET" in done.one_line()
    assert (done.code, files_below(tmp_path)) == (2, [])


@pytest.mark.parametrize(
    "extra",
    [
        ["imdb"],
        ["--n", "3"],
        ["--set", "n=3"],
        ["--set", "max_minutes=3"],
        ["--recipe", "imdb"],
        ["--output", "x"],
        ["--network", "mean_pool"],
        ["--set", "outer_steps=20"],
    ],
)
def test_a_run_goes_on_as_it_was_started(run, extra):
    done = tdd("distill", "--resume", run, *extra)
    assert "--resume goes on with the run as it was started: give it no data set and no settings" in done.one_line()
    assert done.code == 2


def test_going_on_with_a_finished_run_changes_nothing(run):
    tdd("evaluate", run, "--networks", 2)
    before = {name: (run / name).read_bytes() for name in files_below(run) if (run / name).is_file()}
    done = tdd("distill", "--resume", run)
    assert done.code == 0, done.err
    assert "the run was finished before" in done.err
    assert "over 2 networks" in done.out
    assert {name: (run / name).read_bytes() for name in files_below(run) if (run / name).is_file()} == before


def test_going_on_with_another_recipe_is_refused(run):
    path = run / "recipe.yaml"
    settings = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(settings | {"samples_lr": 0.5}))
    done = tdd("distill", "--resume", run)
    before = settings["samples_lr"]
    assert f"belongs to another recipe (samples_lr: {before} there, 0.5 now)" in done.one_line()
    assert done.code == 1


def test_going_on_with_a_recipe_broken_by_hand_is_refused(run):
    with open(run / "recipe.yaml", "a") as file:
        file.write("bogus: 3\n")
    for arguments in (["distill", "--resume", run], ["evaluate", run], ["decode", run]):
        done = tdd(*arguments)
        assert f"{run / 'recipe.yaml'}: unknown setting 'bogus'" in done.one_line()
        assert done.code == 2


def test_going_on_with_other_data_is_refused_with_what_has_changed(given, tmp_path):
    data = Path(shutil.copy(given[0], tmp_path / "data.csv"))
    assert tdd(*distil_command(data, given[1], tmp_path / "run")).code == 0
    names, *rows = data.read_text().splitlines()

    def told(*lines: str) -> str:
        data.write_text("\n".join([*lines, ""]))
        done = tdd("distill", "--resume", tmp_path / "run")
        assert done.code == 1
        found = re.search(r"belongs to other data \((.*)\); resume with what it was made with", done.one_line())
        assert found, done.err
        return found[1]

    fewer = told(names, *rows[:100])
    assert re.search(r"\d+ train examples instead of \d+; .*\d+ test examples instead of \d+", fewer)
    semicolons = told(*(line.replace(",", ";") for line in [names, *rows[:100]]))
    assert semicolons == f"{fewer}; separator ';' instead of ','"
    assert told(names, *rows, *(f"word1 word{number},ugly" for number in range(9))).startswith("new classes: ugly; ")
    assert told(names, *(f"word39 {row}" for row in rows)).startswith("other texts in train, validation, test")
    renamed = told(names.replace("text", "review"), *rows[:100])
    assert renamed == f"{fewer}; text column review instead of text"


def test_a_run_goes_on_with_the_same_rows_written_otherwise(given, tmp_path):
    data = Path(shutil.copy(given[0], tmp_path / "data.csv"))
    assert tdd(*distil_command(data, given[1], tmp_path / "run")).code == 0
    data.write_text(data.read_text().replace(",", ";"), encoding="utf-16")
    done = tdd("distill", "--resume", tmp_path / "run")
    assert done.code == 0 and "the run was finished before" in done.err


def test_a_run_is_resumed_where_its_data_lie_now(given, tmp_path):
    data = Path(shutil.copy(given[0], tmp_path / "data.csv"))
    assert tdd(*distil_command(data, given[1], tmp_path / "run")).code == 0
    moved = data.rename(tmp_path / "moved.csv")
    assert "no file or folder" in tdd("distill", "--resume", tmp_path / "run").one_line()
    done = tdd("distill", "--resume", tmp_path / "run", "--data", moved)
    assert done.code == 0 and "the run was finished before" in done.err
    assert Recipe.load(tmp_path / "run" / "recipe.yaml").data is None


def test_what_a_run_is_resumed_with_is_printed_without_resuming_it(run):
    before = files_below(run)
    done = tdd("distill", "--resume", run, "--threads", 3, "--max-minutes", 2, "--report-to", "trackio", "--dry-run")
    printed = Recipe.build(yaml.safe_load(done.out))
    changed = {"threads": 3, "max_minutes": 2.0, "report_to": "trackio"}
    assert printed == Recipe.load(run / "recipe.yaml").model_copy(update=changed)
    assert files_below(run) == before


@pytest.mark.parametrize(
    ("flag", "value"), [("--threads", "0"), ("--threads", "5000"), ("--max-minutes", "0"), ("--max-minutes", "nan")]
)
def test_what_a_run_is_resumed_with_is_checked_as_at_its_start(run, flag, value):
    resumed, started = tdd("distill", "--resume", run, flag, value), tdd("distill", "data.csv", flag, value)
    assert (resumed.code, resumed.one_line()) == (2, started.one_line())
    assert f"settings: {flag[2:].replace('-', '_')}: " in resumed.one_line()


def test_a_finished_run_goes_on_with_more_outer_steps_and_keeps_both_parts(run):
    before = json.loads((run / "results.json").read_text())
    assert tdd("evaluate", run, "--full", "--networks", 2).code == 0
    done = tdd("distill", "--resume", run, "--outer-steps", STEPS + 8)
    assert done.code == 0, done.err
    assert f"going on after outer step {STEPS}" in done.err
    assert f"went on after {STEPS} outer steps: held-out" in done.out
    recipe = Recipe.load(run / "recipe.yaml")
    assert (recipe.outer_steps, recipe.restarts) == (STEPS + 8, [STEPS])
    results = json.loads((run / "results.json").read_text())
    assert results["distillation"]["outer_steps"] == STEPS + 8
    (part,) = results["distillation"]["parts"]
    assert part["test"]["fixed"] == before["evaluation"]["fixed"]["mean"] and part["outer_steps"] == STEPS
    assert "full_data" in results and "random" not in results["evaluation"]  # that of the set before
    assert len((run / "log.jsonl").read_text().splitlines()) == STEPS + 8
    assert f"it went on after {STEPS} of these steps" in (run / "README.md").read_text()
    assert "the run was finished before" in tdd("distill", "--resume", run).err
    # And once more.
    assert tdd("distill", "--resume", run, "--outer-steps", STEPS + 10).code == 0
    results = json.loads((run / "results.json").read_text())
    assert [part["outer_steps"] for part in results["distillation"]["parts"]] == [STEPS, STEPS + 8]


def test_a_run_that_goes_on_and_is_stopped_is_resumed_to_the_same_bytes(run, tmp_path, monkeypatch):
    whole = shutil.copytree(run, tmp_path / "whole")
    assert tdd("distill", "--resume", whole, "--outer-steps", STEPS + 8).code == 0
    outer_step = Distiller._finite_outer_step

    def killed(self):
        if self.state.step == STEPS + 6:
            raise SystemExit(9)
        return outer_step(self)

    with monkeypatch.context() as patch:
        patch.setattr(Distiller, "_finite_outer_step", killed)
        assert tdd("distill", "--resume", run, "--outer-steps", STEPS + 8).code == 9
    assert tdd("distill", "--resume", run).code == 0
    assert_same_run(run, whole)


def test_a_run_goes_on_with_more_outer_steps_once_it_is_finished_and_only_with_more(run, given, tmp_path):
    for steps in (STEPS - 1, STEPS - 4):
        done = tdd("distill", "--resume", run, "--outer-steps", steps)
        assert f"has done {STEPS} outer steps: name more" in done.one_line() and done.code == 2
    assert "finished before" in tdd("distill", "--resume", run, "--outer-steps", STEPS).err
    (run / "results.json").unlink()
    done = tdd("distill", "--resume", run, "--outer-steps", STEPS + 5)
    assert "is not finished: go on with it first" in done.one_line() and done.code == 2


def test_what_a_run_goes_on_with_is_printed_without_going_on(run):
    printed = yaml.safe_load(tdd("distill", "--resume", run, "--outer-steps", STEPS + 8, "--dry-run").out)
    assert (printed["outer_steps"], printed["restarts"]) == (STEPS + 8, [STEPS])
    assert Recipe.load(run / "recipe.yaml").restarts == []


@pytest.mark.parametrize("damage", ["lost", "truncated", "empty"])
def test_a_finished_run_whose_set_is_lost_or_truncated_writes_it_again(run, damage):
    assert tdd("evaluate", run, "--networks", 2).code == 0
    weights = run / "distilled.safetensors"
    before = {name: (run / name).read_bytes() for name in files_below(run) if (run / name).is_file()}
    weights.unlink()
    if damage != "lost":
        weights.write_bytes(before["distilled.safetensors"][: -100 if damage == "truncated" else 0])
    line = tdd("evaluate", run).one_line()
    assert line.endswith(f"from the checkpoint with: tdd distill --resume {run}") and "not finished" not in line
    done = tdd("distill", "--resume", run)
    assert done.code == 0, done.err
    assert "its set is written again from the checkpoint" in done.err and "over 2 networks" in done.out
    assert {name: (run / name).read_bytes() for name in files_below(run) if (run / name).is_file()} == before


def test_a_finished_run_whose_results_are_damaged_is_tested_again(run):
    before = json.loads((run / "results.json").read_text())
    (run / "results.json").write_text("{")
    done = tdd("distill", "--resume", run)
    assert done.code == 0, done.err
    after = json.loads((run / "results.json").read_text())
    assert after["evaluation"] == before["evaluation"]


def test_a_finished_run_that_lost_its_checkpoint_is_not_run_again(run):
    before = (run / "distilled.safetensors").read_bytes()
    (run / "checkpoints" / "last.safetensors").unlink()
    done = tdd("distill", "--resume", run)
    assert done.code == 0 and "the run was finished before" in done.err and "outer loss" not in done.err
    done = tdd("distill", "--resume", run, "--outer-steps", STEPS + 4)
    assert f"start a new run from its set (--start-from {run})" in done.one_line()
    assert (run / "distilled.safetensors").read_bytes() == before
    (run / "checkpoints" / "last.safetensors").write_bytes(b"half")
    line = tdd("distill", "--resume", run).one_line()
    assert "get a fresh copy, or remove it: a finished run is read without it" in line
