"""A finished run to show, to go on with and to damage."""

import shutil
from pathlib import Path

import pytest
from command import Done, distil_command, tdd


@pytest.fixture(scope="session")
def distilled(given, tmp_path_factory) -> tuple[Path, Done]:
    """A finished run and what distilling it printed."""
    folder = tmp_path_factory.mktemp("runs") / "made"
    return folder, tdd(*distil_command(*given, folder))


@pytest.fixture
def run(distilled, tmp_path) -> Path:
    """A copy of the finished run."""
    return shutil.copytree(distilled[0], tmp_path / "run")
