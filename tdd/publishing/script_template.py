"""Scripts of a card from their templates: filled in, with the imports that they use and what pip installs for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from tdd.publishing.card_text import as_python
from tdd.publishing.script_imports import imports_of
from tdd.publishing.vectors_code import packages_of

if TYPE_CHECKING:
    from jinja2 import Template


def script_of(template: str, values: Mapping[str, Any], packages: Sequence[str]) -> str:
    """A script.

    Args:
        template: file of this package.
        values: what it is filled in with, all but "imports" and "packages".
        packages: those that no import shows.
    """
    script = _template(template).render({**values, "imports": ["IMPORTS"], "packages": "PACKAGES"})
    imports = imports_of(script)
    return script.replace("IMPORTS", "\n".join(imports)).replace("PACKAGES", packages_of(imports, packages))


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    text = files("tdd.publishing").joinpath(name).read_text(encoding="utf-8")
    environment = Environment(trim_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined, autoescape=False)
    environment.filters["python"] = as_python
    return environment.from_string(text)
