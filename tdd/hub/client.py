"""The Hugging Face Hub: one quick question before anything is read, the local cache when there is no answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tdd.data.files import explain, offline, reason
from tdd.errors import TddError, UsageError

if TYPE_CHECKING:
    from datasets import DatasetDict
    from huggingface_hub.errors import HfHubHTTPError

TIMEOUT = 10.0
"""Seconds the Hub has to answer the first question."""
SILENCE = 60.0
"""Seconds without a byte after which a connection counts as lost."""
PATIENCE = 60
"""Seconds that are waited when the Hub asks for it; for longer, the user is told instead."""


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


def refused(error: Exception, repo: str, revision: str | None) -> TddError | None:
    """One line for a definite answer of the Hub about a data set; None where it gave none, or fails for now."""
    from huggingface_hub import errors

    if isinstance(error, errors.HFValidationError):
        return UsageError(f"'{repo}' cannot be a data set on the Hub, whose names are like owner/name")
    if isinstance(error, errors.GatedRepoError):
        return _gated(repo)
    if isinstance(error, errors.RepositoryNotFoundError):
        return UsageError(
            f"no data set '{repo}' on the Hub at {endpoint()}, or it is private: "
            f"check the name, or log in with a token that may read it (HF_TOKEN)"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return UsageError(f"{repo} has no revision '{revision}': name a branch, a tag or a commit it has")
    if isinstance(error, errors.HfHubHTTPError) and error.response.status_code in (401, 403):
        return TddError(f"the Hub at {endpoint()} refuses access to {repo}: check the token in HF_TOKEN")
    return None


def unreachable(error: BaseException) -> str:
    """What is wrong with the connection, in a few words; the error's own text may hold a header, so it is not used."""
    failed = http_error(error)
    if failed is not None:
        status, wait = failed.response.status_code, failed.response.headers.get("Retry-After", "")
        advice = f" and asks to wait {int(wait):,} seconds" if wait.isdigit() else ""
        what = "reach" if status in (408, 429) or status >= 500 else "agree with"
        return f"cannot {what} the Hub at {endpoint()} (it answers {status}{advice})"
    # Which exceptions there are depends on the HTTP library, which is httpx or one of its successors.
    network = next((each for each in _causes(error) if type(each).__module__.startswith(("http", "requests"))), error)
    return f"cannot reach the Hub at {endpoint()} ({type(network).__name__})"


def http_error(error: BaseException) -> HfHubHTTPError | None:
    """The Hub's answer that led to `error`, where there was one."""
    from huggingface_hub import errors

    return next((each for each in _causes(error) if isinstance(each, errors.HfHubHTTPError)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


@contextmanager
def bounded_waits() -> Iterator[None]:
    """Requests inside fail when the Hub is silent for `SILENCE` seconds, or asks to wait longer than `PATIENCE`.

    Left alone, huggingface_hub waits for an upload without end, and sleeps for as long as the Hub asks it to.
    """
    from huggingface_hub import get_session
    from huggingface_hub.errors import HfHubHTTPError

    def refuse_long_wait(response: Any) -> None:
        wait = response.headers.get("Retry-After", "")
        if wait.isdigit() and int(wait) > PATIENCE:
            raise HfHubHTTPError(f"the Hub asks to wait {wait} seconds", response=response)

    client = get_session()
    timeout, hooks = client.timeout, client.event_hooks
    client.timeout = SILENCE
    client.event_hooks = {**hooks, "response": [*hooks["response"], refuse_long_wait]}
    try:
        yield
    finally:
        client.timeout, client.event_hooks = timeout, hooks


def load_hub_dataset(repo: str, config: str | None, revision: str | None) -> tuple[DatasetDict, str | None, list[str]]:
    """The splits of a data set on the Hub, the commit they were read at where known, and notes for the user.

    The commit behind `revision` is asked for first, and exactly that commit is loaded. When the Hub cannot be reached
    or HF_HUB_OFFLINE is set, the copy in the local cache is read instead.

    Raises:
        UsageError: no such repository, configuration or revision, or one that holds no data files.
        TddError: no access, the Hub cannot be reached and nothing is cached, or the files cannot be read.
    """
    import datasets
    from huggingface_hub import HfApi, constants
    from huggingface_hub.file_download import repo_folder_name

    if is_offline():
        return _load_cached(repo, config, revision, "HF_HUB_OFFLINE is set")
    try:
        commit = HfApi().dataset_info(repo, revision=revision, timeout=TIMEOUT).sha
    except Exception as error:
        if (refusal := refused(error, repo, revision)) is not None:
            raise refusal from None
        return _load_cached(repo, config, revision, unreachable(error))
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
