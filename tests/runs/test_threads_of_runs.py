"""A run keeps the threads that were chosen for it; evaluations and training on all data choose their own."""

import json

import pytest
import torch
from command import STEPS, distil_command, tdd
from tiny import tiny_corpus, tiny_recipe
from whole_runs import RANDOM, lines_of

from tdd.distillation.distiller import Distiller
from tdd.distillation.run_threads import settle_threads
from tdd.distilled_set.set import DistilledSet
from tdd.errors import Interrupted
from tdd.evaluation.predictor import MEASURED, Predictor
from tdd.system import threads
from tdd.system.tensor_files import load_tensors


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    """Nobody says how many threads; a step takes as long with one as with two unless a test says otherwise."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "seconds_of", lambda step: (step(), 1.0)[1])
    with threads.restored():
        torch.set_num_threads(2)
        yield


def two_win(monkeypatch):
    monkeypatch.setattr(threads, "seconds_of", lambda step: (step(), 2.0 / torch.get_num_threads())[1])


def kept_threads(folder):
    return json.loads(load_tensors(folder / "checkpoints" / "last.safetensors")[1]["tdd"])["threads"]


@pytest.mark.parametrize(("win", "chosen"), [(False, 1), (True, 2)])
def test_a_run_says_and_keeps_how_many_threads_it_takes(given, tmp_path, monkeypatch, win, chosen):
    if win:
        two_win(monkeypatch)
    done = tdd(*distil_command(*given, tmp_path / "run"))
    assert done.code == 0, done.err
    assert f"{chosen} thread{'s' if win else ''}: 2 are " in done.err
    assert kept_threads(tmp_path / "run") == chosen
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["distillation"]["hardware"].startswith(f"CPU, {chosen} thread")
    assert torch.get_num_threads() == 2  # a notebook goes on with what it had


def test_the_threads_that_are_asked_for_are_taken_and_nothing_is_measured(given, tmp_path, monkeypatch):
    monkeypatch.setattr(threads, "choose", lambda step: pytest.fail("measured"))
    assert tdd(*distil_command(*given, tmp_path / "run"), "--threads", 2).code == 0
    assert kept_threads(tmp_path / "run") == 2


def test_a_resumed_run_takes_the_threads_it_had_and_measures_nothing(tmp_path, monkeypatch):
    two_win(monkeypatch)
    recipe, corpus, file = tiny_recipe(outer_steps=6), tiny_corpus(), tmp_path / "last.safetensors"
    first = Distiller(recipe, corpus, file, should_stop=lambda: True)
    assert settle_threads(first) is not None
    assert file.exists()  # before the first step, so that it is kept whenever the run is killed
    with pytest.raises(Interrupted):
        first.run()
    monkeypatch.setattr(threads, "choose", lambda step: pytest.fail("measured"))
    torch.set_num_threads(1)  # elsewhere, with one core
    again = Distiller(recipe, corpus, file)
    assert settle_threads(again) is None
    assert torch.get_num_threads() == again.state.threads == 2


def test_what_is_measured_leaves_the_run_as_it_is(tmp_path, given, uninterrupted):
    output = tmp_path / "run"
    assert tdd(*distil_command(*given, output, **RANDOM)).code == 0
    assert kept_threads(output) == kept_threads(uninterrupted) == 1
    assert (output / "distilled.safetensors").read_bytes() == (uninterrupted / "distilled.safetensors").read_bytes()
    assert len(lines_of(output)) == STEPS


def test_an_evaluation_and_training_on_all_data_choose_each_for_itself(given, tmp_path, monkeypatch):
    output = tmp_path / "run"
    assert tdd(*distil_command(*given, output, seed=5)).code == 0
    two_win(monkeypatch)
    done = tdd("evaluate", output, "--networks", 3, "--full")
    assert done.code == 0, done.err
    for what in ("fixed initialisation", "random initialisation", "all data"):
        assert done.err.count(f"{what}, 2 threads: 2 are 2.0 times as fast as one here") == 1
    assert kept_threads(output) == 1 and torch.get_num_threads() == 2
    for arguments in (["evaluate", output, "--network", "mean_pool", "--networks", 1], ["baselines", "--run", output]):
        more = ["--only", "random", "--draws", 1] if arguments[0] == "baselines" else []
        done = tdd(*arguments, *more)
        assert done.code == 0 and done.err.count("2 threads: 2 are") == 1, done.err
    done = tdd("evaluate", output, "--threads", 1)
    assert done.code == 0 and "threads: " not in done.err


@pytest.mark.parametrize(("win", "chosen"), [(False, 1), (True, 2)])
def test_what_tells_classes_measures_once_and_leaves_the_process_as_it_was(uninterrupted, monkeypatch, win, chosen):
    if win:
        two_win(monkeypatch)
    predictor = Predictor(DistilledSet.from_pretrained(uninterrupted))
    counted, logits = [], type(predictor.learner.kernel()).logits

    def spied(*given):
        counted.append(torch.get_num_threads())
        return logits(*given)

    monkeypatch.setattr(type(predictor.learner.kernel()), "logits", spied)
    texts = ["word1 word2"] * MEASURED
    few = predictor.probabilities(texts[:1])
    assert len(counted) > 2 and counted[-1] == chosen  # too few to tell for later ones
    assert (predictor.probabilities(texts)[:1] == few).all() and len(counted) > 4
    counted.clear()
    predictor.probabilities(texts)
    assert counted == [chosen] and torch.get_num_threads() == 2
