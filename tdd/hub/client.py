"""The Hugging Face Hub: one quick question before anything is read, the local cache when there is no answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tdd.errors import TddError, UsageError

if TYPE_CHECKING:
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


def refused(error: Exception, repo: str, revision: str | None, kind: str = "data set") -> TddError | None:
    """One line for a definite answer of the Hub about a data set or model; None where it gave none or fails for now."""
    from huggingface_hub import errors

    if isinstance(error, errors.HFValidationError):
        return UsageError(f"'{repo}' cannot be a {kind} on the Hub, whose names are like owner/name")
    if isinstance(error, errors.GatedRepoError):
        return gated(repo)
    if isinstance(error, errors.RepositoryNotFoundError):
        return UsageError(
            f"no {kind} '{repo}' on the Hub at {endpoint()}, or it is private: "
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
    network = next(
        (cause for cause in _causes(error) if type(cause).__module__.startswith(("http", "requests"))), error
    )
    return f"cannot reach the Hub at {endpoint()} ({type(network).__name__})"


def http_error(error: BaseException) -> HfHubHTTPError | None:
    """The Hub's answer that led to `error`, where there was one."""
    from huggingface_hub import errors

    return next((cause for cause in _causes(error) if isinstance(cause, errors.HfHubHTTPError)), None)


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


def gated(repo: str) -> TddError:
    """What to say of a repository that asks for an account with access."""
    return TddError(
        f"{repo} is gated: ask for access on {endpoint()}/datasets/{repo} and set HF_TOKEN to a token of that account"
    )
