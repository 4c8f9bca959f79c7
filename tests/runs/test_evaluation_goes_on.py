"""A test of many networks that is stopped keeps those that it has tested, and goes on with the rest."""

import json
import shutil

import pytest
from command import distil_command, files_below, tdd
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation import accuracy
from tdd.distillation.distiller import Distiller
from tdd.evaluation.evaluation import evaluate
from tdd.evaluation.kept_tests import KeptTests

AT_ONCE = 3


@pytest.fixture(scope="module")
def made(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "run"
    assert tdd(*distil_command(*given, folder, networks_at_once=AT_ONCE, refit_steps=30)).code == 0
    return folder


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "run")


def stop_after(monkeypatch, groups, begun=None):
    """Interrupt the test of the group after so many; count the groups that are tested."""
    tested, counts_of = [], accuracy.counts_of

    def counted(*given):
        if groups is not None and len(tested) == groups:
            raise KeyboardInterrupt
        tested.append(len(next(iter(given[1].values()))))
        return counts_of(*given)

    monkeypatch.setattr(accuracy, "counts_of", counted)
    return tested


def results_of(folder):
    return json.loads((folder / "results.json").read_text())


def test_a_stopped_evaluation_goes_on_to_the_same_figures(run, made, tmp_path, monkeypatch):
    command = ("--init", "random", "--networks", 8)
    whole = shutil.copytree(made, tmp_path / "whole")
    assert tdd("evaluate", whole, *command).code == 0
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        stopped = tdd("evaluate", run, *command)
    assert stopped.code == 130
    assert stopped.one_line() == "interrupted; what was tested is kept, and the same command goes on with the rest"
    assert len([name for name in files_below(run) if "tested-" in name]) == 1
    with monkeypatch.context() as patch:
        tested = stop_after(patch, None)
        done = tdd("evaluate", run, *command)
    assert done.code == 0 and tested == [2]
    assert "6/8  networks tested" in done.err
    assert results_of(run)["evaluation"]["random"] == results_of(whole)["evaluation"]["random"]
    assert not [name for name in files_below(run) if "tested-" in name]


def test_networks_tested_for_another_question_are_not_taken(run, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        assert tdd("evaluate", run, "--init", "random", "--networks", 8).code == 130
    for other in (["--max-test", 7], ["--initialisation", "orthogonal"]):
        with monkeypatch.context() as patch:
            tested = stop_after(patch, None)
            assert tdd("evaluate", run, "--networks", 8, "--init", "random", *other).code == 0
        assert tested == [3, 3, 2], other
    # Fewer than are kept are tested anew, more go on with them.
    for networks, expected in ((9, [3]), (5, [3, 2])):
        with monkeypatch.context() as patch:
            if networks == 5:
                stop_after(patch, 2)
                assert tdd("evaluate", run, "--init", "random", "--networks", 8).code == 130
        with monkeypatch.context() as patch:
            tested = stop_after(patch, None)
            assert tdd("evaluate", run, "--init", "random", "--networks", networks).code == 0
        assert tested == expected, networks


def test_a_stopped_test_of_the_words_keeps_its_fit_and_its_networks(run, made, tmp_path, monkeypatch):
    command = ("--init", "random", "--networks", 5, "--decoded")
    whole = shutil.copytree(made, tmp_path / "whole")
    assert tdd("evaluate", whole, *command).code == 0

    def stop(self):
        if self.state.step == 25:
            raise KeyboardInterrupt
        return outer_step(self)

    outer_step = Distiller._finite_outer_step
    with monkeypatch.context() as patch:
        patch.setattr(Distiller, "_finite_outer_step", stop)
        assert tdd("evaluate", run, *command).code == 130
    steps = []
    with monkeypatch.context() as patch:
        patch.setattr(Distiller, "_finite_outer_step", lambda self: steps.append(self.state.step) or outer_step(self))
        done = tdd("evaluate", run, *command)
    assert done.code == 0 and steps == list(range(20, 30))
    assert "networks trained on words tested" in done.err
    assert results_of(run)["decoded"] == results_of(whole)["decoded"]
    assert not [name for name in files_below(run) if "tested-" in name or "fit-" in name]


def test_a_damaged_file_of_tested_networks_is_as_none(tmp_path, monkeypatch):
    corpus = tiny_corpus()
    distilled = Distiller(tiny_recipe(init="random", networks_at_once=2), corpus).best()
    expected = evaluate(distilled, corpus.test, 4)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop_after(patch, 1)
        evaluate(distilled, corpus.test, 4, kept=KeptTests(tmp_path))
    (file,) = (tmp_path / "checkpoints").iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    assert evaluate(distilled, corpus.test, 4, kept=KeptTests(tmp_path)) == expected


def test_what_a_set_was_made_for_is_told_where_others_test_it(run):
    done = tdd("evaluate", run, "--networks", 2)
    line = "fresh networks, though the set was made for one initialisation"
    assert line in done.err and line in done.out
    assert line not in tdd("evaluate", run, "--init", "fixed").err
