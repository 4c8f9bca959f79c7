"""What a set says of the table that its vectors are of, and the tokenizer that goes with it: data, checked on load."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from tdd.data.protocols import Split
from tdd.data.text import TextSplit
from tdd.distilled_set.pool_names import with_networks_named
from tdd.errors import TddError
from tdd.hub.layout import EMBEDDING, LARGEST, TOKENIZER
from tdd.settings.encoder_names import at_commit, is_encoder
from tdd.settings.recipe import Recipe
from tdd.system.files import read_json, write_json, write_text
from tdd.system.tensor_files import Tensors


@dataclass(frozen=True)
class SavedEmbedding:
    """What ``embedding.json`` and ``tokenizer.json`` of a set hold.

    Attributes:
        about: see `tdd.embeddings.protocol.Embedding.describe`; with "tokenizer_sha256", that of its file, where there
            is one, and "pair", the two columns whose texts are pairs, where they are.
        tokenizer: as `tokenizers.Tokenizer.from_str` reads it, which neither cuts nor pads; None: one of ours, as named
            in `about`, "tokenizer".
    """

    about: dict[str, Any]
    tokenizer: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, split: Split) -> SavedEmbedding | None:
        """That of the texts of a split; None for images."""
        if not isinstance(split, TextSplit):
            return None
        about, tokenizer = split.vectors.describe(), split.vectors.tokenizer()
        if split.raw is not None and split.raw.are_pairs:
            about = about | {"pair": list(split.raw.columns)}
        return cls(about if tokenizer is None else about | {"tokenizer_sha256": _sha256(tokenizer)}, tokenizer)

    @classmethod
    def read(cls, folder: Path, source: Mapping[str, str]) -> SavedEmbedding | None:
        """That of the set in a folder; None where the set says nothing of it.

        Args:
            folder: of the set.
            source: of the set.

        Raises:
            TddError: a file is damaged, or is that of another set.
        """
        path = folder / EMBEDDING
        if not path.exists():
            return None
        about = read_json(_of_usual_size(path))
        if not _is_whole(about):
            raise TddError(f"{path} does not say which vectors the set was made with; get a fresh copy")
        there = {"checksum": "vectors_checksum", "weights_sha256": "encoder_weights", "revision": "encoder_revision"}
        for name, key in there.items():
            if about.get(name) is not None and about[name] != source.get(key, about[name]):
                raise _of_another_set(path, name)
        sha256 = about.get("tokenizer_sha256")
        return cls(about, None if sha256 is None else _read_tokenizer(folder / TOKENIZER, sha256))

    @property
    def pair(self) -> tuple[str, str] | None:
        """The two columns whose texts are pairs; None: texts are none."""
        return tuple(self.about["pair"]) if "pair" in self.about else None

    @property
    def splitting(self) -> dict[str, Any]:
        """What decides on the tokens that text becomes, apart from the table."""
        return self.about.get("tokenizer", {}) if self.tokenizer is None else {"sha256": _sha256(self.tokenizer)}

    def check_dimension(self, folder: Path, samples: Tensor) -> None:
        """Raise TddError unless the samples of the set in a folder are vectors of this table."""
        if samples.dim() != 4 or samples.shape[-1] != self.about["dimension"]:
            raise _of_another_set(folder / EMBEDDING, "dimension")

    def save(self, folder: Path) -> None:
        """Write the files, each atomically."""
        write_json(folder / EMBEDDING, self.about)
        if self.tokenizer is not None:
            write_text(folder / TOKENIZER, self.tokenizer)


def with_own_files(
    recipe: Recipe,
    start: Tensors | None,
    folder: Path,
    source: Mapping[str, str],
    embedding: SavedEmbedding | None,
) -> tuple[Recipe, Tensors | None]:
    """The recipe of the set in a folder, which reads what the set was made with, whatever has become of it elsewhere.

    And the initialisation that the set holds, which names the networks of a pool as the recipe does.
    A tokenizer of word vectors is that of the set's own file. An encoder is read at the commit that the set was made
    with, where the recipe names none: the Hub's own may have moved on since.
    """
    if embedding is not None and embedding.tokenizer is not None and not is_encoder(recipe.vectors):
        recipe = recipe.model_copy(update={"tokenizer": str((folder / TOKENIZER).absolute())})
    commit = source.get("encoder_revision") or (embedding.about.get("revision") if embedding else None)
    recipe = recipe.model_copy(update={"vectors": at_commit(recipe.vectors, commit)})
    return with_networks_named(recipe, start, lambda name: at_commit(name, commit))


def _of_another_set(path: Path, name: str) -> TddError:
    return TddError(f"{path}: its {name} is not that of the set beside it; get a fresh copy of both")


def _is_whole(about: Any) -> bool:
    """Whether all that is computed or shown is there, and of its type."""
    kinds = {"name": str, "kind": str, "checksum": str, "dimension": int, "size": int}
    optional = dict.fromkeys(("model", "revision", "weights_sha256", "tokenizer_sha256"), str)
    tokenizer = about.get("tokenizer", {"name": ""}) if isinstance(about, dict) else None
    pair = about.get("pair", ["", ""]) if isinstance(about, dict) else None
    return (
        isinstance(about, dict)
        and isinstance(tokenizer, dict)
        and isinstance(pair, list)
        and [type(column) for column in pair] == [str, str]
        and isinstance(tokenizer.get("name"), str)
        and all(isinstance(about.get(name), kind) for name, kind in kinds.items())
        and all(isinstance(about.get(name), kind | None) for name, kind in optional.items())
    )


def _read_tokenizer(path: Path, sha256: str) -> str:
    try:
        text = _of_usual_size(path).read_text(encoding="utf-8")
        if _sha256(text) == sha256:
            json.loads(text)
            return text
    except OSError as error:
        raise TddError(f"cannot read {path}: {error.strerror}; get a fresh copy of the set") from None
    except (ValueError, RecursionError):
        pass
    raise TddError(f"{path} is damaged, or that of another set; get a fresh copy")


def _of_usual_size(path: Path) -> Path:
    if path.stat().st_size > LARGEST[path.name]:
        raise TddError(f"{path} is larger than any such file of a set; get a fresh copy")
    return path


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
