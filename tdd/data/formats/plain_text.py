"""A file of text in any encoding, packed or not, as the bytes of its text in UTF-8, mapped into memory."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np

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
_GUESSED_FROM = 1 << 18  # bytes
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
# What Polish in cp1250 or ISO 8859-2, and Czech in cp1250, look like in cp1252.
_SYMBOLS_IN_WORDS = re.compile(r"[A-Za-z][¹³£¥¿¯±¶¼¾¢¤§¨¬¸][A-Za-z]")
_CARONS = re.compile("[šžŠŽ]")
_FEW = 0.02  # of the characters beyond ASCII


def plain_text(path: Path, encoding: str | None) -> tuple[Bytes, str]:
    """The text of a file in UTF-8 without a byte order mark, and the encoding that it is in; None: recognised.

    Raises:
        UsageError: there is no such encoding.
        TddError: it cannot be read, is not text, or not in the encoding given; the line is named.
    """
    check_encoding(encoding)
    raw = unpacked(path)
    encoding = encoding or _recognised(raw, path)
    if codecs.lookup(encoding).name in _UTF_8:
        if line := _first_bad_line(raw, "utf-8"):
            raise TddError(f"{path}, line {line}: not {encoding}; set encoding to another one")
        marked = raw[: len(codecs.BOM_UTF8)].tobytes() == codecs.BOM_UTF8
        return raw[len(codecs.BOM_UTF8) if marked else 0 :], encoding
    if line := _first_bad_line(raw, encoding):
        raise TddError(f"{path}, line {line}: not {encoding}; set encoding to another one")
    decode = codecs.getincrementaldecoder(encoding)().decode
    return mapped(decode(part).lstrip("\ufeff" if not place else "").encode() for place, part in _parts(raw)), encoding


def decoded(paths: list[Path], encoding: str | None) -> tuple[list[str], str]:
    """The texts of several files, and the encoding of those that are not UTF-8; None: recognised, one for all.

    Raises:
        UsageError: there is no such encoding.
        TddError: a text is not in the encoding.
    """
    check_encoding(encoding)
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
            encoding = guess_encoding(line for path in other for line in _raw_lines(raw[path])) or encoding
    texts = {}
    for path in paths:
        texts[path] = raw[path].tobytes().decode("utf-8-sig", "replace")
    for path in other:
        if line := _first_bad_line(raw[path], encoding):
            raise TddError(f"{path}, line {line}: not {encoding}; set encoding to another one")
        texts[path] = raw[path].tobytes().decode(encoding)
    return [texts[path] for path in paths], encoding


def unusual(encoding: str) -> list[str]:
    """What a user should know of an encoding, in a few words; nothing of UTF-8."""
    return [] if codecs.lookup(encoding).name in _UTF_8 else [f"encoding {encoding}"]


def check_encoding(encoding: str | None) -> None:
    """Raise a UsageError if Python has no encoding of this name."""
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError:
        raise UsageError(f"no encoding '{encoding}'; usual ones are utf-8, utf-16, latin-1 and cp1252") from None


def guess_encoding(lines: Iterable[bytes]) -> str | None:
    """The encoding of lines that are not UTF-8, by those with other characters than ASCII's; None: it cannot be told.

    Several encodings of single bytes explain a few accents: the most frequent one, cp1252, comes first, unless what it
    makes of them is no word.
    """
    from charset_normalizer import from_bytes

    some = bytearray()
    for line in lines:
        if not line.isascii():
            some += line
        if len(some) > _GUESSED_FROM:
            break
    read = bytes(some).decode("cp1252", errors="replace")
    most = _FEW * sum(not character.isascii() for character in read)
    if max(len(_SYMBOLS_IN_WORDS.findall(read)), len(_CARONS.findall(read))) > most:
        first = ["cp1250", "iso8859_2"]
    else:
        first = ["cp1252"]
    best = from_bytes(bytes(some), cp_isolation=first).best() or from_bytes(bytes(some)).best()
    return None if best is None else str(best.encoding)


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
    found = guess_encoding(_raw_lines(raw))
    if found is None:
        raise TddError(f"{path}, line {line}: neither UTF-8 nor any other text that can be told; set encoding")
    return found


def _raw_lines(raw: Bytes) -> Iterator[bytes]:
    """Lines that end with a newline, as bytes."""
    import pyarrow as pa

    yield from io.BufferedReader(pa.BufferReader(pa.py_buffer(raw)))


def _first_bad_line(raw: Bytes, encoding: str) -> int | None:
    """The first line that is not in this encoding, from 1 on."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start, part in chain(_parts(raw), [(len(raw), b"")]):
        try:
            decoder.decode(part, final=not part)
        except UnicodeDecodeError as error:
            end = start + len(part) - len(error.object) + error.start
            return raw[:end].tobytes().decode(encoding, "replace").count("\n") + 1
    return None
