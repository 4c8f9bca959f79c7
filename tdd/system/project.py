"""Where tdd is to be had: the one setting that pages, cards and models take it from."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, metadata

DISTRIBUTION = "text-dataset-distillation"
"""The name of the distribution. The one called tdd on PyPI is another project's."""

_SETTING = "TDD_PROJECT"


def project_address() -> str | None:
    """Address of the repository with tdd's source: TDD_PROJECT, or else `Source` of ``[project.urls]``; None: none."""
    if address := os.environ.get(_SETTING):
        return address
    try:
        urls = metadata(DISTRIBUTION).get_all("Project-URL") or []
    except PackageNotFoundError:  # run from a folder of the source
        urls = []
    named = dict(url.split(", ", 1) for url in urls if ", " in url)
    return named.get("Source")


def how_to_install() -> str:
    """The command that installs tdd from its source."""
    address = project_address()
    return "pip install ." if address is None else f"pip install git+{address}"


def named_with_address() -> str:
    """tdd, as a link to its source in Markdown where that has an address."""
    address = project_address()
    return f"tdd (`{DISTRIBUTION}`)" if address is None else f"[tdd]({address})"
