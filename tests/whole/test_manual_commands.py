"""The commands of README and its manual do what they say, one after the other in a folder, in miniature."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import tdd
from plain import short_training
from small_hub import CLASS_WORDS, fill, texts_of, write_data_sets

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MANUAL = ("README.md", *(f"docs/{name}.md" for name in ("runs", "publishing", "encoders", "results")))
TEXT = "\n".join((ROOT / name).read_text() for name in MANUAL)
LINES = [line.partition("  #")[0].strip() for line in re.findall(r"(?m)^    ((?:tdd|python -m tdd).*)$", TEXT)]
COMMANDS = list(dict.fromkeys(LINES))
# What is added to every run so that it takes seconds.
SHORT = {
    "outer_steps": 4,
    "validate_every": 2,
    "checkpoint_every": 2,
    "batch_size": 16,
    "test_networks": 2,
    "validation_networks": 2,
    "refit_steps": 4,
    "full_epochs": 1,
    "max_length": 16,
}
INSTEAD = {
    r"--networks \d+": "--networks 3",
    r"outer_steps=\d+": "outer_steps=4",
    r"--outer-steps \d+": "--outer-steps 6",
    r"--most 120": "--most 12",
    r"owner/name (?=--image)": "owner/pictures ",
}
# Dozens of runs each: tests/runs/test_results_table.py has them with rows of its own.
MANY_RUNS = ("tdd table --seeds", "tdd table trec6", "tdd table --recipes", "tdd table --data-root")


@pytest.fixture(scope="module")
def folder(module_hub, tmp_path_factory):
    """A folder with what these take for granted: files of one's own, and runs that it mentions."""
    folder = tmp_path_factory.mktemp("readme")
    copies = write_data_sets(folder / "copies")
    fill(module_hub, copies)
    shutil.copytree(copies / "stanfordnlp/imdb", folder / "path/to/imdb")
    texts, labels = texts_of(2, 120)
    rows = [f"{text},{['bad', 'good'][label]}" for text, label in zip(texts, labels, strict=True)]
    (folder / "ag_news.csv").write_text("\n".join(["title,topic", *rows]) + "\n")
    (folder / "nli.csv").write_text(
        "\n".join(["premise,hypothesis,label", *(f"the film,{row}" for row in rows)]) + "\n"
    )
    said = [
        {"text": f"the film is {words}", "label": ["bad", "good"][place]} for place, words in enumerate(CLASS_WORDS[:2])
    ]
    (folder / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in said))
    (module,) = re.findall(r"(?s)```python\n(class Net.*?)```", TEXT)
    (folder / "my_nets.py").write_text(f"import torch\n\n\n{module}")
    shutil.copytree(ROOT / "results", folder / "results")
    shutil.copy(ROOT / "README.md", folder)
    with pytest.MonkeyPatch.context() as patch, short_training():
        patch.chdir(folder)
        patch.setenv("HF_TOKEN", "hf_test")
        patch.syspath_prepend(folder)
        patch.setattr("tdd.runs.rank.TEXT_GRID", {"mean_pool": {"hidden": [4, 8, 16]}})
        for before in ("imdb --n 2", "trec6 --n 60", "mnist --n 100 --init random"):
            assert run(f"tdd distill {before}").code == 0
        yield folder
    sys.modules.pop("my_nets", None)


def run(line: str):
    """What a command does, in miniature."""
    for written, instead in INSTEAD.items():
        line = re.sub(written, instead, line)
    command = shlex.split(line)[1:]
    distils = command[0] == "distill" and not {"--resume", "--dry-run", "--list-recipes"} & set(command)
    if distils or (command[0] in ("size", "baselines") and "--run" not in command):
        named = re.findall(r"--set (\w+)=", line)
        command += [part for name, value in SHORT.items() if name not in named for part in ("--set", f"{name}={value}")]
    return tdd(*command, *(["--draws", 2] if command[0] == "baselines" else []))


def test_the_manual_is_about_commands():
    assert len(COMMANDS) >= 60


@pytest.mark.parametrize("line", [line for line in COMMANDS if not line.startswith(MANY_RUNS)])
def test_a_command_of_the_manual_does_what_it_says(line, folder):
    if line.startswith("python"):
        done = subprocess.run([sys.executable, *line.split()[1:]], check=True, capture_output=True, cwd=folder)
        assert done.stdout
        return
    done = run(line)
    assert done.code == 0, done.err
    assert done.out
