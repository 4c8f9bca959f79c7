"""A run that is stopped or killed at any moment goes on to the same bytes; a full disk or a tracker harms nothing."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command import STEPS, distil_command, files_below, tdd

import tdd as package
from tdd.distilled_set import run_log
from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError
from tdd.runs.summary import describe_results
from tdd.settings.recipe import Recipe
from tdd.system.reporter import Reporter

RANDOM = {"init": "random", "networks": 2, "validation_networks": 2, "test_networks": 3, "ema": 0.9, "warmup": 3}


@pytest.fixture(scope="module")
def whole(given, tmp_path_factory) -> Path:
    """The run that nobody interrupted."""
    output = tmp_path_factory.mktemp("whole") / "run"
    assert tdd(*distil_command(*given, output, **RANDOM)).code == 0
    return output


def lines_of(output: Path) -> list[dict]:
    path = output / "log.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def assert_same_run(output: Path, other: Path) -> None:
    """Equal to the last byte but for the seconds it took."""
    for name in ("distilled.safetensors", "recipe.yaml"):
        assert (output / name).read_bytes() == (other / name).read_bytes(), name
    logs = [[line | {"seconds": 0} for line in lines_of(each)] for each in (output, other)]
    assert logs[0] == logs[1]
    results = [json.loads((each / "results.json").read_text()) for each in (output, other)]
    for each in results:
        del each["distillation"]["seconds"]
    assert results[0] == results[1]
    assert not [name for name in files_below(output) if name.split("/")[-1].startswith(".") and name != ".lock"]


# Processes that reach a moment and wait there to be ended. They are forked from one that has imported everything.

MOMENTS = {
    "while it reads": ("tdd.runs.distill", "open_corpus"),
    "before the first step": ("tdd.runs.distill", "Log"),
    "in a checkpoint": ("tdd.system.tensor_files", "save_file"),
    "in the test at the end": ("tdd.runs.distill", "evaluate_on"),
    "in the last write": ("tdd.distilled_set.set", "write_json"),
}


def child(arguments: list[str], output: str, moment: str | int) -> None:
    """Run ``tdd ARGUMENTS``; at `moment`, or after that outer step, say so in a file and wait for a signal."""
    said = open(output, "w", buffering=1)  # noqa: SIM115 (open for the whole process)
    os.dup2(said.fileno(), 1)
    os.dup2(said.fileno(), 2)
    sys.stdout = sys.stderr = said
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)  # so that a signal that comes before the wait ends it too

    def wait() -> None:
        Path(output + ".waits").touch()
        os.read(read, 1)

    if isinstance(moment, int):
        add = run_log.Log.add

        def add_and_wait(log: run_log.Log, values: dict) -> None:
            add(log, values)
            if values["step"] == moment:
                wait()

        run_log.Log.add = add_and_wait
    else:
        module, name = MOMENTS[moment]
        original = getattr(sys.modules[module], name)

        def wait_first(*given: object, **named: object) -> object:
            if moment == "in a checkpoint":  # half of a file lies there
                Path(given[1]).write_bytes(b"half")
            wait()
            return original(*given, **named)

        setattr(sys.modules[module], name, wait_first)
    sys.argv = ["tdd", *arguments]
    from tdd.cli.main import main

    main()


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["test_run", "tdd.runs.distill", "tdd.cli.main", "datasets", "accelerate"])
    return context


def end(processes, arguments: list[str], moment: str | int, number: signal.Signals, tmp_path: Path) -> tuple[int, str]:
    """Run a command in a process of its own and end it by signal `number` at `moment`; its exit code and words."""
    output = tmp_path / f"said {moment} {number}"
    process = processes.Process(target=child, args=(arguments, str(output), moment))
    process.start()
    waits = Path(f"{output}.waits")
    while not waits.exists():
        assert process.is_alive(), output.read_text()
        time.sleep(0.005)
    os.kill(process.pid, number)
    process.join(240)
    return process.exitcode, output.read_text()


@pytest.mark.parametrize("moment", [1, 6, *list(MOMENTS)[1:]])
def test_a_killed_run_goes_on_to_the_same_bytes(processes, given, whole, tmp_path, moment):
    output = tmp_path / "run"
    code, _ = end(processes, distil_command(*given, output, **RANDOM), moment, signal.SIGKILL, tmp_path)
    assert code == -signal.SIGKILL
    done = tdd("distill", "--resume", output)
    assert done.code == 0, done.err
    for left in output.rglob(".*.*"):  # a file that was being written when the process died
        assert left.name.startswith((".last.safetensors.", ".results.json.", ".distilled.safetensors."))
        left.unlink()
    assert_same_run(output, whole)


def test_a_run_killed_before_it_began_can_be_started_again(processes, given, tmp_path):
    arguments = distil_command(*given, tmp_path / "run", outer_steps=1)
    end(processes, arguments, "while it reads", signal.SIGKILL, tmp_path)
    assert files_below(tmp_path / "run") == [".lock"]
    done = tdd(*arguments)
    assert done.code == 0, done.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_stopped_before_it_began_leaves_nothing(processes, given, tmp_path, number):
    output = tmp_path / "run"
    code, said = end(processes, distil_command(*given, output), "while it reads", number, tmp_path)
    assert (code, said) == (130, "tdd: interrupted\n")
    assert not output.exists()


@pytest.mark.parametrize(
    ("number", "moment"),
    [(signal.SIGINT, 2), (signal.SIGTERM, 7), (signal.SIGINT, "in the test at the end")],
)
def test_a_stopped_run_says_how_to_go_on_and_does(processes, given, whole, tmp_path, number, moment):
    output = tmp_path / "run"
    code, said = end(processes, distil_command(*given, output, **RANDOM), moment, number, tmp_path)
    assert code == 130
    assert "Traceback" not in said
    what = f"stopped after {moment} of {STEPS} outer steps" if isinstance(moment, int) else "interrupted"
    assert said.splitlines()[-1] == f"tdd: {what}; go on with: tdd distill --resume {output}"
    verb = tdd("evaluate", output)
    assert verb.code == (0 if moment == 7 else 2)  # what was best so far can be tested; nothing is before a validation
    done = tdd("distill", "--resume", output)
    assert done.code == 0, done.err
    assert_same_run(output, whole)


def test_ctrl_c_on_the_real_command(given, tmp_path):
    output = tmp_path / "run"
    command = [sys.executable, "-m", "tdd", *distil_command(*given, output, outer_steps=100000)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while len(lines_of(output) if (output / "log.jsonl").exists() else []) < 3:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=240)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    steps = len(lines_of(output))
    assert err.splitlines()[-1] == (
        f"tdd: stopped after {steps} of 100000 outer steps; go on with: tdd distill --resume {output}"
    )


# The disk


@pytest.mark.parametrize("name", ["last.safetensors", "log.jsonl", "results.json", "recipe.yaml"])
def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(given, whole, tmp_path, monkeypatch, name):
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
    assert_same_run(output, whole)


# From Python


def test_the_same_from_python_with_and_without_a_folder(given, whole, tmp_path):
    recipe = Recipe.load(whole / "recipe.yaml")
    kept = package.distill(recipe, tmp_path / "run")
    loose = package.distill(recipe)
    assert_same_run(tmp_path / "run", whole)
    assert loose.samples.equal(kept.samples)
    assert loose.samples.equal(DistilledSet.from_pretrained(whole).samples)
    assert loose.results["evaluation"] == kept.results["evaluation"]


def test_going_on_in_a_folder_that_is_not_there_makes_none(tmp_path):
    with pytest.raises(TddError, match="no run in"):
        package.distill(Recipe(), tmp_path / "nothing", resume=True)
    assert files_below(tmp_path) == []


def test_python_is_quiet(given, whole, capfd):
    package.distill(Recipe.load(whole / "recipe.yaml").model_copy(update={"outer_steps": 1}))
    assert capfd.readouterr() == ("", "")


def test_a_ratio_to_nothing_is_not_printed(whole):
    distilled = DistilledSet.from_pretrained(whole)
    distilled.results["full_data"] = {"accuracy": 0.0}
    assert "ratio" not in describe_results(distilled, whole)


def test_notes_cannot_command_a_terminal(capsys):
    Reporter().note("class '\x1b[2J' [bold] \u202e")
    assert capsys.readouterr().err == "class '\\x1b[2J' [bold] \\u202e\n"


# Trackers


def test_tensorboard_gets_the_curves_in_the_run_folder(given, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    done = tdd(*distil_command(*given, tmp_path / "run"), "--report-to", "tensorboard")
    assert done.code == 0, done.err
    events = EventAccumulator(str(tmp_path / "run" / "tdd")).Reload()
    log = lines_of(tmp_path / "run")
    for name in ("outer_loss", "learning_rate", "validation_accuracy", "best_accuracy"):
        expected = [(line["step"], pytest.approx(line[name])) for line in log if line[name] is not None]
        assert [(event.step, event.value) for event in events.Scalars(name)] == expected
    assert files_below(tmp_path) == ["run", *(f"run/{name}" for name in files_below(tmp_path / "run"))]


def test_trackio_keeps_the_curves_where_it_is_told_to(given, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "tracked"))
    trackio = pytest.importorskip("trackio")
    assert Path(trackio.TRACKIO_DIR) == tmp_path / "tracked"
    done = tdd(*distil_command(*given, tmp_path / "run"), "--report-to", "trackio")
    assert done.code == 0, done.err
    assert (tmp_path / "tracked" / "tdd.db").exists()


def test_what_trackio_says_is_not_on_standard_output_not_even_at_the_end_of_the_process(given, tmp_path):
    pytest.importorskip("trackio")
    arguments = [*distil_command(*given, tmp_path / "run", outer_steps=2), "--report-to", "trackio"]
    environment = os.environ | {"TRACKIO_DIR": str(tmp_path / "tracked")}
    done = subprocess.run(
        [sys.executable, "-m", "tdd", *arguments], env=environment, capture_output=True, text=True, check=True
    )
    assert "Trackio" in done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{tmp_path / 'run'}: n = 4") and "test accuracy" in second


@pytest.mark.filterwarnings("ignore:`log_with=trackio`")
def test_a_tracker_that_is_not_installed_is_said(given, tmp_path, monkeypatch):
    monkeypatch.setattr("accelerate.tracking.get_available_trackers", list)
    done = tdd(*distil_command(*given, tmp_path / "run"), "--report-to", "trackio")
    assert "trackio is not installed: run pip install trackio" in done.one_line()
    assert (done.code, files_below(tmp_path)) == (2, [])
