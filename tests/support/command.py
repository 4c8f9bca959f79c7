"""The command line in this process, and a data set and word vectors small enough for it to take a second."""

import contextlib
import io
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import torch

from tdd.cli.main import main

# One thread here and in the processes started from here: equal rounding, and no waiting for a busy core.
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)

# One thing each, so that a test may leave one out or change it.
SETTINGS = {
    "max_length": 8,
    "batch_size": 16,
    "learning_rate": 0.5,
    "validate_every": 4,
    "checkpoint_every": 5,
    "full_epochs": 2,
}
OPTIONS = {"widths": [1, 2], "filters": 10}
"""Those of the network."""
STEPS = 12


@dataclass
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def one_line(self) -> str:
        """The error it ended with, after "tdd: "; it must be the last line, and the only one that begins like this."""
        assert "Traceback" not in self.err
        lines = self.err.splitlines()
        assert [line for line in lines if line.startswith("tdd: ")] == lines[-1:], self.err
        assert self.out == ""
        return lines[-1].removeprefix("tdd: ")


def tdd(*arguments: object) -> Done:
    """Run ``tdd ARGUMENTS`` in this process."""
    out, err = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    code: object = None
    with (
        mock.patch.object(sys, "argv", ["tdd", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as leave:
            code = leave.code
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    assert isinstance(code, int)
    return Done(code, out.getvalue(), err.getvalue())


def write_data(path: Path, classes: tuple[str, ...] = ("bad", "good"), rows: int = 120) -> Path:
    """Sentences of six words of which half belong to the class."""
    random = np.random.default_rng(0)
    lines = ["text,label"]
    for row in range(rows):
        label = row % len(classes)
        words = [*random.integers(0, 10, 3), *random.integers(10 + 10 * label, 20 + 10 * label, 3)]
        lines.append(" ".join(f"word{word}" for word in words) + f",{classes[label]}")
    path.write_text("\n".join(lines) + "\n")
    return path


def write_vectors(path: Path, dim: int = 5, seed: int = 0, words: int = 50) -> Path:
    """word0, word1, ... as a word2vec text file."""
    table = np.random.default_rng(seed).standard_normal((words, dim))
    lines = [f"word{row} " + " ".join(f"{x:.4f}" for x in vector) for row, vector in enumerate(table)]
    path.write_text("\n".join([f"{words} {dim}", *lines]) + "\n")
    return path


def distil_command(data: Path, vectors: Path, output: Path | None = None, **settings: object) -> list[str]:
    """Arguments that distil `data` into `output` in `STEPS` outer steps."""
    arguments = ["distill", str(data), "--n", "4", "--vectors", str(vectors)]
    for name, value in ({"outer_steps": STEPS} | SETTINGS | OPTIONS | settings).items():
        arguments += ["--set", f"{name}={value}"]
    return arguments + (["--output", str(output)] if output else [])


def files_below(folder: Path) -> list[str]:
    """Everything that lies in a folder, however deep."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def words_and_free(given, folder: Path) -> Path:
    """The folder with two runs: ``words``, for any initialisation, and ``free``, for one."""
    for name, settings in (("words", {"samples": "words", "init": "random"}), ("free", {})):
        done = tdd(*distil_command(*given, folder / name, **settings))
        assert done.code == 0, done.err
    return folder
