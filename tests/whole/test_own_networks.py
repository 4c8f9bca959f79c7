"""A network of one's own by the name of its class in a file of the current folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from command import SETTINGS, STEPS, tdd
from mine_code import CODE
from whole_runs import assert_same_run

import tdd as package
from tdd.data.corpus import load_corpus
from tdd.distilled_set.run_folder import default_folder
from tdd.distilled_set.set import DistilledSet
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe

SCALED = """

def Scaled(*sizes):
    layer = nn.Linear(*sizes)
    layer.weight.data[-1, -1] += 1e-3
    return layer
"""


@pytest.fixture
def mine(tmp_path, monkeypatch) -> Path:
    """The file ``mine.py`` in the current folder, which Python has not seen before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a changed file is read anew, however soon it changed
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    (tmp_path / "mine.py").write_text(CODE)
    yield tmp_path / "mine.py"
    sys.modules.pop("mine", None)


def command(given, output, name="Net", **settings) -> list[str]:
    """Arguments that distil for the class `name` of mine.py."""
    data, vectors = given
    arguments = ["distill", str(data), "--n", "4", "--vectors", str(vectors), "--network", f"python:mine:{name}"]
    for setting, value in ({"outer_steps": STEPS} | SETTINGS | settings).items():
        arguments += ["--set", f"{setting}={value}"]
    return [*arguments, "--output", str(output)]


def refused(*arguments: object) -> tuple[int, str]:
    done = tdd(*arguments)
    return done.code, done.one_line()


NAMED = ["--network", "python:mine:Net"]
ASK = (
    "the recipe names code, python:mine:Net, which is imported only if you name it too "
    "(--network python:mine:Net), network=... in Python"
)


@pytest.mark.parametrize("init", ["fixed", "random"])
def test_a_class_of_a_file_in_this_folder_is_distilled_for_resumed_and_evaluated(given, mine, init):
    settings = {"init": init, "options.hidden": 7, "samples_init": "real", "test_networks": 2}
    done = tdd(*command(given, "whole", **settings))
    assert done.code == 0, done.err
    recipe = yaml.safe_load(Path("whole/recipe.yaml").read_text())
    assert (recipe["network"], recipe["options"]) == ("python:mine:Net", {"hidden": 7})
    assert sys.modules["mine"].__file__ == str(mine)

    stopped = tdd(*command(given, "run", **settings), "--max-minutes", "1e-9")
    assert stopped.code == 0
    said = stopped.one_line()
    assert said == (
        "max_minutes are over: stopped after 1 of 12 outer steps; "
        "go on with: tdd distill --resume run --network python:mine:Net"
    )
    assert refused("distill", "--resume", "run") == (2, ASK)
    assert tdd("distill", "--resume", "run", *NAMED, "--max-minutes", "600").code == 0
    settings_now = yaml.safe_load(Path("run/recipe.yaml").read_text())
    Path("run/recipe.yaml").write_text(yaml.safe_dump(settings_now | {"max_minutes": None}, sort_keys=False))
    assert_same_run(Path("run"), Path("whole"))

    assert refused("evaluate", "run") == (2, ASK)
    done = tdd("evaluate", "run", *NAMED, "--networks", "3", "--init", "random", "--full")
    assert done.code == 0, done.err
    results = DistilledSet.from_pretrained("run").results
    assert results["evaluation"]["random"]["networks"] == 3 and results["full_data"]["accuracy"] > 0


def test_a_run_keeps_no_figures_of_another_network(given, mine):
    assert tdd(*command(given, "run")).code == 0
    before = Path("run/results.json").read_bytes()
    code, line = refused("baselines", "--run", "run", "--network", "python:mine:Net2")
    assert code == 2
    made = "the run was made for python:mine:Net, not for"
    assert line.startswith(f"{made} python:mine:Net2; test its set on others: tdd evaluate RUN --network")
    assert Path("run/results.json").read_bytes() == before
    # What others make of the set stands by itself.
    others = [
        "--network",
        "mean_pool",
        "--network",
        "python:mine:Outer.Net",
        "--networks",
        "1",
        "--protocol",
        "learned",
    ]
    done = tdd("evaluate", "run", *others)
    assert done.code == 0, done.err
    after = json.loads(Path("run/results.json").read_text())
    assert after.pop("transfer").keys() == {"mean_pool", "python:mine:Outer.Net"} and after == json.loads(before)


def test_nothing_is_imported_that_the_user_does_not_name(given, mine):
    assert tdd(*command(given, "run")).code == 0
    mine.write_text("raise SystemExit('imported')")
    del sys.modules["mine"]
    for arguments in (["evaluate", "run"], ["distill", "--resume", "run"], ["baselines", "--run", "run"]):
        assert refused(*arguments) == (2, ASK)
    assert tdd("decode", "run").code == 0  # what needs no network goes on
    assert "mine" not in sys.modules


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Net2", "cannot import the network python:mine:Net2: module 'mine' has no attribute 'Net2'"),
        ("Function", "python:mine:Function is not a torch.nn.Module"),
        ("Sized", "python:mine:Sized cannot be made as Sized(space, classes): Sized.__init__() takes 2 positional "),
        ("Wrong", "python:mine:Wrong: forward must take examples (N, 8, 5) and return logits (N, 2); it raised Runt"),
        ("Exit", "python:mine:Exit cannot be made as Exit(space, classes): SystemExit: 3"),
        ("Normal", "python:mine:Normal: layer 'norm' is a BatchNorm1d, which keeps statistics of its batches and"),
    ],
)
def test_a_class_that_cannot_be_used_is_one_line(given, mine, name, told):
    code, line = refused(*command(given, "run", name))
    assert (code, line[: len(told)]) == (2, told)
    assert not Path("run").exists()


