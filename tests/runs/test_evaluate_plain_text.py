"""``tdd evaluate --plain-text`` adds the figures to results, description and card, or says why not in one line."""

import json
import shutil

import pytest
from command import distil_command, tdd
from patches import spy
from plain import short_training

from tdd.runs import evaluate
from tdd.system import processes


@pytest.fixture(scope="module", autouse=True)
def short():
    with short_training():
        yield


@pytest.fixture(scope="module")
def folder(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain text")
    for name, settings in (("words", {"samples": "words"}), ("free", {})):
        done = tdd(*distil_command(*given, folder / name, **settings))
        assert done.code == 0, done.err
    return folder


def test_the_command_adds_the_figures_to_results_description_and_card(folder, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(folder / "words", run)
    done = tdd("evaluate", run, "--plain-text", "--networks", 2, "--max-test", 20)
    assert done.code == 0, done.err
    measured = json.loads((run / "results.json").read_text())["plain_text"]
    assert measured["network"]["herding"]["networks"] == 2 and measured["tfidf"]["herding"]["test_examples"] == 20
    card = (run / "README.md").read_text()
    names = {"tfidf": "TF-IDF and logistic regression", "network": "the set's network by Adam"}
    kinds = {"distilled": "this set", "random": "random real", "k_center": "k-center", "herding": "herding"}
    lines = [line.removeprefix("  sentences and labels alone, ") for line in done.out.splitlines()]
    for learner, name in names.items():
        (line,) = [line for line in lines if line.startswith(name)]
        for kind, said in kinds.items():
            each = measured[learner][kind]
            reached = (
                f"{100 * each['mean']:.2f} ± {100 * each['sd']:.2f} %" if each["sd"] else f"{100 * each['mean']:.2f} %"
            )
            assert f"{said} {reached}" in line
            mean = f"{100 * each['mean']:.2f} %"
            assert f"| sentences and labels alone: {name}, {said} | {each['networks'] or '–'} | {mean}" in card
    assert "without the set's learning rates and" in card
    assert "on 20 of 24" in card
    assert "accuracy" not in done.err
    again = tdd("evaluate", run, "--plain-text", "--networks", 2, "--max-test", 20, "--json")
    assert json.loads(again.out)["plain_text"] == measured
    assert tdd("evaluate", run).out.count("sentences and labels alone") == 2


def test_a_run_that_is_not_of_words_ends_in_a_line_before_anything_is_read(folder, monkeypatch):
    read = spy(monkeypatch, evaluate, "open_corpus_of")
    done = tdd("evaluate", folder / "free", "--plain-text")
    assert read == []
    assert done.code == 2
    assert done.one_line().startswith("--plain-text needs a set made of words")
    assert tdd("evaluate", folder / "free").code == 0 and len(read) == 1


def test_several_processes_are_refused(folder, monkeypatch):
    class Two:
        num_processes = 2
        is_main_process = True

    monkeypatch.setattr(processes, "Accelerator", Two)
    done = tdd("evaluate", folder / "words", "--plain-text")
    assert done.code == 2
    assert done.one_line().startswith("--plain-text is measured by one process")


@pytest.mark.parametrize("broken", [3, {"tfidf": 3}, {"tfidf": {"herding": {"mean": "high"}}}])
def test_damaged_figures_are_one_line(broken, folder, tmp_path):
    shutil.copytree(folder / "words", tmp_path / "run")
    results = json.loads((tmp_path / "run/results.json").read_text())
    (tmp_path / "run/results.json").write_text(json.dumps(results | {"plain_text": broken}))
    done = tdd("evaluate", tmp_path / "run")
    assert done.code == 1
    assert "does not hold the results of a run" in done.one_line()
