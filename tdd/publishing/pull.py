"""A published set brought into a run folder, or a published classifier into a folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.hub.download import CLASSIFIER, fetch
from tdd.hub.layout import TOKENIZER, is_kept, is_of_model


def pull(repo: str, revision: str | None = None, output: str | Path | None = None) -> Path:
    """Put the distilled set of a repository into a run folder, which is whole or absent.

    Args:
        repo: data set on the Hub, ``owner/name``.
        revision: branch, tag or commit; None: main.
        output: the folder; None: ``runs/<name>``.

    Returns:
        The folder.

    Raises:
        UsageError: no such repository or revision, one without a distilled set, or the folder is not empty.
        TddError: no access, the Hub cannot be reached, or a file is damaged.
    """
    folder = Path(output) if output is not None else Path("runs") / repo.rpartition("/")[2]
    _check_free(folder)
    snapshot = fetch(repo, revision)
    made = DistilledSet.from_pretrained(snapshot)  # damaged and foreign files are refused before anything is written
    files = {name: path for name, path in _files(snapshot).items() if is_kept(name)}
    if made.embedding is None or made.embedding.tokenizer is None:
        files.pop(TOKENIZER, None)  # that of the vectors' own words, for those who have no tdd
    return _placed(files, folder)


def pull_classifier(repo: str, revision: str | None = None, output: str | Path | None = None) -> Path:
    """Put a classifier that `tdd train` published into a folder, which is whole or absent; none of its code is run.

    Args:
        repo: model on the Hub, ``owner/name``.
        revision: branch, tag or commit; None: main.
        output: the folder; None: ``classifiers/<name>``.

    Returns:
        The folder.

    Raises:
        UsageError: no such repository or revision, one without a classifier, or the folder is not empty.
        TddError: no access, the Hub cannot be reached, or a file is damaged.
    """
    folder = Path(output) if output is not None else Path("classifiers") / repo.rpartition("/")[2]
    _check_free(folder)
    files = _files(fetch(repo, revision, CLASSIFIER))
    return _placed({name: path for name, path in files.items() if is_of_model(name)}, folder)


def _check_free(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"'{folder}' exists already; choose another folder (--output)")


def _files(snapshot: Path) -> dict[str, Path]:
    return {path.relative_to(snapshot).as_posix(): path for path in sorted(snapshot.rglob("*")) if path.is_file()}


def _placed(files: Mapping[str, Path], folder: Path) -> Path:
    """Copies of files in a folder, at once."""
    temporary = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        temporary.chmod(0o755)
        for name, path in files.items():
            (temporary / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, temporary / name)
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    except OSError as error:
        raise TddError(f"cannot write {folder}: {error.strerror or error}; choose another folder (--output)") from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder
