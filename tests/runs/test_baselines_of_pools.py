"""Baselines of a set for a pool are measured by each of its networks, and the strongest is told of each and of all."""

import json
import shutil

import pytest
from command import distil_command, tdd
from plain import short_training

from tdd.distilled_set.run_folder import read_run
from tdd.errors import Interrupted
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.differences import difference_between, strongest
from tdd.evaluation.names import NAMES, NOT_OPPONENTS
from tdd.evaluation.pool_figures import of_network
from tdd.runs.baselines import measure_baselines_of_run
from tdd.runs.open_data import open_corpus_of
from tdd.system.reporter import Reporter

POOL = ["mean_pool", "text_cnn"]
ONLY = ["random", "herding", "herding_teacher_plain", "full"]


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


@pytest.fixture(scope="module", params=["fixed", "random"])
def measured(request, given, tmp_path_factory):
    """A run of a pool with its baselines, what was printed, and the baselines of each network alone."""
    folder = tmp_path_factory.mktemp("pool")
    more = {"test_networks": 4, "validation_networks": 2, "init": "random"} if request.param == "random" else {}
    command = distil_command(*given, folder / "run", hidden=7, **more)
    assert tdd(*command, "--pool", ",".join(POOL)).code == 0
    shutil.copytree(folder / "run", folder / "before")
    done = tdd("baselines", "--run", folder / "run", *counts(request.param), *only(ONLY))
    assert done.code == 0, done.err
    return folder, done, request.param


def counts(init):
    return ["--draws", 2, *(["--networks", 4] if init == "random" else [])]


def only(names):
    return [part for name in names for part in ("--only", name)]


def test_each_network_is_measured_as_if_it_were_alone(measured):
    folder, _, _ = measured
    results = json.loads((folder / "run" / "results.json").read_text())
    distilled = read_run(folder / "before")
    recipe, corpus = open_corpus_of(distilled, None, Reporter(quiet=True))
    for name in POOL:
        alone = distilled.alone(name)
        one = Baselines(recipe.alone(name), corpus, 2, 4, alone.initialisation, distilled=alone)
        for baseline in ("random", "herding_teacher_plain"):
            found, expected = results["baselines"][baseline]["by_network"][name], one.measure(baseline)
            for key in ("accuracies", "learning_rate", "validation_accuracy", "networks", "gradient_steps"):
                assert found[key] == expected[key]
        assert results["plain"]["by_network"][name]["accuracies"] == one.measure("set_plain")["accuracies"]
        full = results["full_data"]["by_network"][name]
        assert full["accuracy"] == one.measure("full")["accuracy"]
    whole = results["baselines"]["random"]
    of_each = [whole["by_network"][name] for name in POOL]
    assert whole["accuracies"] == [value for each in of_each for value in each["accuracies"]]
    for key in ("mean", "validation_accuracy"):
        assert whole[key] == pytest.approx(sum(each[key] for each in of_each) / 2)
    reached = [results["full_data"]["by_network"][name]["accuracy"] for name in POOL]
    assert results["full_data"]["accuracy"] == pytest.approx(sum(reached) / 2)


def test_the_strongest_is_told_of_the_mean_and_of_each_network(measured):
    folder, done, _ = measured
    results = json.loads((folder / "run" / "results.json").read_text())
    tables = done.out.split("\n\n")
    assert [table.splitlines()[0] for table in tables] == ["mean_pool, text_cnn: the mean over these", *POOL]
    card = (folder / "run" / "README.md").read_text()
    init = read_run(folder / "run").recipe.init
    for table, name in zip(tables, ["", *POOL], strict=True):
        baselines = of_network(results["baselines"], name) if name else results["baselines"]
        first = strongest(baselines)
        assert first not in NOT_OPPONENTS
        assert table.splitlines()[2].startswith(f"{NAMES[first]} (strongest held-out)")
        ours = results["plain"] if first.endswith("_plain") else results["evaluation"][init]
        against = str(difference_between(ours["by_network"][name] if name else ours, baselines[first]))
        assert against in table.splitlines()[2] and f": {against} points" in card
        about = ", ".join(filter(None, [NAMES[first], name.replace("_", " "), init]))
        assert f"| baseline: {about}, the strongest on held-out data |" in card
        assert f"| all the data: {name.replace('_', ' ')} | 1 |" in card or not name
    assert "| all the data |" not in card


