"""The packages import in one direction, and no module grows beyond one idea."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "tdd").rglob("*.py"))
LONGEST = 260


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
