"""Text dataset distillation: a handful of synthetic sentences that train a network almost as well as all the data do.

>>> distilled = tdd.distill("tomatoes", "runs/tomatoes-20", n=20)
>>> print(tdd.decode(distilled, tdd.load_vectors(distilled.recipe.vectors))[0].text)
"""

import sys as _sys
from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

from tdd.system.version import __version__ as __version__

if TYPE_CHECKING:
    from tdd.data.corpus import Corpus, load_corpus
    from tdd.data.protocols import InputSpace
    from tdd.distillation.distiller import Distiller
    from tdd.distilled_set.set import DistilledSet
    from tdd.embeddings.word_vectors import WordVectors, load_vectors
    from tdd.errors import TddError
    from tdd.evaluation.evaluation import Evaluation, evaluate
    from tdd.inspection.decode import decode
    from tdd.publishing.auto_classes import register_transformers
    from tdd.runs.classifier import TextClassifier
    from tdd.runs.distill import distill
    from tdd.runs.transfer_sets import transfer
    from tdd.settings.recipe import Recipe
    from tdd.settings.register import register_network
    from tdd.system.reporter import disable_progress, enable_progress

# Imported when first used, so that `import tdd` and `tdd --help` do not wait for torch.
_HOMES = {
    "Corpus": "tdd.data.corpus",
    "DistilledSet": "tdd.distilled_set.set",
    "Distiller": "tdd.distillation.distiller",
    "Evaluation": "tdd.evaluation.evaluation",
    "InputSpace": "tdd.data.protocols",
    "Recipe": "tdd.settings.recipe",
    "TddError": "tdd.errors",
    "TextClassifier": "tdd.runs.classifier",
    "WordVectors": "tdd.embeddings.word_vectors",
    "decode": "tdd.inspection.decode",
    "disable_progress": "tdd.system.reporter",
    "distill": "tdd.runs.distill",
    "enable_progress": "tdd.system.reporter",
    "evaluate": "tdd.evaluation.evaluation",
    "load_corpus": "tdd.data.corpus",
    "load_vectors": "tdd.embeddings.word_vectors",
    "register_network": "tdd.settings.register",
    "register_transformers": "tdd.publishing.auto_classes",
    "transfer": "tdd.runs.transfer_sets",
}

__all__ = [
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


def __getattr__(name: str) -> _Any:
    if name not in _HOMES:
        # With the module and the name Python itself says which name was meant.
        raise AttributeError(f"module 'tdd' has no attribute '{name}'", name=name, obj=_sys.modules[__name__])
    return getattr(_import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
