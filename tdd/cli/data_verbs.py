"""The verb that looks at data before anything is learned."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tdd.cli.options import RecipeOptions, print_once, takes_settings
from tdd.errors import UsageError


@takes_settings
def describe(
    options: RecipeOptions,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Say what is read of a data set: files, columns, classes, lengths, copies, and what TF-IDF reaches."""
    from tdd.runs.describe import describe, description

    if options.dataset is None and options.recipe is None:
        raise UsageError("name a data set, e.g. tdd describe reviews.csv")
    found = describe(options.resolve())
    print_once(json.dumps(found, indent=2, ensure_ascii=False) if as_json else description(found))
