"""Files to a repository of the Hub in one atomic commit, over nothing that is someone's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tdd.errors import TddError, UsageError
from tdd.hub.client import TIMEOUT, bounded_waits, endpoint, http_error, is_offline, refused, unreachable
from tdd.hub.layout import README
from tdd.hub.quiet import quiet
from tdd.publishing.marked_card import has_body, is_written_by_tdd

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationCopy, HfApi
    from huggingface_hub.hf_api import DatasetInfo, ModelInfo

LOGIN = "set HF_TOKEN to a token that may write, or log in with: hf auth login"
# Attempts at a commit, for when someone else's comes first.
TRIES = 5
# What the owner may say in the card's metadata, and keeps.
_OWNERS = ("license", "license_name", "license_link", "language")
# Files that come with a repository or stand beside any data: none of them is a data set or a model.
_HARMLESS = re.compile(r"\.git\w*|licen[cs]e[^/]*|[^/]*\.md", re.IGNORECASE)


@dataclass(frozen=True)
class Publication:
    """What is published.

    Attributes:
        kind: of the repository.
        files: every file but the card, by name.
        card: the card, of what the owner has in the metadata and of the card that is there, "" for none.
        is_ours: whether a file of this name was written by an earlier push, so that this one may delete it.
        main: the file that shows that a repository holds what an earlier push wrote; None: only its card does.
        message: of the commit.
    """

    kind: Literal["dataset", "model"]
    files: Mapping[str, bytes]
    card: Callable[[Mapping[str, Any], str], str]
    is_ours: Callable[[str], bool]
    main: str | None
    message: str

    def address(self, repo: str, revision: str | None) -> str:
        """Where it is to be seen."""
        place = "datasets/" if self.kind == "dataset" else ""
        return f"{endpoint()}/{place}{repo}" + (f"/tree/{revision}" if revision else "")


def check_request(repo: str, revision: str | None = None, create_pr: bool = False) -> None:
    """Raise a TddError where nothing can be pushed so, without a request."""
    from huggingface_hub import get_token

    if repo.count("/") != 1:
        raise UsageError("name the repository like owner/name, e.g. me/imdb-distilled-20")
    if create_pr and revision not in (None, "main"):
        raise UsageError("a pull request is opened against main: leave out --revision")
    if revision is not None and re.fullmatch("[0-9a-f]{40}", revision):
        raise UsageError("--revision names the branch to push to, not a commit")
    if is_offline():
        raise TddError("HF_HUB_OFFLINE is set: unset it to push")
    if get_token() is None:
        raise TddError(f"no token for the Hub: {LOGIN}")


def commit(
    publication: Publication,
    repo: str,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
    overwrite: bool = False,
) -> str:
    """Publish in one commit; arguments, and what is raised, as of `tdd.publishing.push.push`.

    Returns:
        Address of the repository, or of the pull request.
    """
    try:
        with quiet(), bounded_waits():
            return _commit(publication, repo, private, revision, create_pr, overwrite)
    except TddError:
        raise
    except Exception as error:
        raise _explained(error, repo, revision, publication.kind) from None


def _commit(
    publication: Publication, repo: str, private: bool, revision: str | None, create_pr: bool, overwrite: bool
) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api, kind = HfApi(), publication.kind
    api.create_repo(repo, repo_type=kind, private=private or None, exist_ok=True)
    if revision not in (None, "main"):
        api.create_branch(repo, branch=str(revision), repo_type=kind, exist_ok=True)
    for _ in range(TRIES):
        asked: Any = api.model_info if kind == "model" else api.dataset_info
        info = asked(repo, revision=revision, timeout=TIMEOUT)
        if private and not info.private:
            raise UsageError(f"{repo} exists and is public: make it private in its settings, or choose another name")
        present = [file.rfilename for file in info.siblings or []]
        card = _card_that_is_there(api, repo, kind, info, present)
        if not overwrite:
            _check_own(publication, repo, present, card)
        elif not is_written_by_tdd(card):
            card = ""
        wanted = {README: publication.card(_owners_metadata(info), card).encode(), **publication.files}
        operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
            *(CommitOperationAdd(name, content) for name, content in wanted.items()),
            *(CommitOperationDelete(name) for name in present if publication.is_ours(name) and name not in wanted),
        ]
        try:
            made = api.create_commit(
                repo,
                operations,
                commit_message=publication.message,
                repo_type=kind,
                revision=revision,
                create_pr=create_pr,
                parent_commit=info.sha,
            )
        except HfHubHTTPError as error:
            if error.response.status_code != 412:
                raise
        else:
            return made.pr_url or publication.address(repo, revision)
    raise TddError(f"others keep changing {repo}: {TRIES} commits came too late; run the same command again")


def _card_that_is_there(api: HfApi, repo: str, kind: str, info: DatasetInfo | ModelInfo, present: list[str]) -> str:
    """The card of the commit that was read; "" where there is none."""
    if README not in present:
        return ""
    path = api.hf_hub_download(repo, README, repo_type=kind, revision=info.sha)
    return Path(path).read_text(encoding="utf-8", errors="replace")


def _check_own(publication: Publication, repo: str, present: list[str], card: str) -> None:
    """Raise UsageError where a repository holds a card or data that no push of tdd wrote."""
    instead = "choose another name, or say --overwrite"
    if has_body(card) and not is_written_by_tdd(card):
        raise UsageError(f"{repo} has a card that tdd did not write, and would lose it: {instead}")
    if is_written_by_tdd(card) or publication.main in present:
        return
    # A model of anyone's has the files that ours has.
    others = [name for name in present if not _HARMLESS.fullmatch(name)]
    if publication.main is not None:
        others = [name for name in others if not publication.is_ours(name)]
    if others:
        more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
        raise UsageError(f"{repo} holds files that tdd did not write ({others[0]}{more}): {instead}")


def _owners_metadata(info: DatasetInfo | ModelInfo) -> dict[str, Any]:
    present = info.card_data.to_dict() if info.card_data is not None else {}
    return {name: present[name] for name in _OWNERS if present.get(name)}


def _explained(error: Exception, repo: str, revision: str | None, kind: str) -> TddError:
    from huggingface_hub import get_token

    failed = http_error(error)
    status = failed.response.status_code if failed is not None else None
    if status == 401:
        return TddError(f"the Hub at {endpoint()} refuses the token: {LOGIN}")
    if status == 403:
        # The Hub's own words tell a full quota from a token that may only read.
        reason = failed.response.headers.get("X-Error-Message", "no reason given") if failed is not None else ""
        return TddError(
            f"the Hub lets this token write nothing to {repo} ({reason.replace(str(get_token()), '...')}): "
            f"use one of its owner that may write, or another repository"
        )
    named = "data set" if kind == "dataset" else kind
    if (refusal := refused(failed or error, repo, revision, named)) is not None:
        return refusal
    return TddError(f"{unreachable(error)}; nothing is published by halves: run the same command again")
