"""Baselines are kept as soon as measured, gone on with where they fit, and shown beside the set."""

import json
import re
import shutil

import pytest
from command import distil_command, tdd, write_data
from own_networks import Mlp
from patches import spy
from plain import short_training
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import tiny_encoder

from tdd.distilled_set.run_folder import read_run
from tdd.errors import Interrupted, TddError, UsageError
from tdd.evaluation import features, full_data, spaces
from tdd.evaluation.baselines import Baselines
from tdd.evaluation.differences import strongest
from tdd.evaluation.full_data import CHOSEN, FULL_RESULTS
from tdd.evaluation.names import MEASURED, NAMES, NOT_OPPONENTS
from tdd.runs import baselines
from tdd.runs.baselines import measure_baselines
from tdd.system import processes
from tdd.system.formatting import counted

CORPUS = tiny_corpus(3)
RECIPE = tiny_recipe(n=12, steps=2, epochs=2, outer_steps=10, validation_networks=2)


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


def command(given, *more, **settings):
    _, *arguments = distil_command(*given, **settings)
    return ["baselines", *arguments, "--draws", 3, *more]


def cells(line):
    return re.split(r" {2,}", line.strip())


def test_the_command_measures_every_baseline_and_lists_them_best_first(given, tmp_path):
    done = tdd(*command(given, "--output", tmp_path / "out"))
    assert done.code == 0, done.err
    kept = json.loads((tmp_path / "out" / "baselines.json").read_text())["baselines"]
    assert list(kept) == list(MEASURED)
    head, *rows = map(cells, done.out.splitlines())
    columns = ["trained on", "test accuracy", "± over", "set is better by", "chosen", "draws", "networks"]
    assert head == [*columns, "gradient steps", "words", "seconds to train"]
    strongest = max(set(MEASURED) - set(NOT_OPPONENTS), key=lambda name: kept[name]["validation_accuracy"])
    assert kept[strongest]["validation_accuracy"] == pytest.approx(
        max(kept[name]["validation_accuracy"] for name in set(MEASURED) - set(NOT_OPPONENTS))
    )
    assert rows[0][0].endswith(" (strongest held-out)")
    means = [float(row[1].split()[0]) for row in rows[1:]]
    assert means == sorted(means, reverse=True)
    by_name = {row[0].removesuffix(" (strongest held-out)"): row for row in rows}
    assert by_name.keys() == {NAMES[name] for name in MEASURED}
    words = str(kept["random"]["words"])
    own = [f"rate {kept['random']['learning_rate']:g}", "3", "3", "2", words]
    assert by_name["random real"][4:9] == own and by_name["random real"][3] == "-"
    assert by_name["nearest neighbours, k-means"][4:] == [f"k = {kept['knn_kmeans']['neighbours']}", "3", *"----"]
    assert by_name["random real, labels learned"][4] == "learned"
    rate = f"rate {kept['herding_plain']['learning_rate']:g}"
    assert by_name["herding, plain training"][4:8] == [rate, "1", "1", "8"]
    teacher = kept["herding_teacher"]["teacher"]
    told = f"teacher of {counted(teacher['epoch'], 'epoch')} at {teacher['temperature']:g}"
    assert by_name["herding, teacher's labels"][4].endswith(told)
    # What is said on the way is of held-out data.
    assert "evaluation" in done.err and "accuracy" in done.err
    assert [line for line in done.err.splitlines() if "accuracy" in line and "held-out" not in line] == []


def test_a_second_start_measures_only_what_is_missing(given, tmp_path, monkeypatch):
    measured = []
    measure = Baselines.measure
    monkeypatch.setattr(Baselines, "measure", lambda self, name: measured.append(name) or measure(self, name))
    first = tdd(*command(given, "--only", "average", "--output", tmp_path))
    assert first.code == 0, first.err
    both = tdd(*command(given, "--only", "random", "--only", "average", "--output", tmp_path, "--json"))
    assert measured == ["average", "random"]
    assert json.loads(both.out).keys() == {"random", "average"}
    assert tdd(*command(given, "--only", "average", "--output", tmp_path)).out == first.out


