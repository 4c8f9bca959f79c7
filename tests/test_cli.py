"""What a user types and what comes back: results or one line of error, and nothing left behind by a bad start."""

import gzip
import importlib
import json
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import yaml
from command import STEPS, Done, distil_command, files_below, tdd, write_data, write_vectors
from filelock import FileLock
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import tdd as package
from tdd.recipe import Recipe


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> tuple[Path, Path]:
    """A data set and word vectors."""
    folder = tmp_path_factory.mktemp("given")
    return write_data(folder / "data.csv"), write_vectors(folder / "vectors.txt")


@pytest.fixture(scope="module")
def distilled(given, tmp_path_factory) -> tuple[Path, Done]:
    """A finished run and what distilling it printed."""
    folder = tmp_path_factory.mktemp("runs") / "made"
    return folder, tdd(*distil_command(*given, folder))


@pytest.fixture
def run(distilled, tmp_path) -> Path:
    """A copy of the finished run."""
    return shutil.copytree(distilled[0], tmp_path / "run")


# What works


def test_distilling_a_csv_fills_a_run_folder_and_prints_the_accuracy(distilled):
    folder, done = distilled
    assert done.code == 0, done.err
    results = json.loads((folder / "results.json").read_text())
    accuracy = results["evaluation"]["fixed"]["mean"]
    assert f"fixed initialisation: test accuracy {100 * accuracy:.2f} %" in done.out
    assert f"{folder}: n = 4 (2 steps x 2)" in done.out
    assert results["evaluation"]["fixed"]["test_examples"] == results["evaluation"]["fixed"]["test_split"] == 24
    assert results["distillation"]["outer_steps"] == STEPS
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == list(range(1, STEPS + 1))
    assert [line["step"] for line in log if line["validation_accuracy"] is not None] == [4, 8, 12]
    assert results["distillation"]["validation_accuracy"] == max(line["best_accuracy"] for line in log)
    assert Recipe.load(folder / "recipe.yaml").steps == 2
    kept = ["checkpoints/last.safetensors", "distilled.safetensors", "log.jsonl", "recipe.yaml", "results.json"]
    assert set(kept) <= set(files_below(folder))


def test_distilling_tells_what_it_read_and_what_it_will_take(distilled):
    said = distilled[1].err
    assert "86 train, 10 validation, 24 test; 2 classes; 100.0% of tokens have a vector" in said
    assert "note: no test split" in said
    assert "GiB of memory at the peak" in said
    assert f"{STEPS}/{STEPS}  outer loss" in said
    assert "\x1b" not in said


