"""A published set brought into a run folder."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tdd.distilled_set.set import DistilledSet
from tdd.errors import TddError, UsageError
from tdd.hub.download import fetch
from tdd.hub.layout import TOKENIZER, is_kept


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
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"'{folder}' exists already; choose another --output")
    snapshot = fetch(repo, revision)
    made = DistilledSet.from_pretrained(snapshot)  # damaged and foreign files are refused before anything is written
    left_out = set()
    if made.embedding is None or made.embedding.tokenizer is None:
        left_out.add(TOKENIZER)  # that of the vectors' own words, for those who have no tdd
    temporary = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        temporary.chmod(0o755)
        for path in sorted(snapshot.rglob("*")):
            name = path.relative_to(snapshot).as_posix()
            if path.is_file() and is_kept(name) and name not in left_out:
                (temporary / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(path, temporary / name)
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    except OSError as error:
        raise TddError(f"cannot write {folder}: {error.strerror or error}; choose another --output") from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder
