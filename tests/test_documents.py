"""What README and docs tell readers to type, to import and to look at is there."""

import importlib.util
import pkgutil
import re
import shlex
from functools import reduce
from pathlib import Path

import pytest
import typer
from command import tdd

import tdd as package
from tdd.cli.app import app
from tdd.runs.result_files import read_result
from tdd.runs.results_figures import read_figures
from tdd.runs.results_markdown import render
from tdd.runs.results_readme import markers, short_table, with_table
from tdd.runs.results_rows import read_rows
from tdd.runs.results_table import Files
from tdd.settings.recipe import all_settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "CHANGELOG.md", *sorted(ROOT.glob("R*.md")), *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(path.read_text() for path in DOCUMENTS)
VERBS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
COMMANDS = sorted(
    {
        line.partition(" #")[0].strip()
        for line in re.findall(r"(?m)^ {4,}(?:(?:torchrun|accelerate) .* )?(tdd [a-z].*)$", TEXT)
    }
)


def test_there_are_documents_to_check():
    assert len(COMMANDS) > 30 and len(re.findall(r"python -m tdd", TEXT)) >= 1


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_one_that_the_command_line_takes(line, monkeypatch):
    monkeypatch.chdir(ROOT)  # where recipes lie
    verb, *arguments = shlex.split(line)[1:]
    VERBS[verb].make_context(verb, list(arguments))  # parsed, not carried out
    if verb == "distill" and not {"--resume", "--list-recipes"} & set(arguments):
        done = tdd(verb, *arguments, *([] if "--dry-run" in arguments else ["--dry-run"]))
        assert done.code == 0, done.err


def test_every_module_that_is_to_be_started_is_there_and_starts():
    for name in set(re.findall(r"-m (?:-- )?(tdd[\w.]*)", TEXT)):
        spec = importlib.util.find_spec(name if name != "tdd" else "tdd.__main__")
        assert spec is not None and spec.origin is not None, name
        assert '__name__ == "__main__"' in Path(spec.origin).read_text() or spec.name == "tdd.__main__", name


def test_every_name_of_tdd_is_there():
    names = set(re.findall(r"\btdd((?:\.[A-Za-z_]\w*)+)", TEXT))
    assert len(names) > 8
    for dotted in names:
        first, *more = dotted.removeprefix(".").split(".")
        if first in package.__all__:
            assert reduce(getattr, more, getattr(package, first)), dotted
        else:
            assert pkgutil.resolve_name(f"tdd{dotted}"), dotted


def test_every_setting_that_is_to_be_set_is_there():
    known = {name for setting in all_settings() for name in (setting.name, setting.path)}
    named = set(re.findall(r"--set\s+([\w.]+)=", TEXT))
    assert len(named) > 10 and named <= known


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_linked_to_is_there(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_the_packages_are_as_many_as_the_plan_of_the_house_says():
    numbers = dict(enumerate(["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"], 10))
    packages = [path for path in (ROOT / "tdd").iterdir() if (path / "__init__.py").exists()]
    said = f"{numbers[len(packages)].capitalize()} packages and `errors.py` import in one direction"
    assert said in (ROOT / "docs/architecture.md").read_text()


@pytest.mark.parametrize("table", ["paper", "words", "networks", "curves"])
def test_tables_of_results_are_those_of_the_files_that_lie_beside_them(table):
    recipes = None if table == "paper" else Path(table)
    files = Files.of(recipes)
    figures = read_figures(read_rows(recipes), ROOT / files.results)
    command = "tdd table" if recipes is None else f"tdd table --recipes {table}"
    assert (ROOT / files.output).read_text() == render(figures, command, files.results.name), f"write it: {command}"
    readme = (ROOT / files.readme).read_text()
    assert readme == with_table(readme, table, short_table(figures)), f"write it: {command} --only-write"
    assert table in ("networks", "curves") or markers(table)[0] in readme


def test_every_file_of_results_belongs_to_a_row_and_holds_no_path():
    rows = [row.name for table in (None, Path("words"), Path("networks"), Path("curves")) for row in read_rows(table)]
    paths = sorted((ROOT / "results").iterdir())
    assert paths
    for path in paths:
        assert read_result(path).row in rows
        assert not re.search(r'": "(/|~|\.)', path.read_text()), path
