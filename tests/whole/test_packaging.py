"""What is built holds all it needs: recipes, what pages are made of and the type marker travel with the package."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = {f"tdd/inspection/page.{kind}" for kind in ("html", "css", "js")}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the wheel and the source archive."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def recipes() -> set[str]:
    return {path.relative_to(ROOT / "recipes").as_posix() for path in (ROOT / "recipes").rglob("*.yaml")}


def test_the_wheel_holds_every_module_the_recipes_what_pages_are_made_of_and_the_type_marker(built):
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "tdd").rglob("*.py")}
    data = {"tdd/py.typed", "tdd/publishing/train.py.jinja", *PAGE}
    assert modules | {f"tdd/recipes/{name}" for name in recipes()} | data <= names
    assert not [name for name in names if name.startswith(("tests", "recipes"))]
    (metadata,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
    assert "tdd = tdd.__main__:main" in zipfile.ZipFile(wheel).read(metadata).decode()


def test_the_source_archive_holds_the_tests_and_all_that_is_needed_to_build(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        names = {name.split("/", 1)[1] for name in file.getnames()}
    assert {f"recipes/{name}" for name in recipes()} <= names
    assert {"pyproject.toml", "README.md", "LICENSE", "tests/whole/test_packaging.py"} <= names
    assert {"tdd/py.typed", *PAGE} <= names
    assert not [name for name in names if ".venv" in name or name.startswith(("runs/", ".git/"))]


def test_recipes_are_found_inside_an_installed_wheel(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tdd", "distill", "--list-recipes"],
        cwd=elsewhere,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    listed = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    expected = {name.removesuffix(".yaml"): str(site / "tdd" / "recipes" / name) for name in recipes()}
    assert listed == {name: path for name, path in expected.items() if not name.endswith("/rows")}
