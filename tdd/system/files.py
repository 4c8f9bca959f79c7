"""Files that are either whole or absent: written under a temporary name, flushed, then renamed."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tdd.errors import TddError, UsageError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` with a temporary path in the same folder, then rename it to `path`.

    What is there and no file, such as ``/dev/stdout`` or a pipe, is written into: renamed over, it would be lost.

    Raises:
        TddError: the folder cannot be written to or the disk is full; `path` is as it was before.
    """
    temporary = None
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder, path.name))
                with Path(folder, path.name).open("rb") as whole, path.open("wb", buffering=0) as target:
                    shutil.copyfileobj(whole, target)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except (FileExistsError, NotADirectoryError):
        raise TddError(f"cannot write {path}: a file is in the place of a folder; choose another folder") from None
    except OSError as error:
        raise TddError(
            f"cannot write {path}: {error.strerror or error}; free some space or choose another folder"
        ) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_folder_of(path: Path) -> None:
    """Raise UsageError unless the folder that a file is to be written into is there: a mistyped one is not made."""
    if not path.parent.is_dir():
        raise UsageError(
            f"cannot write {path}: there is no folder '{path.parent}'; make it first, or name another file"
        )


def cache_folder() -> Path:
    """Where things that can be made again are kept: ``$TDD_CACHE``, ``$XDG_CACHE_HOME/tdd`` or ``~/.cache/tdd``."""
    folder = os.environ.get("TDD_CACHE")
    return Path(folder) if folder else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tdd"


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 `text` to `path`, atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON to `path`, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        TddError: the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TddError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise TddError(f"{path} is damaged: it is not valid JSON; get a fresh copy") from None
