"""``tdd distill`` fills a run folder, or ends in one line of error and leaves nothing behind by a bad start."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from command import STEPS, distil_command, files_below, tdd
from filelock import FileLock

from tdd.settings.recipe import Recipe


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
    assert "86 train, 10 validation, 24 test; 2 classes; 100.0% of words have a vector" in said
    assert "note: no test split" in said
    assert "GiB of memory at the peak" in said
    assert f"{STEPS}/{STEPS}  outer loss" in said
    assert "\x1b" not in said


def test_a_run_without_output_goes_to_a_folder_named_after_the_data(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = tdd(*distil_command(*given, outer_steps=1))
    assert done.code == 0, done.err
    assert (tmp_path / "runs" / "data-4" / "distilled.safetensors").exists()


# The start of a run


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
    "one class": (csv("text,label\nword1,a\nword2,a\nword3,a\n"), {}, 2, "holds a single class, 'a'"),
    "rare class": (csv("text,label\n" + ROWS + "word3,c\n"), {}, 2, "class 'c' has 1 training example:"),
    "empty file": (csv(""), {}, 2, "is empty"),
    "header alone": (csv("text,label\n"), {}, 2, "is empty"),
    "no text": (csv("text,label\n,a\n,b\n"), {}, 2, "column 'text' of the train split holds no text"),
    "foreign file": (
        lambda f: f.joinpath("made.parquet").write_text("PAR"),
        {"data": "made.parquet"},
        1,
        "as parquet: ",
    ),
    "n does not split": (None, {"n": 5, "steps": 2}, 2, "n = 5 does not split into 2 steps"),
    "few hard labels": (None, {"n": 1, "labels": "hard"}, 2, "hard labels need a sample for each of the 2 classes"),
    "short sentences": (None, {"max_length": 1}, 2, "max_length = 1 is shorter than the widest filter (2)"),
    "missing vectors": (None, {"vectors": "none.txt"}, 2, "no vectors file none.txt"),
    "unknown vectors": (None, {"vectors": "glove"}, 1, "cannot download the vectors 'glove'"),
    "uneven vectors": (vectors(b"a 1 2 3\nb 1 2\n"), {"vectors": "made.txt"}, 1, "line 2: 2 numbers instead of 3"),
    "broken vectors": (vectors(b"a 1 2 3\nb 1 x 3\n"), {"vectors": "made.txt"}, 1, "line 2: 'x' is no number"),
    "NaN vectors": (
        vectors(b"a 1 2 3\nb 1 nan 3\n"),
        {"vectors": "made.txt"},
        1,
        "NaN or infinite values (word 2, 'b')",
    ),
    "truncated vectors": (
        vectors(gzip.compress(bytes(range(99)), mtime=0)[:40], "made.gz"),
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
    assert "distilled.safetensors" not in files_below(tmp_path / "run")


# The output folder


@pytest.mark.slow
@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_in_use_by_another_process_is_refused(resume, given, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    if resume:
        Recipe().save(run / "recipe.yaml")
    code = "import sys, filelock\nwith filelock.FileLock(sys.argv[1]): print('locked', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(run / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        done = tdd("distill", "--resume", run) if resume else tdd(*distil_command(*given, run))
    assert "is in use by another run; wait for it or choose another --output" in done.one_line()
    assert done.code == 2


def test_a_lock_left_by_a_run_that_is_gone_does_not_lock(given, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    with FileLock(run / ".lock"):
        pass
    assert tdd(*distil_command(*given, run, outer_steps=1)).code == 0


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
