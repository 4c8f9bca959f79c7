"""What the library says is told to Python too: options of the command line stand beside names, not in their place."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tdd

ROOT = Path(tdd.__file__).parent
PACKAGES = (
    "data",
    "embeddings",
    "networks",
    "distilled_set",
    "distillation",
    "evaluation",
    "inspection",
    "publishing",
    "hub",
    "system",
)
OF_RUNS = ("distill", "finished", "longer", "start_from", "open_data", "classifier", "transfer")
"""Modules of `tdd.runs` that Python calls; the others serve a verb each."""

# An option in brackets, a whole command, and the rest of one.
_TOLD = re.compile(r"^X --network X$|\([^()]*--[a-z][^()]*\)|^ --[^;,]*|\bpip install [^;,]*|\btdd [a-z]+ [^;,]*")
_OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")


def messages(path: Path) -> Iterator[str]:
    """The texts of a module that are no docstrings, with what is filled in left out."""
    tree = ast.parse(path.read_text())
    inside = {
        id(part)
        for node in ast.walk(tree)
        for part in (
            node.values if isinstance(node, ast.JoinedStr) else [node.value] if isinstance(node, ast.Expr) else []
        )
    }
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def modules() -> list[Path]:
    of_runs = [ROOT / "runs" / f"{name}.py" for name in OF_RUNS]
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))] + of_runs


def test_messages_of_the_library_name_options_beside_what_python_calls_them():
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in modules()
        for text in messages(path)
        if _OPTION.search(_TOLD.sub("", text))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("choose another folder (--output)", True),
        ("go on with: tdd distill --resume X", True),
        ("choose another --output", False),
        ("go on with tdd distill X, or use --init random", False),
    ],
)
def test_an_option_stands_in_brackets_or_in_a_command(text, is_told):
    assert (_OPTION.search(_TOLD.sub("", text)) is None) == is_told
