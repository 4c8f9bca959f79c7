"""Every verb works after an installation without extras, or says in one line which one to install.

Nothing is installed: the wheel is unpacked, and imports find only what it holds and what it requires.
"""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from command import write_data, write_vectors

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# Runs verbs one after the other where only the requirements of the wheel are installed; prints the exit code of each.
PROGRAM = r"""
import json, re, sys
from importlib import metadata

def required(name, known):
    if name in known:
        return
    try:
        requires = metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # of another platform
        return
    known.add(name)
    for line in requires:
        if "extra ==" not in line:
            required(plain(re.match(r"[\w.-]+", line)[0]), known)

def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()

known = set()
own = next(each for each in metadata.distributions(path=[sys.argv[1]]))
assert own.metadata["Name"] == "text-dataset-distillation"
for line in own.requires:
    if "extra ==" not in line:
        required(plain(re.match(r"[\w.-]+", line)[0]), known)
assert "torch" in known and not {"matplotlib", "pytest", "tensorboard"} & known, known
of = metadata.packages_distributions()
allowed = {name for name, by in of.items() if {plain(each) for each in by} & known} | {"tdd", "_distutils_hack"}

class Without:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        missing = path is None and name in of and name not in allowed
        return None if missing else self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
for name in [name for name in sys.modules if name.split(".")[0] in of and name.split(".")[0] not in allowed]:
    del sys.modules[name]
from tdd.cli.main import main

for verb in json.loads(sys.argv[2]):
    sys.argv = ["tdd", *verb]
    try:
        main()
    except SystemExit as leave:
        print("LEFT", verb[0], leave.code, file=sys.stderr, flush=True)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The unpacked wheel."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def run(site: Path, folder: Path, *verbs: str) -> tuple[list[str], str]:
    """How each verb was left, and what they said on standard error."""
    commands = json.dumps([verb.split() for verb in verbs])
    environment = os.environ | {"PYTHONPATH": str(site), "TDD_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, str(site), commands],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert "Traceback" not in done.stderr, done.stderr
    left = [line.removeprefix("LEFT ") for line in done.stderr.splitlines() if line.startswith("LEFT ")]
    return left, done.stderr


def test_every_verb_works_or_names_the_extra_it_needs(site, tmp_path):
    write_data(tmp_path / "data.csv"), write_vectors(tmp_path / "vectors.txt")
    small = "--n 4 --outer-steps 2 --set max_length=8 --set batch_size=16 --set filters=4 --set widths=[1]"
    data = f"data.csv --vectors vectors.txt {small}"
    left, told = run(
        site,
        tmp_path,
        f"describe {data}",
        f"distill {data} --output run",
        "evaluate run --init random --networks 2 --full",
        "evaluate run --network mean_pool --networks 1",
        "predict run word1",
        "baselines --run run --only random --draws 1",
        "decode run",
        "decode run --format html",
        "compare run run",
        f"size {data.replace('--n 4', '')} --most 2 --runs sizes",
        "train run --output model",
        "settings",
        "cache",
        "env",
        "table --only-write --output RESULTS.md",
        "plot run",
        f"distill {data} --output other --report-to tensorboard",
        "push run me/set",
        "pull me/set",
    )
    codes = [line.split()[1] for line in left]
    lines = [line.removeprefix("tdd: ") for line in told.splitlines() if line.startswith("tdd: ")]
    assert codes == ["0"] * 15 + ["1", "2", "1", "1"], told
    assert lines[0].endswith("pip install matplotlib, or this package with the extra [plot]")
    assert lines[1].startswith("tensorboard is not installed: pip install tensorboard, or this package with the extra")
    assert len(lines) == 4 and "Writing model" not in told
    assert "note: no figures: " in told
