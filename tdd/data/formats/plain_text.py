"""A file of text in any encoding, packed or not, as the bytes of its text in UTF-8, mapped into memory."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

import numpy as np

from tdd.data.formats.guess_encoding import beyond_ascii, guess_encoding
from tdd.data.formats.packed import Bytes, mapped, unpacked
from tdd.errors import TddError, UsageError

_UTF_8 = ("utf-8", "utf-8-sig")
# Longer marks first: that of UTF-32 starts like that of UTF-16.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PART = 1 << 20  # bytes decoded at once
_STARTS = 1 << 12  # bytes that tell whether a file is text
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_COUNTED = 20_000  # texts with other characters than ASCII's that tell whether a text is UTF-8 but for some
_WORDS = re.compile(r"[^\W_]*[^\W_\x00-\x7f][^\W_]*")
_LOOKED_AT = 5  # words
_SHOWN = 20  # characters


def plain_text(path: Path, encoding: str | None) -> tuple[Bytes, str]:
    """The text of a file in UTF-8 without a byte order mark, and the encoding that it is in; None: recognised.

    Raises:
        UsageError: there is no such encoding.
        TddError: it cannot be read, is not text, or not in the encoding given, or it is UTF-8 but for some lines; the
            line is named.
    """
    check_encoding(encoding)
    raw = unpacked(path)
    encoding = encoding or _recognised(raw, path)
    if codecs.lookup(encoding).name in _UTF_8:
        if line := _first_bad_line(raw, "utf-8"):
            raise TddError(f"{path}, line {line}: not {encoding}; set encoding (--encoding) to another one")
        marked = raw[: len(codecs.BOM_UTF8)].tobytes() == codecs.BOM_UTF8
        return raw[len(codecs.BOM_UTF8) if marked else 0 :], encoding
    if line := _first_bad_line(raw, encoding):
        raise TddError(f"{path}, line {line}: not {encoding}; set encoding (--encoding) to another one")
    decode = codecs.getincrementaldecoder(encoding)().decode
    return mapped(decode(part).lstrip("\ufeff" if not place else "").encode() for place, part in _parts(raw)), encoding


def decoded(paths: list[Path], encoding: str | None) -> tuple[list[str], str, list[str]]:
    """The texts of several files, the encoding of those that are not UTF-8, and what is unusual about it.

    Args:
        paths: the files.
        encoding: the one of all; None: recognised, one for all that are not UTF-8.

    Raises:
        UsageError: there is no such encoding.
        TddError: a text is not in the encoding.
    """
    check_encoding(encoding)
    given = encoding
    raw = {path: np.frombuffer(path.read_bytes(), dtype=np.uint8) for path in paths}
    if encoding is not None:
        other = paths
    else:
        other = [path for path in paths if _first_bad_line(raw[path], "utf-8") is not None]
        marked = [path for path in other if raw[path][:2].tobytes() in _MARKS]
        encoding = "utf-8"
        if marked:
            encoding = _recognised(raw[marked[0]], marked[0])
        elif other:
            encoding = guess_encoding(line for path in other for line in raw_lines(raw[path])) or encoding
    texts = {}
    for path in paths:
        texts[path] = raw[path].tobytes().decode("utf-8-sig", "replace")
    for path in other:
        if line := _first_bad_line(raw[path], encoding):
            raise TddError(f"{path}, line {line}: not {encoding}; set encoding (--encoding) to another one")
        texts[path] = raw[path].tobytes().decode(encoding)
    word = word_of_guess((texts[path].encode() for path in other), encoding, given)
    return [texts[path] for path in paths], encoding, unusual(encoding, word)


def unusual(encoding: str, word: str | None = None) -> list[str]:
    """What a user should know of an encoding, in a few words; nothing of UTF-8.

    Args:
        encoding: the one that was given or found.
        word: how a word reads in it, see `word_of_guess`; None: it was not guessed.
    """
    if codecs.lookup(encoding).name in _UTF_8:
        return []
    return [f"encoding {encoding}" + (f" (guessed, it reads '{word}': --encoding sets another)" if word else "")]


def word_of_guess(lines: Iterable[bytes], encoding: str, given: str | None) -> str | None:
    """A word of a text with other characters than ASCII's, by which a wrong guess of its encoding is seen.

    It is the longest of the first few.

    None: the encoding was given or is one of Unicode's, which its bytes tell, or there is no such word.

    Args:
        lines: of the text in UTF-8.
        encoding: the one found.
        given: the one that was asked for.
    """
    if given is not None or codecs.lookup(encoding).name.startswith("utf"):
        return None
    for line in lines:
        if not line.isascii() and (found := list(islice(_WORDS.finditer(line.decode()), _LOOKED_AT))):
            return max((word[0] for word in found), key=len)[:_SHOWN]
    return None


def check_encoding(encoding: str | None) -> None:
    """Raise a UsageError if Python has no encoding of this name."""
    try:
        "".encode(encoding or "utf-8")  # which knows those of text alone
    except LookupError:
        raise UsageError(f"no encoding '{encoding}'; usual ones are utf-8, utf-16, latin-1 and cp1252") from None


def _parts(raw: Bytes) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(raw), _PART):
        yield start, raw[start : start + _PART].tobytes()


def _recognised(raw: Bytes, path: Path) -> str:
    start = raw[:_STARTS].tobytes()
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding
    # Of the two bytes of a Latin letter, digit or separator in UTF-16 one is zero.
    zeros = [half.count(0) / max(len(half), 1) for half in (start[::2], start[1::2])]
    if max(zeros) > 0.3 and min(zeros) < 0.05:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    if _CONTROL.search(start):
        raise TddError(f"{path} is not text; set encoding where it is in one that cannot be told, such as utf-16")
    line = _first_bad_line(raw, "utf-8")
    if line is None:
        return "utf-8"
    bad, beyond = _texts_beyond_ascii(raw)
    if 2 * bad < beyond:
        raise TddError(
            f"{path}, line {line}: not UTF-8, as {beyond - bad:,} of {beyond:,} texts beyond ASCII are: mend those "
            f"that are not, or set encoding (--encoding) to the one of all"
        )
    found = guess_encoding(raw_lines(raw))
    if found is None:
        raise TddError(f"{path}, line {line}: neither UTF-8 nor any other text that can be told; set encoding")
    return found


def _texts_beyond_ascii(raw: Bytes) -> tuple[int, int]:
    """Of the first texts with other characters than ASCII's, lines mostly: those that are not UTF-8, and all."""
    bad = beyond = 0
    for text in islice(beyond_ascii(raw_lines(raw)), _COUNTED):
        beyond += 1
        try:
            text.decode()
        except UnicodeDecodeError:
            bad += 1
    return bad, beyond


def raw_lines(raw: Bytes) -> Iterator[bytes]:
    """Lines that end with a newline, as bytes."""
    import pyarrow as pa

    yield from io.BufferedReader(pa.BufferReader(pa.py_buffer(raw)))


def _first_bad_line(raw: Bytes, encoding: str) -> int | None:
    """The first line that is not in this encoding, from 1 on."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start, part in chain(_parts(raw), [(len(raw), b"")]):
        try:
            decoder.decode(part, final=not part)
        except UnicodeError as error:
            if not isinstance(error, UnicodeDecodeError):  # there is no byte order mark, which tells what follows
                return 1
            end = start + len(part) - len(error.object) + error.start
            return raw[:end].tobytes().decode(encoding, "replace").count("\n") + 1
    return None
