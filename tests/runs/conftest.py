"""A results table to run."""

from pathlib import Path

import pytest
from easy_table import write_table


@pytest.fixture
def recipes(tmp_path, monkeypatch) -> Path:
    """A table of two rows, in the working directory."""
    monkeypatch.chdir(tmp_path)
    return write_table()
