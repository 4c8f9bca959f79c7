"""The packages import in one direction, and no module grows beyond one idea."""

import ast
import importlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "tdd").rglob("*.py"))
LONGEST = 250


def imported_at_the_top(path: Path) -> set[str]:
    """Modules of tdd that a module imports whenever it is imported: not in functions, not for types alone."""
    names: set[str] = set()
    nodes = list(ast.parse(path.read_text()).body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tdd."):
            names |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.If | ast.Try) and not (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node)
        ):
            nodes += node.body
    return names


def test_no_chain_of_imports_is_deeper_than_fifteen_modules():
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in MODULES}
    imports = {name: imported_at_the_top(path) & names.keys() for name, path in names.items()}

    @cache
    def depth(name: str) -> int:
        return 1 + max((depth(other) for other in imports[name]), default=0)

    assert depth("tdd.distillation.distiller") > 5
    assert max(depth(name) for name in names) <= 15


def test_the_picture_of_the_packages_shows_each_and_no_arrow_upwards_but_those_of_methods_of_a_set():
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        draw_packages = importlib.import_module("draw_packages")
    finally:
        sys.path.pop(0)
    packages = draw_packages.layers()
    assert set(packages) == {path.stem for path in (ROOT / "tdd").iterdir() if path.suffix != ".typed"} - {
        *("__init__", "__main__", "__pycache__")
    }
    counts = draw_packages.imports(packages)
    upwards = [pair for pair in counts if packages.index(pair[0]) > packages.index(pair[1])]
    assert {pair: counts[pair] for pair in upwards} == {
        ("distilled_set", "publishing"): 2,  # push_to_hub, to_dataset
        ("distilled_set", "inspection"): 1,  # what a notebook shows
    }
    picture = draw_packages.draw()
    assert all(f">{package}</text>" in picture for package in packages)
    assert picture.count('class="upward"') == 2


@pytest.mark.slow
def test_imports_keep_to_the_contracts():
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", done.stdout)


def test_no_module_is_long():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert len(lengths) > 50
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_the_start_of_a_package_is_a_docstring_alone():
    packages = [path for path in MODULES if path.name == "__init__.py" and path.parent != ROOT / "tdd"]
    assert len(packages) > 10
    for path in packages:
        (only,) = ast.parse(path.read_text()).body
        assert isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant), path
        assert isinstance(only.value.value, str) and only.value.value.strip(), path
