"""A distilled set or a classifier from the Hub: at one commit, checked against what the Hub lists."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tdd.errors import TddError, UsageError
from tdd.hub.client import TIMEOUT, bounded_waits, http_error, is_offline, refused, unreachable
from tdd.hub.layout import CONFIG, LARGEST, LARGEST_OTHER, RECIPE, WEIGHTS, WEIGHTS_OF_MODEL, is_kept, is_of_model
from tdd.hub.quiet import quiet, reason

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling


@dataclass(frozen=True)
class Holding:
    """What a repository is to hold.

    Attributes:
        kind: of the repository, as huggingface_hub calls it.
        repository: in words.
        what: in words.
        needed: files that must be there.
        is_kept: whether a file is downloaded.
        instead: what to say where the repository is of the other kind.
    """

    kind: Literal["dataset", "model"]
    repository: str
    what: str
    needed: tuple[str, ...]
    is_kept: Callable[[str], bool]
    instead: str


SET = Holding(
    "dataset",
    "data set",
    "distilled set",
    (WEIGHTS, RECIPE),
    is_kept,
    "{repo} is a model on the Hub, not a set: get it with tdd pull {repo} --classifier",
)
CLASSIFIER = Holding(
    "model",
    "model",
    "classifier of transformers",
    (CONFIG, WEIGHTS_OF_MODEL),
    is_of_model,
    "{repo} is a data set on the Hub, not a model (leave --classifier out)",
)

# Someone may push between the listing and the download.
TRIES = 3


def fetch(repo: str, revision: str | None = None, holding: Holding = SET) -> Path:
    """The files of a distilled set, or of a classifier, in the Hub's cache, all of one commit.

    With HF_HUB_OFFLINE=1 they are those that are there, without a request. Names and sizes are checked before anything
    is downloaded, checksums after it.

    Raises:
        UsageError: no such repository or revision, or one that does not hold it.
        TddError: no access, the Hub cannot be reached, or a file is damaged, too large, or would leave the folder.
    """
    from huggingface_hub import HfApi, snapshot_download

    if is_offline():
        return _cached(repo, revision, holding)
    try:
        with quiet(), bounded_waits():
            for _ in range(TRIES):
                asked: Any = HfApi().model_info if holding.kind == "model" else HfApi().dataset_info
                info = asked(repo, revision=revision, files_metadata=True, timeout=TIMEOUT)
                files = _checked(repo, info.siblings or [], holding)
                # By the revision's name, so that the cache knows it when there is no Hub to ask.
                folder = Path(
                    snapshot_download(repo, repo_type=holding.kind, revision=revision, allow_patterns=list(files))
                )
                if folder.name == info.sha:
                    for name, listed in files.items():
                        _verify(repo, folder / name, listed)
                    return folder
    except TddError:
        raise
    except Exception as error:
        if _is_other_kind(error, repo, holding):
            raise UsageError(holding.instead.format(repo=repo)) from None
        raise _explained(error, repo, revision, holding.repository) from None
    raise TddError(f"{repo} is being changed; pull again in a moment")


def _is_other_kind(error: Exception, repo: str, holding: Holding) -> bool:
    """Whether there is no such repository, and one of the other kind has its name."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    if not isinstance(error, RepositoryNotFoundError):
        return False
    other = "dataset" if holding.kind == "model" else "model"
    try:
        with quiet(), bounded_waits():
            return HfApi().repo_exists(repo, repo_type=other)
    except Exception:  # what was asked for is not there in either case
        return False


def _cached(repo: str, revision: str | None, holding: Holding) -> Path:
    from huggingface_hub import constants, snapshot_download

    try:
        folder = Path(
            snapshot_download(
                repo,
                repo_type=holding.kind,
                revision=revision,
                allow_patterns=list(holding.needed),
                local_files_only=True,
            )
        )
    except Exception as error:
        if (refusal := refused(error, repo, revision, holding.repository)) is not None:
            raise refusal from None
        folder = Path()
    if not all((folder / name).is_file() for name in holding.needed):
        what = f"{repo} at {revision}" if revision else repo
        raise TddError(
            f"HF_HUB_OFFLINE is set, and {what} is not in the cache {constants.HF_HUB_CACHE}: unset HF_HUB_OFFLINE"
        )
    return folder


def _checked(repo: str, listed: list[RepoSibling], holding: Holding) -> dict[str, RepoSibling]:
    """The files to download, by name."""
    for file in listed:
        if file.rfilename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", file.rfilename):
            raise TddError(f"{repo} lists a file {file.rfilename!r}, which would leave the folder: nothing was pulled")
    files = {file.rfilename: file for file in listed if holding.is_kept(file.rfilename)}
    if missing := [name for name in holding.needed if name not in files]:
        raise UsageError(f"{repo} holds no {holding.what} ({missing[0]} is missing): name a repository that tdd pushed")
    for name, file in files.items():
        most = LARGEST.get(name, LARGEST_OTHER)
        if file.size is None or file.size > most:
            size = "of unknown size" if file.size is None else f"{file.size / 2**20:,.0f} MiB"
            raise TddError(f"{name} of {repo} is {size}, the most that is taken is {most / 2**20:,.0f} MiB")
    return files


def _verify(repo: str, path: Path, listed: RepoSibling) -> None:
    """Compare a downloaded file with the checksum that the Hub lists; a damaged copy does not stay in the cache."""
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if listed.lfs is not None:
        kind, actual, expected = "sha256", sha256, listed.lfs.sha256
        good = actual == expected
    else:
        # A Hub that does not tell which files are in LFS lists the git blob of the pointer, which holds the sha256.
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n"
        kind, actual, expected = "git sha1", _git_sha1(content), str(listed.blob_id)
        good = expected in (actual, _git_sha1(pointer.encode()))
    if not good:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise TddError(
            f"{listed.rfilename} of {repo} arrived damaged: "
            f"its {kind} is {actual}, the Hub lists {expected}; pull again"
        )


def _git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _explained(error: Exception, repo: str, revision: str | None, kind: str) -> TddError:
    if (refusal := refused(http_error(error) or error, repo, revision, kind)) is not None:
        return refusal
    if isinstance(error, OSError) and error.errno is not None:
        return TddError(f"cannot keep {repo} in the cache: {error.strerror}; free some space or set HF_HOME")
    if isinstance(error, OSError) and "Consistency check failed" in str(error):
        return TddError(f"a file of {repo} arrived truncated ({reason(error)}); pull again")
    return TddError(f"{unreachable(error)}: pull again later, or take a cached copy with HF_HUB_OFFLINE=1")
