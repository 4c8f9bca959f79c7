"""A full disk harms no run, and a run from Python is that of the command line, without a word."""

from pathlib import Path

import pytest
from command import STEPS, distil_command, files_below, tdd
from whole_runs import RANDOM, assert_same_run, lines_of

import tdd as package
from tdd.distilled_set import run_log
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.settings.recipe import Recipe


@pytest.mark.parametrize("name", ["last.safetensors", "log.jsonl", "results.json", "recipe.yaml"])
def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(
    given, uninterrupted, tmp_path, monkeypatch, name
):
    output = tmp_path / "run"
    replace, add = Path.replace, run_log.Log.add

    def full(path: Path, target: Path) -> Path:
        if target.name == name and (name != "last.safetensors" or len(lines_of(output)) > STEPS / 2):
            raise OSError(28, "No space left on device")
        return replace(path, target)

    def full_log(log: run_log.Log, values: dict) -> None:
        if name == "log.jsonl" and values["step"] == 8:
            log.file.close()
            log.file = open("/dev/full", "w")  # noqa: SIM115
        add(log, values)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full if name != "log.jsonl" else replace)
        patch.setattr(run_log.Log, "add", full_log)
        done = tdd(*distil_command(*given, output, **RANDOM))
    assert "No space left on device; free some space" in done.one_line()
    assert done.code == 1
    if name == "recipe.yaml":
        assert not output.exists()
        return
    assert tdd("distill", "--resume", output).code == 0
    assert_same_run(output, uninterrupted)


def test_the_same_from_python_with_and_without_a_folder(given, uninterrupted, tmp_path):
    recipe = Recipe.load(uninterrupted / "recipe.yaml")
    kept = package.distill(recipe, tmp_path / "run")
    loose = package.distill(recipe)
    assert_same_run(tmp_path / "run", uninterrupted)
    assert loose.samples.equal(kept.samples)
    assert loose.samples.equal(DistilledSet.from_pretrained(uninterrupted).samples)
    assert loose.results["evaluation"] == kept.results["evaluation"]


def test_going_on_in_a_folder_that_is_not_there_makes_none(tmp_path):
    with pytest.raises(TddError, match="no run in"):
        package.distill(Recipe(), tmp_path / "nothing", resume=True)
    assert files_below(tmp_path) == []


def test_python_is_told_how_far_a_run_is_unless_that_is_disabled(given, uninterrupted, capfd):
    recipe = Recipe.load(uninterrupted / "recipe.yaml").model_copy(update={"outer_steps": 1})
    package.distill(recipe)
    told = capfd.readouterr()
    assert told.out == "" and "1/1  outer loss" in told.err
    package.disable_progress()
    try:
        package.distill(recipe)
    finally:
        package.enable_progress()
    assert capfd.readouterr() == ("", "")


def test_what_is_no_recipe_is_refused_in_a_line(tmp_path):
    with pytest.raises(UsageError, match=r"^recipe is a Recipe, not a str: pass tdd\.Recipe\(dataset=\.\.\.\)$"):
        package.load_corpus("imdb")
    for ask in (package.distill, lambda recipe: package.distill(recipe, tmp_path / "run")):
        with pytest.raises(UsageError, match=r"^recipe is a Recipe, not Recipe: pass the name of a data set, or tdd\."):
            ask(Recipe)
    with pytest.raises(UsageError, match="resume goes on with the run in a folder: name it"):
        package.distill(Recipe(), resume=True)
    assert files_below(tmp_path) == []