def test_a_difference_over_a_pool_is_of_the_mean_of_each_pair():
    ours = {"by_network": {"a": {"accuracies": [0.5, 0.7]}, "b": {"accuracies": [0.2, 0.4]}}}
    theirs = {"by_network": {"a": {"accuracies": [0.4, 0.4]}, "b": {"accuracies": [0.2, 0.2]}}}
    ours |= {"accuracies": [0.5, 0.7, 0.2, 0.4]}
    found = difference_between(ours, theirs | {"accuracies": [0.4, 0.4, 0.2, 0.2]})
    assert found.mean == pytest.approx((0.05 + 0.25) / 2)


def test_one_network_of_the_set_has_its_own_results_alone(measured):
    folder, _, init = measured
    distilled = read_run(folder / "run")
    for name in POOL:
        found = distilled.alone(name).results
        for kind in ("evaluation", "baselines"):
            for key, result in distilled.results[kind].items():
                assert found[kind][key] == result["by_network"][name]
        assert found["plain"] == distilled.results["plain"]["by_network"][name]
        assert found["full_data"] == distilled.results["full_data"]["by_network"][name]
    assert "distillation ratio" in tdd("evaluate", folder / "run", *(["--networks", 2] if init == "random" else [])).out


def test_an_interrupted_start_goes_on_with_the_network_that_is_missing(measured, tmp_path, monkeypatch):
    folder, _, _ = measured
    shutil.copytree(folder / "before", tmp_path / "run")
    measure, seen = Baselines.measure, []

    def stopped(self, name):
        if (name, self.recipe.network) == ("herding", "text_cnn") and not seen.count("stop"):
            seen.append("stop")
            raise KeyboardInterrupt
        seen.append((name, self.recipe.network))
        return measure(self, name)

    monkeypatch.setattr(Baselines, "measure", stopped)
    asked = {"draws": 2, "only": ["herding", "random"]}
    with pytest.raises(Interrupted):
        measure_baselines_of_run(tmp_path / "run", **asked)
    assert list(json.loads((tmp_path / "run" / "results.json").read_text())["baselines"]) == ["random"]
    measure_baselines_of_run(tmp_path / "run", **asked)
    both = [(name, network) for name in ("random", "herding") for network in POOL]
    assert [each for each in seen if each != "stop"] == both


def test_all_the_data_train_every_network_of_a_pool(measured, tmp_path):
    folder, _, init = measured
    shutil.copytree(folder / "before", tmp_path / "run")
    done = tdd("evaluate", tmp_path / "run", "--full", *(["--networks", 2] if init == "random" else []))
    assert done.code == 0, done.err
    full = json.loads((tmp_path / "run" / "results.json").read_text())["full_data"]
    measured = json.loads((folder / "run" / "results.json").read_text())["full_data"]
    assert {name: each["accuracy"] for name, each in full["by_network"].items()} == {
        name: each["accuracy"] for name, each in measured["by_network"].items()
    }
    assert "all data, same networks: test accuracy" in done.out


def test_real_examples_beside_a_set_for_a_pool_have_the_labels_of_its_first_network(measured, tmp_path):
    folder, _, _ = measured
    shutil.copytree(folder / "before", tmp_path / "run")
    done = tdd("evaluate", tmp_path / "run", "--network", "gru", "--networks", 2, "--beside", "herding_teacher")
    assert done.code == 0, done.err
    assert "herding, teacher's labels" in done.out
    done = tdd("baselines", "--recipe", folder / "run" / "recipe.yaml", *only(["average"]), "--output", tmp_path / "b")
    assert done.code == 0, done.err
    assert [line for line in done.out.splitlines() if line in POOL] == POOL
