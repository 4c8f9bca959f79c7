"""How a file is written is said alike to every verb that reads one."""

from pathlib import Path

import pytest
import typer
from command import tdd

from tdd.cli.app import app
from tdd.settings.data_parts import READING
from tdd.settings.recipe import all_settings

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
VERBS = ("describe", "distill", "evaluate", "predict", "baselines", "size", "train", "decode", "inspect", "rank")
SEPARATED = ["--delimiter", "^", "--encoding", "cp1252", "--quote", "none"]


def test_every_verb_that_reads_a_file_has_the_same_options():
    reading = {verb for verb, command in COMMANDS.items() if {"data", "file"} & {each.name for each in command.params}}
    assert reading == set(VERBS)
    about = {known.name: f"{known.about}." for known in all_settings() if known.name in READING}
    for verb in VERBS:
        options = {parameter.name: parameter for parameter in COMMANDS[verb].params if parameter.name in READING}
        assert set(options) == set(READING)
        for name, option in options.items():
            assert option.opts == [f"--{name.replace('_', '-')}"] and option.help.lower() == about[name].lower()


@pytest.fixture
def written(given: tuple[Path, Path], tmp_path: Path) -> Path:
    """The data of the run with a separator that is not recognised."""
    path = tmp_path / "written.csv"
    path.write_bytes(given[0].read_text().replace(",", "^").encode("cp1252"))
    return path


@pytest.mark.parametrize("verb", ["evaluate", "evaluate --network", "baselines", "train", "decode"])
def test_data_that_are_written_otherwise_now_are_those_of_the_run(verb: str, run: Path, written: Path, tmp_path: Path):
    arguments = {
        "evaluate": ["evaluate", run],
        "evaluate --network": ["evaluate", run, "--network", "mean_pool", "--networks", 1],
        "baselines": ["baselines", "--run", run, "--only", "nearest", "--draws", 1],
        "train": ["train", run, "--output", tmp_path / "model"],
        "decode": ["decode", run, "--format", "html", "--output", tmp_path / "page.html"],
    }[verb]
    assert tdd(*arguments, "--data", written).code == 2
    done = tdd(*arguments, "--data", written, *SEPARATED)
    assert done.code == 0, done.err


def test_a_file_to_predict_is_read_as_is_said(run: Path, tmp_path: Path):
    rows = ["word1 word11 word12", "word2 word21 word22"]
    (tmp_path / "texts.csv").write_text("".join(f"{row}^{number}\n" for number, row in enumerate(rows)))
    asked = ["predict", run, "--file", tmp_path / "texts.csv", "--format", "csv"]
    done = tdd(*asked, "--no-header", "--delimiter", "^", "--text-column", "1")
    assert done.code == 0, done.err
    assert [line.split(",")[0] for line in done.out.splitlines()[1:]] == rows
    (tmp_path / "lines.txt").write_bytes("café\nword1\n".encode("cp1252"))
    lines = ["predict", run, "--file", tmp_path / "lines.txt", "--format", "csv"]
    assert "café," in tdd(*lines, "--encoding", "cp1252").out
    assert "not utf-8" in tdd(*lines, "--encoding", "utf-8").one_line()
    done = tdd("predict", run, "a text", "--delimiter", ";")
    assert (done.code, done.one_line()) == (2, "--delimiter says how a file is written: name one with --file")


def test_what_is_said_is_checked(run: Path):
    done = tdd("evaluate", run, "--encoding", "utf-9")
    assert (done.code, done.one_line()) == (2, "no encoding 'utf-9'; usual ones are utf-8, utf-16, latin-1 and cp1252")
    done = tdd("evaluate", run, "--quote", "double", "--delimiter", "")
    assert done.one_line().startswith("settings: delimiter: an empty text names nothing")


def test_a_separator_that_is_said_as_it_was_found_binds(run: Path, given: tuple[Path, Path], tmp_path: Path):
    data = tmp_path / "semicolons.csv"
    data.write_text(given[0].read_text().replace(",", ";"))
    assert tdd("evaluate", run, "--data", data).code == 0
    done = tdd("evaluate", run, "--data", data, "--delimiter", ",")
    assert (
        "the first line does not hold ',', the separator that delimiter (--delimiter) sets; ';' stands there"
        in done.one_line()
    )
    resumed = tdd("distill", "--resume", run, "--data", data, "--delimiter", ",")
    assert resumed.one_line() == done.one_line()
