"""``tdd distill --resume`` goes on with the run as it was started, or says in one line why it does not."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from command import distil_command, files_below, tdd

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
