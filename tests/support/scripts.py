"""The script of a published set, run where tdd cannot be imported, and what it must print."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from tdd.distilled_set.set import DistilledSet

MOST_LINES = 60


def run_without_tdd(code: str, folder: Path, *arguments: object) -> str:
    """What a script prints in a process in which tdd cannot be imported."""
    (folder / "train.py").write_text(code, encoding="utf-8")
    start = "import runpy, sys; sys.modules['tdd'] = None; runpy.run_path('train.py')"
    command = [sys.executable, "-P", "-W", "ignore", "-c", start, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def assert_claimed(printed: str, made: DistilledSet) -> None:
    """What a script printed is the accuracy of the set, within 0.1, or within three standard errors of fresh draws."""
    found = float(printed.partition(" %")[0])
    claimed = made.alone().results["evaluation"][made.recipe.init]
    if made.recipe.init == "fixed":
        assert abs(found - 100 * claimed["mean"]) < 0.1, printed
    else:
        spread = 100 * np.std(claimed["accuracies"], ddof=1)
        assert abs(found - 100 * claimed["mean"]) <= 3 * spread / 10**0.5 + 1e-9, printed