def test_baselines_of_other_settings_or_data_are_not_gone_on_with(given, tmp_path):
    only = ["--only", "average", "--output", tmp_path]
    assert tdd(*command(given, *only)).code == 0
    other_data = write_data(tmp_path / "other.csv", rows=90)
    for arguments, other in (
        (command(given, *only, filters=9), "settings, data or network"),
        (command(given, *only, full_epochs=3), "settings, data or network"),
        (command((other_data, given[1]), *only), "settings, data or network"),
        (command(given, *only, "--draws", 2), "draws (3, not 2)"),
    ):
        done = tdd(*arguments)
        assert done.code == 2
        assert f"measured with other {other}; ask for the same, or remove it to measure all" in done.one_line()
    assert tdd(*command(given, *only)).code == 0


def test_baselines_of_a_network_of_ones_own_are_not_those_of_another(tmp_path, monkeypatch):
    monkeypatch.setattr(baselines, "open_corpus", lambda recipe, reporter: CORPUS)

    def measured(hidden):
        module = Mlp(CORPUS.train.space, len(CORPUS.classes), hidden)
        return measure_baselines(RECIPE, tmp_path, 2, only=["average"], network=module)

    found = measured(4)
    with pytest.raises(UsageError, match="measured with other settings, data or network"):
        measured(8)
    assert measured(4) == found


def test_an_interrupted_start_keeps_what_is_measured(tmp_path, monkeypatch):
    measure = Baselines.measure

    def interrupted(self, name):
        if name == "average":
            raise KeyboardInterrupt
        return measure(self, name)

    monkeypatch.setattr(Baselines, "measure", interrupted)
    monkeypatch.setattr(baselines, "open_corpus", lambda recipe, reporter: CORPUS)
    folder = tmp_path / "new"
    with pytest.raises(Interrupted, match="the same command goes on with the rest"):
        measure_baselines(RECIPE, folder, 2, only=["average", "herding"])
    assert json.loads((folder / "baselines.json").read_text())["baselines"].keys() == {"herding"}
    with pytest.raises(Interrupted):
        measure_baselines(RECIPE, tmp_path / "nothing", 2, only=["average"])
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        '{"fingerprint": "x"}',
        '{"fingerprint": "x", "baselines": {"random": 3}}',
        '{"fingerprint": "x", "baselines": {"full": {"mean": 0.9, "sd": 0}}}',
    ],
)
def test_a_file_that_holds_no_baselines_is_not_overwritten(tmp_path, monkeypatch, content):
    monkeypatch.setattr(baselines, "open_corpus", lambda recipe, reporter: CORPUS)
    (tmp_path / "baselines.json").write_text(content)
    with pytest.raises(TddError, match="does not hold baselines; remove it"):
        measure_baselines(RECIPE, tmp_path, only=["average"])
    assert (tmp_path / "baselines.json").read_text() == content


