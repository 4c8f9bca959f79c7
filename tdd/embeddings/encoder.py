"""The input embeddings of a pretrained encoder as a table of word pieces, and the encoder's weights themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tdd.embeddings.encoded import EncodedTexts, joined
from tdd.embeddings.encoder_model import load_encoder, positions
from tdd.embeddings.pieces import read_tokenizer, uncut, unreadable
from tdd.embeddings.table import UNBOUNDED, Table
from tdd.errors import TddError
from tdd.hub.encoders import VOCABULARIES, EncoderFiles, encoder_files
from tdd.hub.layout import TOKENIZER
from tdd.hub.quiet import quiet

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class EncoderTokens(Table):
    """The word pieces of a pretrained encoder and their frozen vectors; see `tdd.embeddings.protocol.Embedding`.

    Special tokens are no part of a text: the encoder puts them around it.

    Attributes:
        prefix: rows of the tokens before every text, such as CLS.
        suffix: rows of those after it, such as SEP.
        separator: token ids of those between the texts of a pair. Both texts are of token type 0, if the encoder tells
            types: a learned sample has no second text.
    """

    def __init__(self, files: EncoderFiles, tokenizer: Tokenizer, table: NDArray[np.float32], positions: int | None):
        bare = tokenizer.encode("a", add_special_tokens=False).ids
        whole = tokenizer.encode("a").ids
        first = next((i for i in range(len(whole)) if whole[i : i + len(bare)] == bare), 0)
        self.prefix, self.suffix = whole[:first], whole[first + len(bare) :]
        pair = tokenizer.encode("a", "a").ids
        between = pair[first + len(bare) : len(pair) - len(bare) - len(self.suffix)]
        self.separator = [row + 1 for row in between]
        self._files, self._tokenizer, self._positions = files, tokenizer, positions
        if (pieces := max(tokenizer.get_vocab().values(), default=-1) + 1) > len(table):
            raise TddError(
                f"the tokenizer of {files.name} knows {pieces} pieces and its model {len(table)}: they are not of one "
                "encoder; get a fresh copy"
            )
        self._unknown = _unknown_piece(tokenizer)
        words = [tokenizer.id_to_token(row) or f"[{row}]" for row in range(len(table))]
        digest = hashlib.sha256(self.tokenizer().encode())
        digest.update(table.data)
        super().__init__(files.name, words, table, digest.hexdigest())

    def describe(self) -> dict[str, Any]:
        """See `Embedding`; the checksum is that of the tokenizer's file followed by the table."""
        files = self._files
        around = {name: [self.words[row] for row in getattr(self, name)] for name in ("prefix", "suffix")}
        around["separator"] = [self.words[id_ - 1] for id_ in self.separator]
        where = {"model": files.model, "revision": files.revision, "weights_sha256": files.checksum()}
        return super().describe() | {"kind": "word pieces"} | where | around

    @property
    def longest(self) -> int:
        """See `Embedding`: the positions of the encoder but for those of special tokens."""
        return UNBOUNDED if self._positions is None else self._positions - len(self.prefix) - len(self.suffix)

    def tokenizer(self) -> str:
        """See `Embedding`."""
        return str(self._tokenizer.to_str())

    def id_of(self, word: str) -> int:
        """Token id of exactly this piece: row + 1, or 0 where there is none."""
        row = self._tokenizer.token_to_id(word)
        return 0 if row is None or row >= len(self) else row + 1

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`: row + 1; every text has pieces."""
        return [row + 1 for row in self._tokenizer.encode(text, add_special_tokens=False).ids]

    def encode_all(self, texts: Sequence[str | None], seconds: Sequence[str | None] | None = None) -> EncodedTexts:
        """See `Embedding`; a piece that stands for anything unknown is one without a vector of its own."""
        ids = [self.encode(text) if text else [] for text in texts]
        if seconds is not None:
            ids = joined(ids, [self.encode(text) if text else [] for text in seconds], self.separator)
        encoded = EncodedTexts.of_codes(ids)
        if self._unknown is not None:
            (missing,) = np.nonzero(encoded.ids == self._unknown + 1)
            np.add.at(encoded.unknown[:, 0], np.searchsorted(encoded.offsets, missing, "right") - 1, 1)
        return encoded

    @property
    def identity(self) -> list[str]:
        """See `Embedding`."""
        return [self.checksum]

    @property
    def needs_spaces(self) -> bool:
        """See `Embedding`."""
        return False

    def split_by(self, tokenizer: str) -> EncoderTokens:
        """See `Embedding`."""
        return self

    @property
    def notes(self) -> list[str]:
        """See `Embedding`."""
        return []

    def join(self, words: Sequence[str]) -> str:
        """These pieces as the tokenizer puts them together: ``play``, ``##ing`` → ``playing``."""
        decoder = self._tokenizer.decoder
        return super().join(words) if decoder is None else str(decoder.decode(list(words))).strip()


def _unknown_piece(tokenizer: Tokenizer) -> int | None:
    """The row of the piece that stands for what a tokenizer does not know; None: it spells everything."""
    model = json.loads(tokenizer.to_str())["model"]
    name = model.get("unk_token")
    return model.get("unk_id") if name is None else tokenizer.token_to_id(name)


def encoder_tokens(name: str) -> EncoderTokens:
    """The word pieces of the encoder called `name`, see `encoder_files`.

    Raises:
        UsageError: there is no such encoder, or it has no tokenizer.
        TddError: its files are damaged.
    """
    return _tokens(name, encoder_files(name).state())


@lru_cache(maxsize=4)
def _tokens(name: str, state: object) -> EncoderTokens:
    """As `encoder_tokens`, for the files that are in this `state`."""
    files = encoder_files(name)
    model = load_encoder(name)
    table = np.ascontiguousarray(model.get_input_embeddings().weight.detach().numpy(), dtype=np.float32)
    return EncoderTokens(files, _tokenizer(files), table, positions(model))


def _tokenizer(files: EncoderFiles) -> Tokenizer:
    if (files.folder / TOKENIZER).is_file():
        return read_tokenizer(files.folder / TOKENIZER, files.name)
    from transformers import AutoTokenizer

    if not any((files.folder / name).is_file() for name in VOCABULARIES):
        raise TddError(f"{files.name} has no tokenizer, {TOKENIZER} is missing; get a fresh copy")
    try:
        with quiet():
            loaded = AutoTokenizer.from_pretrained(files.folder, local_files_only=True, trust_remote_code=False)
            return uncut(loaded.backend_tokenizer)
    except Exception as error:  # of many kinds
        raise unreadable(files.name, error) from None
