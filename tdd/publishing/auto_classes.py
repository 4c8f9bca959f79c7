"""Makes `tdd`'s model known to transformers' Auto classes, without importing transformers for it.

``import tdd`` has to stay fast, and transformers takes seconds. So the model is registered once transformers' own list
of models is imported, whichever of the two packages comes first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

LIST_OF_MODELS = "transformers.models.auto.modeling_auto"


class _Registering(Loader):
    """Loads the module as its own loader does, then registers the model."""

    def __init__(self, loader: Loader):
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.loader.exec_module(module)
        import_module("tdd.publishing.transformers_model")


class _Watch(MetaPathFinder):
    """Waits for one module to be imported, and steps aside then."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != LIST_OF_MODELS or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Registering(spec.loader)
        return spec


def register() -> None:
    """Register the model now if transformers' models are imported, else when they are."""
    if LIST_OF_MODELS in sys.modules:
        import_module("tdd.publishing.transformers_model")
    elif not any(isinstance(finder, _Watch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watch())