def test_a_module_that_is_not_there_or_an_option_that_it_does_not_take_is_one_line(given, mine):
    there_is_none = "cannot import the network python:mine:Net: No module named 'mine'"
    told = "python:mine:Net cannot be made as Net(space, classes, hiden): "
    assert refused(*command(given, "run", **{"options.hiden": 3}))[1].startswith(told)
    mine.unlink()
    del sys.modules["mine"]
    assert refused(*command(given, "run")) == (2, there_is_none)


def test_a_class_that_has_changed_since_is_refused(given, mine):
    assert tdd(*command(given, "run")).code == 0
    assert tdd(*command(given, "begun"), "--max-minutes", "1e-9").code == 0
    mine.write_text(CODE.replace("hidden=3", "hidden=4"))
    del sys.modules["mine"]
    told = "python:mine:Net has other parameters now than when the set was distilled for it"
    assert refused("evaluate", "run", *NAMED) == (1, told)
    code, line = refused("distill", "--resume", "begun", *NAMED)
    assert code == 1 and "belongs to a network that has other parameters now; resume with what it was made" in line


def test_an_import_that_ends_the_process_is_one_line(given, mine):
    mine.write_text("raise SystemExit")
    assert refused(*command(given, "run")) == (2, "cannot import the network python:mine:Net: SystemExit")


def test_a_frozen_layer_has_the_same_numbers_in_every_test_and_others_are_refused(given, mine):
    own = ["--network", "python:mine:Frozen"]
    assert tdd(*command(given, "run", "Frozen")).code == 0
    results = Path("run/results.json").read_bytes()
    for seed in range(2):
        torch.manual_seed(seed)
        assert tdd("evaluate", "run", *own).code == 0
        assert Path("run/results.json").read_bytes() == results
    assert tdd(*command(given, "begun", "Frozen"), "--max-minutes", "1e-9").code == 0
    mine.write_text(CODE.replace("self.frozen = nn.Linear", "self.frozen = Scaled") + SCALED)
    del sys.modules["mine"]
    told = "python:mine:Frozen has other frozen parts now than when the set was distilled for it: its frozen parameters"
    code, line = refused("evaluate", "run", *own)
    assert (code, line[: len(told)]) == (1, told)
    code, line = refused("distill", "--resume", "begun", *own)
    assert code == 1 and "belongs to a network that has other frozen parts now" in line


def test_a_run_without_a_checkpoint_is_not_resumed_with_another_network(given, mine):
    assert tdd(*command(given, "run"), "--max-minutes", "1e-9").code == 0
    Path("run/checkpoints/last.safetensors").unlink()
    for name in ("python:mine:Flat", "mean_pool"):
        with pytest.raises(UsageError, match=f"made for python:mine:Net, not for {name}; start one for that in a"):
            package.distill(Recipe(), "run", resume=True, network=name)
    code, line = refused("distill", "--resume", "run", "--network", "python:mine:Flat")
    assert code == 2 and line.startswith("the run was made for python:mine:Net, not for python:mine:Flat; start one")
    assert yaml.safe_load(Path("run/recipe.yaml").read_text())["network"] == "python:mine:Net"


def test_a_class_inside_another_is_known_by_where_it_stands(given, mine):
    assert tdd(*command(given, "run", "Outer.Net")).code == 0
    assert tdd("evaluate", "run", "--network", "python:mine:Outer.Net").code == 0
    recipe = Recipe.load(Path("run/recipe.yaml"))
    nested = sys.modules["mine"].Outer.Net(load_corpus(recipe).train.space, 2)
    package.distill(recipe, "again", network=nested)
    assert Recipe.load(Path("again/recipe.yaml")).network == "python:mine:Outer.Net"
    assert default_folder(recipe) == Path("runs/data-4-Net")


def test_a_network_that_cannot_read_shorter_sentences_is_told_before_it_starts(given, mine):
    assert tdd(*command(given, "run", "Net", sample_length=5)).code == 0
    code, line = refused(*command(given, "flat", "Flat", sample_length=5))
    assert code == 2 and line.startswith("python:mine:Flat: forward must take examples (N, 5, 5) and return logits")
    assert not Path("flat").exists()


@pytest.mark.slow
def test_the_current_folder_is_searched_by_a_process_of_its_own(given, mine):
    # -P: Python itself does not look there, as it does not for an installed command.
    start = [sys.executable, "-P", "-m", "tdd"]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    for arguments in (command(given, "run"), ["evaluate", "run", *NAMED, "--json"]):
        done = subprocess.run([*start, *arguments], env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
