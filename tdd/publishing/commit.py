"""Files to a repository of the Hub in one atomic commit, over nothing that is someone's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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

LOGIN = "set HF_TOKEN to a token that may write, or log in with: hf auth login"
# Attempts at a commit, for when someone else's comes first.
TRIES = 5
# What the owner may say in the card's metadata, and keeps.
_OWNERS = ("license", "license_name", "license_link", "language")
# Files that come with a repository or stand beside any data: none of them is a data set or a model.
_HARMLESS = re.compile(r"\.git\w*|licen[cs]e[^/]*|[^/]*\.md", re.IGNORECASE)


def check_request(repo: str, revision: str | None = None, create_pr: bool = False) -> None:
    """Raise a TddError where nothing can be pushed so, without a request."""
    from huggingface_hub import get_token

    if repo.count("/") != 1:
        raise UsageError("name the repository like owner/name, e.g. me/imdb-distilled-20")
    if create_pr and revision not in (None, "main"):
        raise UsageError("a pull request is opened against main: leave the branch out (--revision)")
    if revision is not None and re.fullmatch("[0-9a-f]{40}", revision):
        raise UsageError("a set is pushed to a branch (--revision), not to a commit")
    if is_offline():
        raise TddError("HF_HUB_OFFLINE is set: unset it to push")
    if get_token() is None:
        raise TddError(f"no token for the Hub: {LOGIN}")


@dataclass(frozen=True)
class Target:
    """Where something is published.

    Attributes:
        kind: of the repository.
        repo: ``owner/name``; created where it does not exist.
        is_ours: whether a file of this name was written by an earlier push, so that this one may delete it.
        main: the file that shows that a repository holds what an earlier push wrote; None: only its card does.
        private: create it private; one that exists must be private already.
        revision: branch, created where it does not exist; None: main.
        create_pr: open a pull request instead of changing the branch.
        overwrite: write over a card and files that are not tdd's, too.
    """

    kind: Literal["dataset", "model"]
    repo: str
    is_ours: Callable[[str], bool]
    main: str | None
    private: bool = False
    revision: str | None = None
    create_pr: bool = False
    overwrite: bool = False

    def prepare(self) -> None:
        """Make the repository and the branch where they do not exist, and refuse those that may not be written to.

        Raises:
            UsageError: a public repository where a private one is asked for, or one that holds something else.
            TddError: no right to write, or the Hub cannot be reached.
        """
        with self._explained():
            from huggingface_hub import HfApi

            api, branch = HfApi(), self.revision
            api.create_repo(self.repo, repo_type=self.kind, private=self.private or None, exist_ok=True)
            if branch not in (None, "main"):
                api.create_branch(self.repo, branch=str(branch), repo_type=self.kind, exist_ok=True)
            self._read(api)

    def commit(self, files: Mapping[str, bytes], card: Callable[[Mapping[str, Any], str], str], message: str) -> str:
        """Publish in one commit, over what is there by then; raises what `prepare` does.

        Args:
            files: every file but the card, by name.
            card: the card, of what the owner has in the metadata and of the card that is there, "" for none.
            message: of the commit.

        Returns:
            Address of the repository, or of the pull request.
        """
        with self._explained():
            return self._commit(files, card, message)

    def _commit(self, files: Mapping[str, bytes], card: Callable[[Mapping[str, Any], str], str], message: str) -> str:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
        from huggingface_hub.errors import HfHubHTTPError

        api = HfApi()
        for _ in range(TRIES):
            there = self._read(api)
            wanted = {README: card(there.owners, there.card).encode(), **files}
            operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
                *(CommitOperationAdd(name, content) for name, content in wanted.items()),
                *(CommitOperationDelete(name) for name in there.files if self.is_ours(name) and name not in wanted),
            ]
            try:
                made = api.create_commit(
                    self.repo,
                    operations,
                    commit_message=message,
                    repo_type=self.kind,
                    revision=self.revision,
                    create_pr=self.create_pr,
                    parent_commit=there.commit,
                )
            except HfHubHTTPError as error:
                if error.response.status_code != 412:
                    raise
            else:
                place = "datasets/" if self.kind == "dataset" else ""
                branch = f"/tree/{self.revision}" if self.revision else ""
                return made.pr_url or f"{endpoint()}/{place}{self.repo}{branch}"
        raise TddError(f"others keep changing {self.repo}: {TRIES} commits came too late; run the same command again")

    def _read(self, api: HfApi) -> _There:
        """What the repository holds, which may be written over.

        Raises:
            UsageError: it may not.
        """
        asked: Any = api.model_info if self.kind == "model" else api.dataset_info
        info = asked(self.repo, revision=self.revision, timeout=TIMEOUT)
        if self.private and not info.private:
            raise UsageError(
                f"{self.repo} exists and is public: make it private in its settings, or choose another name"
            )
        files, card = [file.rfilename for file in info.siblings or []], ""
        if README in files:
            path = api.hf_hub_download(self.repo, README, repo_type=self.kind, revision=info.sha)
            card = Path(path).read_text(encoding="utf-8", errors="replace")
        if not self.overwrite:
            self._check_own(files, card)
        elif not is_written_by_tdd(card):
            card = ""
        present = info.card_data.to_dict() if info.card_data is not None else {}
        return _There(info.sha, files, card, {name: present[name] for name in _OWNERS if present.get(name)})

    def _check_own(self, files: list[str], card: str) -> None:
        """Raise UsageError where the repository holds a card or data that no push of tdd wrote."""
        instead = "choose another name, or overwrite it (--overwrite)"
        if has_body(card) and not is_written_by_tdd(card):
            raise UsageError(f"{self.repo} has a card that tdd did not write, and would lose it: {instead}")
        if is_written_by_tdd(card) or self.main in files:
            return
        # A model of anyone's has the files that ours has.
        others = [name for name in files if not _HARMLESS.fullmatch(name)]
        if self.main is not None:
            others = [name for name in others if not self.is_ours(name)]
        if others:
            more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
            raise UsageError(f"{self.repo} holds files that tdd did not write ({others[0]}{more}): {instead}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """The Hub is waited for within bounds, and what it answers is told in a line."""
        try:
            with quiet(), bounded_waits():
                yield
        except TddError:
            raise
        except Exception as error:
            raise self._in_words(error) from None

    def _in_words(self, error: Exception) -> TddError:
        from huggingface_hub import get_token

        failed = http_error(error)
        status = failed.response.status_code if failed is not None else None
        if status == 401:
            return TddError(f"the Hub at {endpoint()} refuses the token: {LOGIN}")
        if status == 403:
            # The Hub's own words tell a full quota from a token that may only read.
            reason = failed.response.headers.get("X-Error-Message", "no reason given") if failed is not None else ""
            return TddError(
                f"the Hub lets this token write nothing to {self.repo} "
                f"({reason.replace(str(get_token()), '...')}): "
                f"use one of its owner that may write, or another repository"
            )
        named = "data set" if self.kind == "dataset" else self.kind
        if (refusal := refused(failed or error, self.repo, self.revision, named)) is not None:
            return refusal
        return TddError(f"{unreachable(error)}; nothing is published by halves: run the same command again")


@dataclass(frozen=True)
class _There:
    """What a repository holds at a commit: names of files, the card, "" for none to keep, the owner's metadata."""

    commit: str
    files: list[str]
    card: str
    owners: Mapping[str, Any]
