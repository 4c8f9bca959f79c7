"""What a distilled set may tell others: no folders, device or tracker of the machine it was made on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tdd.data.known import KNOWN
from tdd.distilled_set.pool_names import with_networks_named
from tdd.distilled_set.set import DistilledSet
from tdd.settings.encoder_names import HUB, is_encoder
from tdd.settings.recipe import RESUMED, Recipe

_PATH = re.compile(r"/|~|\.{1,2}[/\\]|\\\\|[A-Za-z]:[/\\]")


def public(distilled: DistilledSet) -> DistilledSet:
    """The set without settings of the machine, and with local paths cut down to the file's or folder's own name."""
    recipe, source = distilled.recipe, distilled.source
    # A data set on the Hub is named alike in both; whatever else holds a slash may be a path.
    on_hub = recipe.data is None and recipe.data_from == "files" and source.get("dataset") == recipe.dataset
    _, start = with_networks_named(recipe, distilled.initialisation, _encoder_without_folders)
    embedding = distilled.embedding
    if embedding is not None:
        about = embedding.about | {"name": _without_folders(embedding.about["name"])}
        if "tokenizer" in about:
            about["tokenizer"] = about["tokenizer"] | {"name": _file_without_folders(about["tokenizer"]["name"])}
        embedding = replace(embedding, about=about)
    return replace(
        distilled,
        embedding=embedding,
        initialisation=start,
        recipe=public_recipe(recipe, on_hub),
        source={name: _without_folders(value) for name, value in source.items()},
        results=_without_folders(distilled.results) | _of_data(distilled.results),
    )


def _of_data(results: dict[str, Any]) -> dict[str, Any]:
    """What was read, with the names of its files alone."""
    data = results.get("data")
    if not isinstance(data, dict):
        return {}
    files = {split: [last_part(name) for name in names] for split, names in data.get("files", {}).items()}
    named = {
        kind: {last_part(name): _without_folders(value) for name, value in data[kind].items()}
        for kind in ("left_out_files", "by_file")
        if kind in data
    }
    return {"data": _without_folders(data) | ({"files": files} if files else {}) | named}


def public_recipe(recipe: Recipe, on_hub: bool) -> Recipe:
    """A recipe without settings of the machine; the data set's name is kept whole where it is one `on_hub`."""
    # Where its data lie, and what else is said of the machine, is of no use elsewhere.
    settings = {name: Recipe.model_fields[name].get_default() for name in RESUMED} | {
        "dataset": recipe.dataset if on_hub or recipe.dataset in KNOWN else last_part(recipe.dataset),
        "vectors": _file_without_folders(recipe.vectors),
        "tokenizer": recipe.tokenizer and _file_without_folders(recipe.tokenizer),
        "start_from": recipe.start_from and _without_folders(recipe.start_from),
        "vocabulary_file": recipe.vocabulary_file and last_part(recipe.vocabulary_file),
        "found": {name: value for name, value in recipe.found.items() if name not in RESUMED},
    }
    shared, _ = with_networks_named(recipe, None, _encoder_without_folders)
    return shared.model_copy(update=settings)


def _encoder_without_folders(name: str) -> str:
    """The name of a network; of an encoder in a local folder, that of the folder alone."""
    place = name.removeprefix(HUB)
    return f"{HUB}{last_part(place)}" if name.startswith(HUB) and _PATH.match(place) else name


def _file_without_folders(name: str) -> str:
    """The name of a file without its folders; that of a model on the Hub, or of an encoder, as it is."""
    return _encoder_without_folders(name) if is_encoder(name) else last_part(name)


def tested_on(distilled: DistilledSet) -> tuple[str | None, ...]:
    """What tells the test examples of a set from those of others, in whatever vectors and from wherever they are read.

    The data set's name without folders, the column of labels and a digest of the labels: files of one name may differ.
    """
    recipe, digests = public(distilled).recipe, distilled.results.get("data", {}).get("digests", {}).get("test", {})
    return recipe.dataset, recipe.label_column, digests.get("labels")


def last_part(path: str) -> str:
    """The name of a file or folder without those that it lies in."""
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def _without_folders(value: Any) -> Any:
    if isinstance(value, dict):
        return {_encoder_without_folders(name): _without_folders(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_folders(inner) for inner in value]
    if not isinstance(value, str):
        return value
    return last_part(value) if _PATH.match(value) else _encoder_without_folders(value)