def test_a_run_gets_the_figures_into_its_results_its_table_and_its_card(given, tmp_path):
    run = tmp_path / "run"
    assert tdd(*distil_command(*given, run)).code == 0
    before = json.loads((run / "results.json").read_text())
    done = tdd("baselines", "--run", run, "--draws", 3)
    assert done.code == 0, done.err
    results = json.loads((run / "results.json").read_text())
    assert {key: results[key] for key in before} == before
    assert results["baselines"].keys() == set(MEASURED) - {"full"}
    assert results["full_data"].keys() == {*FULL_RESULTS, *CHOSEN, "tried"}
    assert "this distilled set" in [cells(line)[0] for line in done.out.splitlines()]
    card = (run / "README.md").read_text()
    first = strongest(results["baselines"])
    assert results["plain"]["accuracies"] and "this distilled set, plain training" in done.out
    assert "Difference of the set to its strongest baseline, " in card
    assert card.index(f"baseline: {NAMES[first]}") == card.index("baseline: ")
    for name, found in results["baselines"].items():
        init = "" if "knn" in name else ", fixed"
        reached = f"{100 * found['mean']:.2f} %" + (f" ± {100 * found['sd']:.2f}" if found["sd"] else "")
        init += ", the strongest on held-out data" if name == first else ""
        assert f"| baseline: {NAMES[name]}{init} | {found['networks'] or '–'} | {reached} |" in card
    assert card.count("all the data |") == 1
    assert read_run(run).results == results
    # Gone on with, and put back where results were lost.
    shutil.copy(run / "results.json", tmp_path / "all.json")
    (run / "results.json").write_text(json.dumps(before))
    assert tdd("baselines", "--run", run, "--draws", 3).out == done.out
    assert json.loads((run / "results.json").read_text()) == results


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "name a data set, e.g. tdd baselines trec6 --n 60, or a run with --run"),
        (["tomatoes", "--only", "kmean"], "no baseline 'kmean'; did you mean 'kmeans'?"),
        (["tomatoes", "--networks", 5], "a fixed initialisation is one network for each draw: use --draws"),
        (["tomatoes", "--run", "x"], "--run takes its settings from the run"),
        (["--seed", 0, "--run", "x"], "--run takes its settings from the run"),
        (["--run", "x", "--output", "y"], "--run takes its settings from the run"),
        (["--run", "nowhere"], "no distilled set in 'nowhere'"),
        (["tomatoes", "--n", 1, "--set", "labels=hard"], "hard labels need a sample for each"),
    ],
)
def test_wrong_usage_is_one_line(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(baselines, "open_corpus", lambda recipe, reporter: CORPUS)
    done = tdd("baselines", *arguments)
    assert done.code == 2
    assert done.one_line().startswith(said)
    assert list(tmp_path.glob("*/*")) == []


def test_several_processes_are_refused(tmp_path, monkeypatch):
    class Two:
        num_processes = 2

    monkeypatch.setattr(processes, "Accelerator", Two)
    with pytest.raises(UsageError, match="measured by one process"):
        measure_baselines(RECIPE, tmp_path)


def test_the_figures_of_a_run_do_not_need_the_cache_a_second_time(given, tmp_path, monkeypatch):
    run = tmp_path / "run"
    assert tdd(*distil_command(*given, run)).code == 0
    before = (run / "results.json").read_text()
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "first"))
    trained = spy(monkeypatch, full_data, "_train_on_all")
    assert tdd("baselines", "--run", run, "--only", "full").code == 0
    assert len(trained) == 1
    kept = (run / "results.json").read_text()
    (run / "results.json").write_text(before)
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "empty"))
    assert tdd("baselines", "--run", run, "--only", "full").code == 0
    assert len(trained) == 1
    assert (run / "results.json").read_text() == kept != before


def test_examples_chosen_by_vectors_and_by_minilm_stand_in_one_place(given, tmp_path, monkeypatch):
    for module in (features, spaces):
        monkeypatch.setattr(module, "MINILM", tiny_encoder())
    run = tmp_path / "run"
    assert tdd(*distil_command(*given, run)).code == 0
    assert tdd("baselines", "--run", run, "--only", "k_center").code == 0
    done = tdd("baselines", "--run", run, "--only", "k_center", "--only", "k_center_minilm")
    assert done.code == 0, done.err
    found = json.loads((run / "results.json").read_text())["baselines"]
    assert list(found) == ["k_center", "k_center_minilm"]
    assert f"{NAMES[strongest(found)]} (strongest held-out)" in done.out and "k-center by MiniLM" in done.out
    beside = tdd("evaluate", run, "--network", "mean_pool", "--beside", "k_center", "--beside", "k_center_minilm")
    rows = json.loads((run / "results.json").read_text())["transfer"]["mean_pool"]["plain"]
    assert beside.code == 0 and list(rows) == ["set", "k_center", "k_center_minilm"]
