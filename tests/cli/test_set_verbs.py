"""``tdd evaluate`` and ``tdd decode`` say what a run reached and holds, or in one line why they cannot."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from command import distil_command, tdd, write_data, write_vectors
from patches import spy
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tdd.evaluation import full_data
from tdd.settings.recipe import Recipe


def test_evaluating_adds_fresh_networks_and_the_ratio_and_trains_on_all_data_once(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    trained = spy(monkeypatch, full_data, "_train_on_all")
    done = tdd("evaluate", run, "--networks", 3, "--full")
    assert done.code == 0, done.err
    results = json.loads((run / "results.json").read_text())
    fresh, full = results["evaluation"]["random"], results["full_data"]["accuracy"]
    assert (fresh["networks"], len(fresh["accuracies"])) == (3, 3)
    assert fresh["mean"] == pytest.approx(np.mean(fresh["accuracies"]))
    assert fresh["sd"] == pytest.approx(np.std(fresh["accuracies"], ddof=1))
    figures = f"{100 * fresh['mean']:.2f} ± {100 * fresh['sd']:.2f} % over 3 networks"
    assert f"random initialisation: test accuracy {figures}" in done.out
    assert f"distillation ratio {100 * fresh['mean'] / full:.2f} %" in done.out
    assert f"all data, same network: test accuracy {100 * full:.2f} %" in done.out
    assert "distillation" in results
    assert len(trained) == 1
    assert tdd("evaluate", run, "--networks", 3, "--full").out == done.out
    assert len(trained) == 1


def test_the_setting_with_all_data_is_searched_where_asked_and_what_was_searched_stays(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    done = tdd("evaluate", run, "--full-search")
    assert done.code == 0, done.err
    full = json.loads((run / "results.json").read_text())["full_data"]
    assert len(full["tried"]) == 12
    assert full["validation_accuracy"] == max(one["validation_accuracy"] for one in full["tried"])
    smoothing = ", label smoothing 0.1 in place of dropout" if full["label_smoothing"] else ""
    smoothing += ", weight decay 0.1" if full["weight_decay"] else ""
    how = f"Adam {full['learning_rate']:g}{smoothing}, best of 12 settings on held-out data"
    assert f"all data, same network: test accuracy {100 * full['accuracy']:.2f} % ({how})" in done.out
    assert f"With all the data: {how}." in (run / "README.md").read_text()
    told = [line for line in done.err.splitlines() if "on all data" in line]
    assert "setting 12 of 12, on all data: held-out" in told[-1]
    for arguments in (["evaluate", run, "--full"], ["baselines", "--run", run, "--only", "full"]):
        done = tdd(*arguments)
        assert done.code == 0 and f"{100 * full['accuracy']:.2f} %" in done.out
        assert json.loads((run / "results.json").read_text())["full_data"] == full


def test_testing_on_a_part_is_always_said(run):
    done = tdd("evaluate", run, "--max-test", 10)
    assert "(on 10 of 24 test examples)" in done.out
    results = json.loads((run / "results.json").read_text())
    assert results["evaluation"]["fixed"]["test_examples"] == 10
    assert "(on" not in tdd("evaluate", run, "--max-test", 24).out


def test_results_as_json_are_alone_on_stdout(run):
    done = tdd("evaluate", run, "--init", "random", "--networks", 2, "--json")
    assert json.loads(done.out) == json.loads((run / "results.json").read_text())
    assert json.loads(done.out)["evaluation"]["random"]["networks"] == 2


def test_results_are_the_same_from_a_copy_of_the_data(run, given, tmp_path):
    copy = shutil.copy(given[0], tmp_path / "elsewhere.csv")
    assert tdd("evaluate", run).out == tdd("evaluate", run, "--data", copy).out


def test_decoding_prints_labels_and_words(run):
    done = tdd("decode", run)
    lines = done.out.splitlines()
    assert done.code == 0, done.err
    assert [line.split(":")[0] for line in lines[::3]] == [f"step {s}, sample {i}" for s in (0, 1) for i in (0, 1)]
    assert len(lines[1].split(" ")) == 8
    assert "bad" in lines[0]
    assert "good" in lines[0]
    assert "\x1b" not in done.out


def test_decoding_as_json_and_text_agree(run):
    sentences = json.loads(tdd("decode", run, "--format", "json", "--k", 3).out)
    assert len(sentences) == 4
    assert sentences[0].keys() == {"step", "index", "label", "words", "scores", "text"}
    assert all(len(words) == 3 for sentence in sentences for words in sentence["words"])
    assert all(scores == sorted(scores, reverse=True) for sentence in sentences for scores in sentence["scores"])
    text = tdd("decode", run, "--format", "text").out.splitlines()
    assert text == [" ".join(words[0] for words in sentence["words"]) for sentence in sentences]
    assert tdd("decode", run, "--format", "text", "--first", 2).out.splitlines() == text[:2]


def test_decoding_by_distance_gives_distances(run):
    sentences = json.loads(tdd("decode", run, "--format", "json", "--k", 2, "--metric", "l2").out)
    assert all(0 <= near <= far for sentence in sentences for near, far in sentence["scores"])


# What cannot be read


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def foreign(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(1000))


def newer(path: Path) -> None:
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["tdd"])
    save_file({k: v.clone() for k, v in load_file(path).items()}, path, {"tdd": json.dumps(about | {"format": 99})})


@pytest.mark.parametrize("verb", ["evaluate", "decode"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [(truncate, "truncated"), (foreign, "truncated or not a safetensors file"), (newer, "newer version of tdd")],
)
def test_a_damaged_foreign_or_newer_set_is_refused(run, verb, damage, message):
    damage(run / "distilled.safetensors")
    done = tdd(verb, run)
    assert message in done.one_line()
    assert done.code == 1


@pytest.mark.parametrize("verb", ["evaluate", "decode"])
def test_a_missing_or_unfinished_run_is_refused(tmp_path, verb):
    done = tdd(verb, tmp_path / "nothing")
    assert "no distilled set in" in done.one_line()
    assert done.code == 2
    Recipe().save(tmp_path / "recipe.yaml")
    done = tdd(verb, tmp_path)
    assert f"is not finished; go on with: tdd distill --resume {tmp_path}" in done.one_line()
    assert done.code == 2


def test_data_of_other_classes_are_refused(run, tmp_path):
    before = (run / "results.json").read_bytes()
    done = tdd("evaluate", run, "--data", write_data(tmp_path / "other.csv", ("bad", "good", "ugly")))
    assert "the set tells bad, good apart, the data hold bad, good, ugly" in done.one_line()
    assert (done.code, (run / "results.json").read_bytes()) == (2, before)


@pytest.mark.parametrize("changed", [{"seed": 1}, {"dim": 4}])
def test_other_vectors_under_the_same_name_are_refused(given, tmp_path, changed):
    path = write_vectors(tmp_path / "vectors.txt")
    assert tdd(*distil_command(given[0], path, tmp_path / "run", outer_steps=1)).code == 0
    write_vectors(path, **changed)
    done = tdd("decode", tmp_path / "run")
    assert "vectors.txt has other words or vectors now than when the set was distilled; decode it" in done.one_line()
    assert done.code == 2
    done = tdd("evaluate", tmp_path / "run")
    assert "other words or vectors now than when the set was distilled; test it with those of then" in done.one_line()
    assert done.code == 2


def test_networks_of_a_fixed_initialisation_are_refused_not_ignored(run):
    before = (run / "results.json").read_bytes()
    done = tdd("evaluate", run, "--init", "fixed", "--networks", 3)
    assert "--init fixed is a single one" in done.one_line()
    assert (done.code, (run / "results.json").read_bytes()) == (2, before)


def test_more_nearest_words_than_words_are_refused(run):
    done = tdd("decode", run, "--k", 51)
    assert "k (--k) must be between 1 and 50" in done.one_line()
    assert done.code == 2


def test_what_an_evaluation_has_measured_is_kept_when_it_is_stopped(run, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tdd.runs.measurements.train_on_all", stop)
    done = tdd("evaluate", run, "--init", "random", "--networks", 7, "--full")
    assert (done.code, done.one_line().split(";")[0]) == (130, "interrupted")
    results = json.loads((run / "results.json").read_text())
    assert results["evaluation"]["random"]["networks"] == 7
    assert (
        f"| this set: random | 7 | {100 * results['evaluation']['random']['mean']:.2f}"
        in (run / "README.md").read_text()
    )


def test_an_evaluation_keeps_what_another_command_adds_meanwhile(run, monkeypatch):
    def add_baselines(*_):
        path = run / "results.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"baselines": {"random": {"mean": 0.5, "sd": 0.1}}}))
        return {"accuracy": 0.75}

    monkeypatch.setattr("tdd.runs.measurements.train_on_all", add_baselines)
    assert tdd("evaluate", run, "--full").code == 0
    results = json.loads((run / "results.json").read_text())
    assert results["baselines"] == {"random": {"mean": 0.5, "sd": 0.1}}
    assert results["full_data"] == {"accuracy": 0.75} and "distillation" in results


def test_the_verbs_work_on_a_run_from_the_command_line(tmp_path):
    run = tmp_path / "run"
    command = distil_command(write_data(tmp_path / "films.csv"), write_vectors(tmp_path / "vectors.txt"), run)
    assert tdd(*command).code == 0
    done = tdd("evaluate", run, "--decoded", "--networks", "2", "--json")
    assert set(json.loads(done.out)["decoded"]) == {"fixed", "random"}
    page = tmp_path / "page.html"
    assert tdd("decode", run, "--format", "html", "--output", page).out == f"written: {page}\n"
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert tdd("decode", run, "--format", "html").out == f"written: {run / 'decoded.html'}\n"
    assert (run / "decoded.html").read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    assert str(run / "figures" / "networks.png") in tdd("plot", run).out.splitlines()
    assert json.loads(tdd("compare", run, "--json").out)[0]["dataset"] == "films.csv"
    assert "films.csv" in tdd("compare", run).out
    assert "text-classification" in tdd("train", run, "--output", tmp_path / "model").out
    assert tdd("train", run, "--output", tmp_path / "model").code == 2
    assert json.loads(tdd("env", "--json").out)["torch"] == torch.__version__


@pytest.mark.parametrize("verb", ["decode", "table"])
def test_a_file_is_not_written_into_a_folder_that_is_not_there(run, tmp_path, verb):
    output = tmp_path / "nope" / "x"
    arguments = ["decode", run] if verb == "decode" else ["table", "--only-write"]
    done = tdd(*arguments, "--output", output)
    told = f"cannot write {output}: there is no folder '{output.parent}'; make it first, or name another file"
    assert (done.code, done.one_line()) == (2, told)
    assert not output.parent.exists()


def test_data_without_a_name_are_not_those_of_the_current_folder(run):
    done = tdd("evaluate", run, "--data", "")
    assert (done.code, done.one_line()) == (
        2,
        "settings: data: an empty text names nothing: leave it out (given: '')",
    )
