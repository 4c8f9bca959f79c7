"""README's commands about a run do what they say, on a run of miniature data in the place of imdb's."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from command import distil_command, tdd

pytestmark = pytest.mark.slow

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.partition("## A run and its folder")[2].partition("\n## ")[0]
COMMANDS = [line.partition("  #")[0].strip() for line in re.findall(r"(?m)^    (tdd .*)$", SECTION)]
# What takes long or needs a Hub: its miniature, or none.
INSTEAD = {
    "tdd distill --resume runs/imdb-20 --outer-steps 6000": "tdd distill --resume runs/imdb-20 --outer-steps 20",
    "tdd distill imdb --n 40 --start-from runs/imdb-20": "tdd distill {given} --start-from runs/imdb-20 --output b",
    "tdd distill imdb --n 20 --max-rows 2000": "tdd distill {given} --max-rows 60 --output a",
    "tdd pull me/imdb-distilled-20": "",
    "tdd evaluate me/imdb-distilled-20": "",
}


@pytest.fixture(scope="module")
def folder(given, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    assert tdd(*distil_command(*given, folder / "runs" / "imdb-20", refit_steps=5)).code == 0
    shutil.copytree(folder / "runs" / "imdb-20", folder / "runs" / "trec6-60")
    return folder


def test_the_section_is_about_commands():
    assert len(COMMANDS) > 12 and set(INSTEAD) <= set(COMMANDS)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_does_what_it_says(line, folder, given, monkeypatch):
    monkeypatch.chdir(folder)
    made = shlex.join(distil_command(*given)[1:])
    command = INSTEAD.get(line, line).format(given=made)
    if not command:
        pytest.skip("needs a Hub; see tests/publishing")
    done = tdd(*shlex.split(command)[1:])
    assert done.code == 0, done.err
    assert done.out
