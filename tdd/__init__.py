"""Text dataset distillation: a handful of synthetic sentences that train a network as well as the whole data set.

>>> recipe = tdd.Recipe(dataset="tomatoes", n=20)
>>> distilled = tdd.distill(recipe, "runs/tomatoes-20")
>>> print(tdd.decode(distilled, tdd.load_vectors(recipe.vectors))[0].text)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tdd.registration import register

if TYPE_CHECKING:
    from tdd.data import Corpus, load_corpus
    from tdd.decoding import decode
    from tdd.distilled import DistilledSet
    from tdd.distiller import Distiller
    from tdd.errors import TddError
    from tdd.evaluation import evaluate
    from tdd.recipe import Recipe
    from tdd.run import distill
    from tdd.vectors import load_vectors

# Imported when first used, so that `import tdd` and `tdd --help` do not wait for torch.
_HOMES = {
    "Corpus": "tdd.data",
    "DistilledSet": "tdd.distilled",
    "Distiller": "tdd.distiller",
    "Recipe": "tdd.recipe",
    "TddError": "tdd.errors",
    "decode": "tdd.decoding",
    "distill": "tdd.run",
    "evaluate": "tdd.evaluation",
    "load_corpus": "tdd.data",
    "load_vectors": "tdd.vectors",
}

__all__ = [
    "Corpus",
    "DistilledSet",
    "Distiller",
    "Recipe",
    "TddError",
    "decode",
    "distill",
    "evaluate",
    "load_corpus",
    "load_vectors",
]

register()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tdd' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
