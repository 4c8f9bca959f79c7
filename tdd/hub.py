"""The Hugging Face Hub: one quick question before anything is read, the local cache when there is no answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tdd.errors import TddError, UsageError
from tdd.readers import explain, offline, reason

if TYPE_CHECKING:
    from datasets import DatasetDict

TIMEOUT = 10.0
"""Seconds the Hub has to answer the first question."""


def endpoint() -> str:
    """Address of the Hub, as it may be printed: without a user or password."""
    from huggingface_hub import constants

    address = urlsplit(constants.ENDPOINT)
    return address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()


def is_offline() -> bool:
    """Whether HF_HUB_OFFLINE or HF_DATASETS_OFFLINE forbids every request."""
    import datasets
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE or datasets.config.HF_HUB_OFFLINE)


def load_hub_dataset(repo: str, config: str | None, revision: str | None) -> tuple[DatasetDict, str | None, list[str]]:
    """The splits of a data set on the Hub, the commit they were read at where known, and notes for the user.

    The commit behind `revision` is asked for first, and exactly that commit is loaded. When the Hub cannot be reached
    or HF_HUB_OFFLINE is set, the copy in the local cache is read instead.

    Raises:
        UsageError: no such repository, configuration or revision, or one that holds no data files.
        TddError: no access, the Hub cannot be reached and nothing is cached, or the files cannot be read.
    """
    import datasets
    from huggingface_hub import HfApi, constants, errors
    from huggingface_hub.file_download import repo_folder_name

    if is_offline():
        return _load_cached(repo, config, revision, "HF_HUB_OFFLINE is set")
    try:
        commit = HfApi().dataset_info(repo, revision=revision, timeout=TIMEOUT).sha
    except errors.HFValidationError:
        raise UsageError(f"'{repo}' cannot be a data set on the Hub, whose names are like owner/name") from None
    except errors.GatedRepoError:
        raise _gated(repo) from None
    except errors.RepositoryNotFoundError:
        raise UsageError(
            f"no data set '{repo}' on the Hub at {endpoint()}, or it is private: "
            f"check the name, or log in with a token that may read it (HF_TOKEN)"
        ) from None
    except errors.RevisionNotFoundError:
        raise UsageError(f"{repo} has no revision '{revision}': name a branch, a tag or a commit it has") from None
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise TddError(f"the Hub at {endpoint()} refuses access to {repo}: check the token in HF_TOKEN") from None
        return _load_cached(repo, config, revision, f"cannot reach the Hub at {endpoint()} (it answers {status})")
    except Exception as error:  # which ones depends on the HTTP library; its text may hold a header, so is not printed
        return _load_cached(repo, config, revision, f"cannot reach the Hub at {endpoint()} ({type(error).__name__})")
    try:
        # "hf://": a local folder that is named like the repository must not take its place.
        return datasets.load_dataset(f"hf://datasets/{repo}", name=config, revision=commit), commit, []
    except Exception as error:  # datasets raises anything from StopIteration to ArrowInvalid
        if "is a gated dataset" in str(error):
            raise _gated(repo) from None
        stored = repo_folder_name(repo_id=repo, repo_type="dataset")
        files = Path(constants.HF_HUB_CACHE, stored, "snapshots", str(commit))
        raise explain(error, repo, config, files) from error


def _load_cached(
    repo: str, config: str | None, revision: str | None, why: str
) -> tuple[DatasetDict, str | None, list[str]]:
    import datasets

    try:
        with offline():
            splits = datasets.load_dataset(f"hf://datasets/{repo}", name=config)
    except Exception as error:
        if "configurations in the cache" in str(error):
            raise UsageError(f"{why}, and {reason(error)}: choose one with config_name") from None
        what = f"{repo} ({config})" if config else repo
        advice = (
            "or unset HF_HUB_OFFLINE" if is_offline() else "a cached copy with HF_HUB_OFFLINE=1, or set HF_ENDPOINT"
        )
        raise TddError(
            f"{why}, and {what} is not in the cache {datasets.config.HF_DATASETS_CACHE}: use --data PATH, {advice}"
        ) from None
    # The cache keeps the prepared files of a commit in a folder of that name.
    commit = Path(next(iter(splits.values())).cache_files[0]["filename"]).parent.name
    note = f"{why}: read the cached copy of {repo}, commit {commit[:12]}"
    if revision and re.fullmatch("[0-9a-f]{40}", revision):
        if revision != commit:
            raise TddError(f"{why}, and the cached copy of {repo} is commit {commit[:12]}, not {revision[:12]}")
    elif revision:
        note += f"; whether that is revision '{revision}' could not be checked"
    return splits, commit, [note]


def _gated(repo: str) -> TddError:
    return TddError(
        f"{repo} is gated: ask for access on {endpoint()}/datasets/{repo} and set HF_TOKEN to a token of that account"
    )