def test_a_run_without_output_goes_to_a_folder_named_after_the_data(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = tdd(*distil_command(*given, outer_steps=1))
    assert done.code == 0, done.err
    assert (tmp_path / "runs" / "data-4" / "distilled.safetensors").exists()


def test_evaluating_adds_fresh_networks_and_the_ratio_and_trains_on_all_data_once(run, monkeypatch):
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

    def not_again(*_):
        raise AssertionError("trained on all the data again")

    monkeypatch.setattr("tdd.full_data._train_on_all", not_again)
    assert tdd("evaluate", run, "--networks", 3, "--full").out == done.out


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
    assert sentences[0].keys() == {"step", "index", "label", "words", "scores"}
    assert all(len(words) == 3 for sentence in sentences for words in sentence["words"])
    assert all(scores == sorted(scores, reverse=True) for sentence in sentences for scores in sentence["scores"])
    text = tdd("decode", run, "--format", "text").out.splitlines()
    assert text == [" ".join(words[0] for words in sentence["words"]) for sentence in sentences]
    assert tdd("decode", run, "--format", "text", "--first", 2).out.splitlines() == text[:2]


def test_decoding_by_distance_gives_distances(run):
    sentences = json.loads(tdd("decode", run, "--format", "json", "--k", 2, "--metric", "l2").out)
    assert all(0 <= near <= far for sentence in sentences for near, far in sentence["scores"])


# What does not: the start of a run


def csv(text: str):
    return lambda folder: folder.joinpath("made.csv").write_text(text)


def vectors(content: bytes, name: str = "made.txt"):
    return lambda folder: folder.joinpath(name).write_bytes(content)


ROWS = "".join(f"word{i} word{i + 1},{'ab'[i % 2]}\n" for i in range(40))
LATIN = b"2 3\nlorem 1 2 3\nipsum 1 2 3\n"

BAD_STARTS = {
    # name: (what to prepare, changed arguments, exit code, part of the line)
    "unknown data set": (None, {"data": "nowhere"}, 2, "no data set 'nowhere'; choose from "),
    "misspelt data set": (None, {"data": "tomatos"}, 2, "did you mean 'tomatoes'?"),
    "missing file": (None, {"data": "nowhere.csv"}, 2, "no file or folder nowhere.csv"),
    "Hub unreachable": (None, {"data": "some/thing"}, 1, "cannot reach the Hub"),
    "missing column": (None, {"text_column": "txet"}, 2, "there is no column 'txet': set text_column to one of text, "),
    "missing label": (csv("text,kind\nword1,a\n"), {}, 2, "set label_column to one of text, kind"),
    "one class": (csv("text,label\nword1,a\nword2,a\nword3,a\n"), {}, 2, "class"),
    "rare class": (csv("text,label\n" + ROWS + "word3,c\n"), {}, 2, "class 'c' has 1 training examples"),
    "empty file": (csv(""), {}, 2, "is empty"),
    "header alone": (csv("text,label\n"), {}, 2, "is empty"),
    "no text": (csv("text,label\n,a\n,b\n"), {}, 2, "text"),
    "foreign file": (lambda f: f.joinpath("made.parquet").write_text("PAR"), {"data": "made.parquet"}, 1, "parquet"),
    "n does not split": (None, {"n": 5, "steps": 2}, 2, "n = 5 does not split into 2 steps"),
    "few hard labels": (None, {"n": 1, "labels": "hard"}, 2, "hard labels need a sample for each of the 2 classes"),
    "short sentences": (None, {"max_length": 1}, 2, "max_length = 1 is shorter than the widest filter (2)"),
    "missing vectors": (None, {"vectors": "none.txt"}, 2, "no vectors file none.txt"),
    "unknown vectors": (None, {"vectors": "glove"}, 1, "cannot download the vectors 'glove'"),
    "uneven vectors": (vectors(b"a 1 2 3\nb 1 2\n"), {"vectors": "made.txt"}, 1, "line 2: 2 numbers instead of 3"),
    "broken vectors": (vectors(b"a 1 2 3\nb 1 x 3\n"), {"vectors": "made.txt"}, 1, "made.txt"),
    "NaN vectors": (vectors(b"a 1 2 3\nb 1 nan 3\n"), {"vectors": "made.txt"}, 1, "NaN"),
    "truncated vectors": (
        vectors(gzip.compress(os.urandom(99))[:40], "made.gz"),
        {"vectors": "made.gz"},
        1,
        "truncated",
    ),
    "foreign language": (vectors(LATIN), {"vectors": "made.txt"}, 2, "have 0.0% of the words"),
    "huge n": (None, {"n": 10**9}, 2, "not enough memory: about"),
    "huge network": (None, {"filters": 10**10}, 2, "not enough memory: about"),
    "huge unroll": (None, {"epochs": 10**10}, 2, "not enough memory: about"),
    "huge sentences": (None, {"max_length": 10**11}, 2, "not enough memory: about"),
    "impossible combination": (None, {"networks": 2}, 2, "networks > 1 needs init: random"),
    "unknown setting": (None, {"bogus": 2}, 2, "unknown setting 'bogus'"),
}


@pytest.mark.parametrize("case", BAD_STARTS)
def test_a_bad_start_is_one_line_and_leaves_no_folder(case, given, tmp_path, monkeypatch):
    prepare, changed, code, message = BAD_STARTS[case]
    monkeypatch.chdir(tmp_path)
    changed = dict(changed)
    data = changed.pop("data", None)
    if prepare is not None:
        prepare(tmp_path)
        data = data or ("made.csv" if Path("made.csv").exists() else None)
    before = files_below(tmp_path)
    done = tdd(*distil_command(Path(data) if data else given[0], given[1], Path("run")), *sets(changed))
    line = done.one_line()
    assert message in line
    assert done.code == code
    assert files_below(tmp_path) == before


def sets(settings: dict[str, object]) -> list[str]:
    flags = {name: settings.pop(name) for name in ("n", "vectors", "steps") if name in settings}
    arguments = [part for name, value in flags.items() for part in (f"--{name}", str(value))]
    return arguments + [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]


def test_a_bad_start_does_not_stand_in_the_way_of_the_next(given, tmp_path):
    run = tmp_path / "run"
    assert tdd(*distil_command(tmp_path / "misspelt.csv", given[1], run)).code == 2
    done = tdd(*distil_command(*given, run, outer_steps=1))
    assert done.code == 0, done.err


def test_an_empty_folder_that_was_there_stays_there(given, tmp_path):
    assert tdd(*distil_command(tmp_path / "misspelt.csv", given[1], tmp_path)).code == 2
    assert tmp_path.is_dir()


def test_a_loss_that_is_not_finite_ends_the_run_in_one_line(given, tmp_path):
    wild = {"learning_rate": 5, "samples_lr": 1e30, "clip_norm": 1e30, "schedule": "constant"}
    done = tdd(*distil_command(*given, tmp_path / "run", **wild))
    assert "the outer loss is no longer finite at outer step" in done.one_line()
    assert done.code == 1
    if (tmp_path / "run" / "distilled.safetensors").exists():
        assert tdd("decode", tmp_path / "run").code == 0


# What does not: the output folder


def test_a_folder_in_use_by_another_process_is_refused(given, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    code = "import sys, filelock\nwith filelock.FileLock(sys.argv[1]): print('locked', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(run / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        for arguments in (distil_command(*given, run), ["distill", "--resume", run]):
            if "--resume" in arguments:
                Recipe().save(run / "recipe.yaml")
            done = tdd(*arguments)
            assert "is in use by another run; wait for it or choose another --output" in done.one_line()
            assert done.code == 2
        assert other.stdin is not None
        other.stdin.close()


def test_a_folder_that_holds_a_run_is_refused_with_the_way_on(run, given):
    before = files_below(run)
    done = tdd(*distil_command(*given, run))
    assert f"already holds a run; go on with it by --resume {run}" in done.one_line()
    assert (done.code, files_below(run)) == (2, before)


def test_a_folder_that_holds_other_files_is_refused(given, tmp_path):
    (tmp_path / "thesis.tex").touch()
    done = tdd(*distil_command(*given, tmp_path))
    assert "holds other files" in done.one_line()
    assert (done.code, files_below(tmp_path)) == (2, ["thesis.tex"])


def test_an_output_that_is_a_file_is_refused(given, tmp_path):
    path = tmp_path / "file"
    path.write_text("precious")
    for output in (path, path / "below"):
        done = tdd(*distil_command(*given, output))
        assert f"cannot use '{output}' as a run folder" in done.one_line()
        assert done.code == 1
    assert path.read_text() == "precious"


def test_an_output_that_cannot_be_written_is_refused(given, tmp_path, monkeypatch):
    def denied(self, *_, **__):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", denied)
    done = tdd(*distil_command(*given, tmp_path / "run"))
    assert done.one_line() == f"cannot use '{tmp_path / 'run'}' as a run folder: Permission denied"
    assert done.code == 1


# What does not: going on


def test_there_must_be_a_run_to_go_on_with(tmp_path):
    done = tdd("distill", "--resume", tmp_path / "nothing")
    assert "no run in" in done.one_line()
    assert "start one with: tdd distill DATASET" in done.one_line()
    assert (done.code, files_below(tmp_path)) == (2, [])


@pytest.mark.parametrize(
    "extra", [["imdb"], ["--n", "3"], ["--set", "n=3"], ["--recipe", "imdb"], ["--output", "x"], ["--data", "x"]]
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
    assert "belongs to another recipe or other data" in done.one_line()
    assert done.code == 1


def test_going_on_with_a_recipe_broken_by_hand_is_refused(run):
    with open(run / "recipe.yaml", "a") as file:
        file.write("bogus: 3\n")
    for arguments in (["distill", "--resume", run], ["evaluate", run], ["decode", run]):
        done = tdd(*arguments)
        assert f"{run / 'recipe.yaml'}: unknown setting 'bogus'" in done.one_line()
        assert done.code == 2


def test_going_on_with_other_data_is_refused(given, tmp_path):
    data = Path(shutil.copy(given[0], tmp_path / "data.csv"))
    assert tdd(*distil_command(data, given[1], tmp_path / "run")).code == 0
    write_data(data, rows=100)
    done = tdd("distill", "--resume", tmp_path / "run")
    assert "belongs to another recipe or other data" in done.one_line()
    assert done.code == 1


# What does not: reading a set


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
    assert "the set was distilled with vectors.txt" in done.one_line()
    assert done.code == 2
    done = tdd("evaluate", tmp_path / "run")
    assert "are not those the set was distilled with; test it with those" in done.one_line()
    assert done.code == 2


def test_more_nearest_words_than_words_are_refused(run):
    done = tdd("decode", run, "--k", 51)
    assert "--k must be between 1 and 50" in done.one_line()
    assert done.code == 2


# The command line itself


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["distil"], "No such command 'distil'"),
        (["distill", "--bogus"], "No such option: --bogus"),
        (["distill"], "name a data set, e.g. tdd distill imdb --n 20"),
        (["distill", "x", "y"], "unexpected extra argument"),
        (["distill", "x", "--n", "many"], "Invalid value for '--n'"),
        (["distill", "x", "--init", "warm"], "'warm' is not one of 'fixed', 'random'"),
        (["distill", "x", "--set"], "Option '--set' requires an argument"),
        (["evaluate"], "Missing argument 'RUN'"),
        (["evaluate", "x", "--networks", "0"], "Invalid value for '--networks'"),
        (["decode", "x", "--format", "xml"], "'xml' is not one of 'table', 'json', 'text'"),
    ],
)
def test_a_command_that_makes_no_sense_is_one_line(arguments, message):
    done = tdd(*arguments)
    assert message in done.one_line()
    assert done.err.count("\n") == 1
    assert done.code == 2


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["-h"], ["distill", "--help"], ["evaluate", "-h"], ["decode", "-h"]]
)
def test_help_is_printed(arguments):
    done = tdd(*arguments)
    assert (done.code, done.err) == (0, "")
    assert "Usage: tdd" in done.out


