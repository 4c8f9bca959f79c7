"""Data sets on the Hub, or their cached copies where it cannot be reached."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tdd.data.by_datasets import csv_cache, load_by_datasets
from tdd.data.csv_files import kept_before
from tdd.data.folders import explain
from tdd.data.formats.read import Read
from tdd.errors import TddError, UsageError
from tdd.hub.client import TIMEOUT, gated, is_offline, refused, unreachable
from tdd.hub.quiet import offline, reason

if TYPE_CHECKING:
    from datasets import DatasetDict

    from tdd.settings.data_parts import DataSettings


def load_hub_dataset(repo: str, recipe: DataSettings) -> tuple[Read, str | None]:
    """The splits of a data set on the Hub, and the commit they were read at where known.

    The commit behind `revision` is asked for first, and exactly that commit is loaded. When the Hub cannot be reached
    or HF_HUB_OFFLINE is set, the copy in the local cache is read instead.

    Raises:
        UsageError: no such repository, configuration or revision, or one that holds no data files.
        TddError: no access, the Hub cannot be reached and nothing is cached, or the files cannot be read.
    """
    from huggingface_hub import HfApi, constants
    from huggingface_hub.file_download import repo_folder_name

    config, revision = recipe.config_name, recipe.revision
    if is_offline():
        return _load_cached(repo, recipe, "HF_HUB_OFFLINE is set")
    try:
        commit = HfApi().dataset_info(repo, revision=revision, timeout=TIMEOUT).sha
    except Exception as error:
        if (refusal := refused(error, repo, revision)) is not None:
            raise refusal from None
        return _load_cached(repo, recipe, unreachable(error))
    try:
        # "hf://": a local folder that is named like the repository must not take its place.
        return load_by_datasets(f"hf://datasets/{repo}", recipe, of=(repo, commit or ""), revision=commit), commit
    except TddError:
        raise
    except Exception as error:  # datasets raises anything from StopIteration to ArrowInvalid
        if "is a gated dataset" in str(error):
            raise gated(repo) from None
        stored = repo_folder_name(repo_id=repo, repo_type="dataset")
        files = Path(constants.HF_HUB_CACHE, stored, "snapshots", str(commit))
        raise explain(error, repo, config, files) from error


def _load_cached(repo: str, recipe: DataSettings, why: str) -> tuple[Read, str | None]:
    import datasets

    config, revision = recipe.config_name, recipe.revision
    before = kept_before(repo, recipe)
    try:
        with offline():
            splits = _cached(repo, config) if before is None else before[0].splits
    except Exception as error:
        if "configurations in the cache" in str(error):
            raise UsageError(f"{why}, and {reason(error)}: choose one with config_name") from None
        what = f"{repo} ({config})" if config else repo
        advice = (
            "or unset HF_HUB_OFFLINE" if is_offline() else "use a cached one with HF_HUB_OFFLINE=1, or set HF_ENDPOINT"
        )
        raise TddError(
            f"{why}, and {what} is not in the cache {datasets.config.HF_DATASETS_CACHE}: read a copy by data (--data "
            f"PATH; beside files of texts --data-root), {advice}"
        ) from None
    # The cache keeps the prepared files of a commit in a folder of that name.
    commit = before[1] if before else Path(next(iter(splits.values())).cache_files[0]["filename"]).parent.name
    note = f"{why}: read the cached copy of {repo}, commit {commit[:12]}"
    if revision and re.fullmatch("[0-9a-f]{40}", revision):
        if revision != commit:
            raise TddError(f"{why}, and the cached copy of {repo} is commit {commit[:12]}, not {revision[:12]}")
    elif revision:
        note += f"; whether that is revision '{revision}' could not be checked"
    read = before[0] if before else Read(dict(splits))
    return Read(read.splits, read.reading, [note, *read.notes]), commit


def _cached(repo: str, config: str | None) -> DatasetDict:
    import datasets

    *owner, name = repo.split("/")
    known = csv_cache() / "___".join([*owner, datasets.naming.camelcase_to_snakecase(name)])
    where = str(csv_cache()) if known.is_dir() else None
    return datasets.load_dataset(f"hf://datasets/{repo}", name=config, cache_dir=where)
