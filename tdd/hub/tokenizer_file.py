"""The file of a tokenizer: here, or of a model on the Hub."""

from __future__ import annotations

import re
from pathlib import Path

from tdd.errors import TddError, UsageError
from tdd.hub.client import bounded_waits, is_offline, refused, unreachable
from tdd.hub.layout import TOKENIZER
from tdd.hub.quiet import quiet
from tdd.settings.encoder_names import HUB
from tdd.settings.tokenizer_names import OWN


def tokenizer_file(name: str) -> Path:
    """The ``tokenizer.json`` that a name stands for, downloaded where need be.

    Args:
        name: a file; or ``hf:`` and a folder that holds one, or ``owner/name`` on the Hub, with ``@revision`` behind it
            or not.

    Raises:
        UsageError: there is none.
        TddError: the Hub cannot be reached.
    """
    path = Path(name.removeprefix(HUB)).expanduser()
    if name.startswith(HUB) and path.is_dir():
        path /= TOKENIZER
        if not path.is_file():
            raise UsageError(f"{name} has no {TOKENIZER}: save the tokenizer into that folder by save_pretrained")
    if path.is_file():
        return path
    repo, at, revision = name.removeprefix(HUB).partition("@")
    if not name.startswith(HUB) or not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", repo) or (at and not revision):
        raise UsageError(
            f"no tokenizer '{name}': name {', '.join(OWN)}, a file {TOKENIZER}, or {HUB}owner/name on the Hub"
        )
    return _from_hub(repo, revision or None)


def _from_hub(repo: str, revision: str | None) -> Path:
    from huggingface_hub import errors, hf_hub_download

    offline = is_offline()
    try:
        with quiet(), bounded_waits():
            return Path(hf_hub_download(repo, TOKENIZER, revision=revision, local_files_only=offline))
    except errors.LocalEntryNotFoundError:
        pass  # without the Hub
    except errors.EntryNotFoundError:
        raise UsageError(f"{repo} has no {TOKENIZER} on the Hub; name a model that has one, or a file") from None
    except Exception as error:
        raise refused(error, repo, revision, "model") or TddError(
            f"{unreachable(error)}; or name a file {TOKENIZER}"
        ) from None
    why = "HF_HUB_OFFLINE is set" if offline else "the Hub cannot be reached"
    raise TddError(f"{why}, and the tokenizer of {repo} is not in its cache; or name a file {TOKENIZER}")