def test_the_version_is_printed():
    assert tdd("--version").out == "tdd 0.1.0\n"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_anywhere_on_the_line_shows_the_traceback(place):
    arguments = ["distill", "nowhere"]
    arguments.insert(place, "--debug")
    done = tdd(*arguments, "--output", "/dev/null/x")
    assert "Traceback (most recent call last)" in done.err
    assert done.err.splitlines()[-1].startswith("tdd: ")
    assert done.code == 1


def test_a_failure_nobody_thought_of_is_one_line_too(run, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("first\nsecond \x1b[31m")

    monkeypatch.setattr("tdd.vectors.load_vectors", fails)
    done = tdd("decode", run)
    assert done.one_line() == "unexpected RuntimeError: first second \\x1b[31m; add --debug to see where"
    assert done.code == 1


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried")]
)
def test_running_out_of_memory_says_what_to_lower(run, monkeypatch, error):
    def fails(*_, **__):
        raise error

    monkeypatch.setattr("tdd.decoding.decode", fails)
    done = tdd("decode", run)
    assert (done.one_line(), done.code) == ("out of memory; lower n, batch_size or networks_at_once", 1)


def test_help_waits_for_no_heavy_import_and_python_m_tdd_works():
    code = (
        "import sys, runpy\n"
        "for arguments in (['--help'], ['distill', '--help'], ['--version']):\n"
        "    sys.argv = ['tdd', *arguments]\n"
        "    try: runpy.run_module('tdd', run_name='__main__')\n"
        "    except SystemExit as leave: assert leave.code == 0, leave.code\n"
        "heavy = {'torch', 'datasets', 'gensim', 'accelerate', 'numpy', 'tdd.recipe'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: tdd distill" in done.stdout


def test_a_reader_that_leaves_early_is_told_nothing():
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as gone:
        command = [sys.executable, "-m", "tdd", "distill", "--list-recipes"]
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b""


# The package


def test_the_public_names_are_these_and_each_can_be_had():
    assert package.__all__ == [
        "Corpus",
        "DistilledSet",
        "Distiller",
        "Recipe",
        "TddError",
        "decode",
        "distill",
        "evaluate",
        "load_corpus",
        "load_vectors",
    ]
    for name in package.__all__:
        assert getattr(package, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'bogus'"):
        package.bogus  # noqa: B018


def test_names_stay_functions_whatever_is_imported():
    for path in Path(package.__file__).parent.glob("*.py"):
        if path.stem != "__main__":
            importlib.import_module(f"tdd.{path.stem}")
    for name in ("decode", "distill", "evaluate", "load_corpus", "load_vectors"):
        assert isinstance(getattr(package, name), types.FunctionType), name


def test_a_lock_left_by_a_run_that_is_gone_does_not_lock(given, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    with FileLock(run / ".lock"):
        pass
    assert tdd(*distil_command(*given, run, outer_steps=1)).code == 0


def test_what_an_evaluation_has_measured_is_kept_when_it_is_stopped(run, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tdd.evaluation_run.train_on_all", stop)
    done = tdd("evaluate", run, "--init", "random", "--networks", 7, "--full")
    assert (done.code, done.one_line()) == (130, "interrupted")
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

    monkeypatch.setattr("tdd.evaluation_run.train_on_all", add_baselines)
    assert tdd("evaluate", run, "--full").code == 0
    results = json.loads((run / "results.json").read_text())
    assert results["baselines"] == {"random": {"mean": 0.5, "sd": 0.1}}
    assert results["full_data"] == {"accuracy": 0.75} and "distillation" in results
