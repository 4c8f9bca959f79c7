"""What ``import tdd`` offers."""

import importlib
import pkgutil
import subprocess
import sys
import types

import pytest

import tdd as package


def test_the_public_names_are_these_and_each_can_be_had():
    assert package.__all__ == [
        "Corpus",
        "DistilledSet",
        "Distiller",
        "Evaluation",
        "InputSpace",
        "Recipe",
        "TddError",
        "TextClassifier",
        "WordVectors",
        "decode",
        "disable_progress",
        "distill",
        "enable_progress",
        "evaluate",
        "load_corpus",
        "load_vectors",
        "register_network",
        "register_transformers",
        "transfer",
    ]
    assert {name for name in dir(package) if not name.startswith("__")} == set(package.__all__)
    assert package.__version__
    for name in package.__all__:
        assert getattr(package, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'distil'") as caught:
        package.distil  # noqa: B018
    assert (caught.value.name, caught.value.obj) == ("distil", package)  # of which Python makes "Did you mean"


def test_names_stay_functions_whatever_is_imported():
    for module in pkgutil.walk_packages(package.__path__, "tdd."):
        if module.name != "tdd.__main__":
            importlib.import_module(module.name)
    for name in ("decode", "distill", "evaluate", "load_corpus", "load_vectors", "register_transformers", "transfer"):
        assert isinstance(getattr(package, name), types.FunctionType), name


@pytest.mark.slow
def test_importing_tdd_imports_neither_torch_nor_transformers():
    code = "import sys, tdd; print([name for name in ('torch', 'transformers') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_public_names_do_not_depend_on_transformers():
    assert "DistilledClassifier" not in package.__all__
