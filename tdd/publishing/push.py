"""A distilled set to the Hub: readable tables, tensors, settings, results, figures and card, in one atomic commit."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.errors import TddError, UsageError
from tdd.hub.client import TIMEOUT, bounded_waits, endpoint, http_error, is_offline, refused, unreachable
from tdd.hub.layout import FIGURES, README, TABLES, WEIGHTS, is_kept, is_ours
from tdd.hub.quiet import quiet
from tdd.publishing.card import card
from tdd.publishing.tables import configurations, embeddings_table, parquet_bytes, readable_table

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationCopy, HfApi
    from huggingface_hub.hf_api import DatasetInfo

    from tdd.embeddings.protocol import Embedding

LOGIN = "set HF_TOKEN to a token that may write, or log in with: hf auth login"
# Attempts at a commit, for when someone else's comes first.
TRIES = 5
# What the owner may say in the card's metadata, and keeps.
_OWNERS = ("license", "license_name", "license_link", "language")
# What may stand in a repository that holds nothing else.
_BESIDE = (".gitattributes", "LICENSE", "LICENSE.md", "LICENSE.txt")


def push(
    distilled: DistilledSet,
    repo: str,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
    vectors: Embedding | None = None,
    figures: Path | None = None,
    overwrite: bool = False,
) -> str:
    """Publish a set as a data set on the Hub that `datasets.load_dataset` reads, in one commit.

    A failure leaves the repository as it was, or empty where it is new; the same call again completes it. Files of an
    earlier push that are not written any more are deleted, all others are left alone.

    Args:
        distilled: the set. Folders in the paths among its settings are left out.
        repo: ``owner/name``; created where it does not exist.
        private: create it private; one that exists must be private already.
        revision: branch, created where it does not exist; None: main.
        create_pr: open a pull request instead of changing the branch.
        vectors: those a set of sentences was distilled with; None: loaded by the name in its recipe.
        figures: folder of png and svg files to publish with it.
        overwrite: also where the repository holds something else than a distilled set, whose card and configurations
            are then replaced.

    Returns:
        Address of the data set, or of the pull request.

    Raises:
        UsageError: an impossible name, other vectors, a public repository where a private one is asked for, or one that
            holds something else.
        TddError: no token or no right to write, the Hub cannot be reached, or others keep changing the repository.
    """
    _check_request(repo, revision, create_pr)
    files = contents(distilled, vectors, figures)
    try:
        with quiet(), bounded_waits():
            return _commit(distilled, files, repo, private, revision, create_pr, overwrite)
    except TddError:
        raise
    except Exception as error:
        raise _explained(error, repo, revision) from None


def contents(
    distilled: DistilledSet, vectors: Embedding | None = None, figures: Path | None = None
) -> dict[str, bytes]:
    """Every file of the repository but the card, by name; arguments as of `push`."""
    files = {TABLES["default"]: parquet_bytes(readable_table(distilled, vectors))}
    if "embeddings" in configurations(distilled):
        files[TABLES["embeddings"]] = parquet_bytes(embeddings_table(distilled))
    with tempfile.TemporaryDirectory() as folder:
        public(distilled).save_pretrained(folder)
        files |= {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    for path in sorted(figures.iterdir()) if figures is not None and figures.is_dir() else []:
        if is_kept(name := f"{FIGURES}/{path.name}"):
            files[name] = path.read_bytes()
    return files


def _check_request(repo: str, revision: str | None, create_pr: bool) -> None:
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


def _commit(
    distilled: DistilledSet,
    files: Mapping[str, bytes],
    repo: str,
    private: bool,
    revision: str | None,
    create_pr: bool,
    overwrite: bool,
) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi()
    api.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True)
    if revision not in (None, "main"):
        api.create_branch(repo, branch=str(revision), repo_type="dataset", exist_ok=True)
    for attempt in range(TRIES):
        info = api.dataset_info(repo, revision=revision, timeout=TIMEOUT)
        if private and not info.private:
            raise UsageError(f"{repo} exists and is public: make it private in its settings, or choose another name")
        present = [file.rfilename for file in info.siblings or []]
        if not overwrite and not attempt:  # what others add meanwhile stays
            _check_ours(api, repo, info.sha, present)
        text = card(distilled, repo, [name for name in files if name.startswith(f"{FIGURES}/")], _owners_metadata(info))
        wanted = {README: text.encode(), **files}
        operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
            *(CommitOperationAdd(name, content) for name, content in wanted.items()),
            *(CommitOperationDelete(name) for name in present if is_ours(name) and name not in wanted),
        ]
        try:
            commit = api.create_commit(
                repo,
                operations,
                commit_message=f"Distilled set of {distilled.n} samples",
                repo_type="dataset",
                revision=revision,
                create_pr=create_pr,
                parent_commit=info.sha,
            )
        except HfHubHTTPError as error:
            if error.response.status_code != 412:
                raise
        else:
            return commit.pr_url or f"{endpoint()}/datasets/{repo}" + (f"/tree/{revision}" if revision else "")
    raise TddError(f"others keep changing {repo}: {TRIES} commits came too late; run the same command again")


def _check_ours(api: HfApi, repo: str, commit: str | None, present: list[str]) -> None:
    """Raise UsageError where a repository holds anything else than a distilled set: a data set or card of its owner's.

    A licence, and a card that only states one, are not in the way.
    """
    others = [name for name in present if name not in _BESIDE]
    if WEIGHTS in present or not others:
        return
    if others == [README]:
        read = Path(api.hf_hub_download(repo, README, repo_type="dataset", revision=commit)).read_text(errors="replace")
        if not re.sub(r"\A---\r?\n.*?^---\s*$", "", read, flags=re.DOTALL | re.MULTILINE).strip():
            return
    listed = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
    raise UsageError(
        f"{repo} holds what is no distilled set ({listed}), whose card and configurations would be replaced: "
        "choose another name, or say --overwrite"
    )


def _owners_metadata(info: DatasetInfo) -> dict[str, Any]:
    present = info.card_data.to_dict() if info.card_data is not None else {}
    return {name: present[name] for name in _OWNERS if present.get(name)}


def _explained(error: Exception, repo: str, revision: str | None) -> TddError:
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
    if (refusal := refused(failed or error, repo, revision)) is not None:
        return refusal
    return TddError(f"{unreachable(error)}; nothing is published by halves: run the same command again")
