"""The encoding of a text that is not UTF-8, by what it reads as in each: letters of one script, usual characters."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

_GUESSED_FROM = 1 << 16  # bytes
_LONG = 1 << 12  # bytes of a line that holds several texts, as json in a line does
# What Polish in cp1250 or ISO 8859-2, and Czech in cp1250, look like in cp1252.
_SYMBOLS_IN_WORDS = re.compile(r"[A-Za-z][¹³£¥¿¯±¶¼¾¢¤§¨¬¸][A-Za-z]")
_CARONS = re.compile("[šžŠŽ]")
_FEW = 0.02  # of the characters beyond ASCII

_WORD = re.compile(r"[^\W\d_]+")
_LETTERS = {
    "Cyrillic": ("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґ", ("cp1251", "koi8_r", "iso8859_5", "cp866", "mac_cyrillic")),
    "Greek": ("αοιετσνηυρπκμλςωδόγχίήάέθύφώβξζψϊ", ("cp1253",)),
    "Hebrew": ("יוהלאתרבשמנםדקעחפגסכטזןצךףץ", ("cp1255",)),
    "Arabic": ("اليمنوترهبعدفسكقحةجشطصخىضذغثئأءزإظآؤپچژگ", ("cp1256", "iso8859_6")),
    "Thai": ("านรอกเงมยลวดทสตะปบคหแจพชขใไโผซถศภธณฟญ", ("cp874",)),
}
"""Letters of a script, those that are frequent in its languages first, and encodings in which a byte is one of them."""
_RARER = 8.0
"""Places in that order after which a letter is rarer by e."""
_OF_WORDS = 0.8
"""Share of the characters beyond ASCII that stand in words of one script alone; of a language with accents few do."""
_UNKNOWN = -10.0
"""Counted, as the logarithm of a share, for a character that is no letter of the script."""
_SIGNS = "’‘“”„–—…«»€£¿¡°•™®©\xa0"
_USUAL = 0.9
"""Share of the characters beyond ASCII that are usual ones of a language that writes a character in two bytes."""
_KANA = 0.15
"""Share of kana in Japanese."""


def guess_encoding(lines: Iterable[bytes]) -> str | None:
    """The encoding of lines that are not UTF-8, by those with other characters than ASCII's; None: it cannot be told.

    Several encodings of single bytes explain a few accents: the most frequent one, cp1252, comes first, unless what it
    makes of them is no word.
    """
    some = bytearray()
    for text in beyond_ascii(lines):
        some += text
        if len(some) > _GUESSED_FROM:
            break
    raw = bytes(some[: 2 * _GUESSED_FROM])
    return _of_two_bytes(raw) or _of_a_script(raw) or _of_latin(raw)


def beyond_ascii(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with other characters than ASCII's; of long lines, what stands between their double quotes."""
    for line in lines:
        if not line.isascii():  # in no usual encoding is the byte of a quote a part of another character
            yield from (part for part in (line.split(b'"') if len(line) > _LONG else [line]) if not part.isascii())


def _of_two_bytes(raw: bytes) -> str | None:
    """The encoding in which most characters are usual ones of Japanese, Korean or Chinese."""
    for encoding in ("cp932", "euc_jp"):
        usual, kana = _japanese(_found(raw, encoding))
        if usual >= _USUAL and kana >= _KANA:
            return encoding
    if _share(_found(raw, "cp949"), "euc_kr", b"\xb0", b"\xc8") > _USUAL:
        return "cp949"
    chinese = {
        "gb18030": _share(_found(raw, "gb18030"), "gb2312", b"\xa1", b"\xd7"),
        "big5": _share(_found(raw, "big5"), "big5", b"\xa1", b"\xc6"),
    }
    best = max(chinese, key=lambda encoding: chinese[encoding])
    return best if chinese[best] >= _USUAL else None


def _japanese(found: Counter[str]) -> tuple[float, float]:
    """Shares of usual characters, those of the first level of JIS X 0208, and of kana; half-width ones are none."""
    kana = sum(count for character, count in found.items() if "\u3040" <= character <= "\u30ff")
    return _share(found, "euc_jp", b"\xa1", b"\xcf"), kana / max(found.total(), 1)


def _share(found: Counter[str], encoding: str, first: bytes, last: bytes) -> float:
    """Share of the characters that are two bytes in `encoding`, of which the first lies within these bounds."""
    usual = 0
    for character, count in found.items():
        written = character.encode(encoding, "ignore")
        usual += count if len(written) == 2 and first <= written[:1] <= last else 0
    return usual / max(found.total(), 1)


def _found(raw: bytes, encoding: str) -> Counter[str]:
    """How often each character beyond ASCII stands in a text."""
    return Counter(character for character in raw.decode(encoding, "replace") if not character.isascii())


def _of_a_script(raw: bytes) -> str | None:
    """The encoding in which words are of one script that is not Latin, and its frequent letters are frequent."""
    scores = {}
    for letters, encodings in _LETTERS.values():
        chances = _chances(letters)
        for encoding in encodings:
            found = _found(raw, encoding)
            known = Counter(
                "".join(word for word in _WORD.findall(raw.decode(encoding, "replace")) if _is_of(word, chances))
            )
            beyond = sum(count for one, count in found.items() if one.isalpha() or one == "\ufffd")
            if known.total() >= _OF_WORDS * max(beyond, 1):
                likely = sum(count * chances[letter.lower()] for letter, count in known.items())
                scores[encoding] = (likely + _UNKNOWN * (found.total() - known.total())) / found.total()
    return max(scores, key=lambda encoding: scores[encoding], default=None)


def _chances(letters: str) -> dict[str, float]:
    """The logarithm of each letter's share, as it falls with its place."""
    total = math.log(sum(math.exp(-place / _RARER) for place in range(len(letters))))
    return {letter: -place / _RARER - total for place, letter in enumerate(letters)}


def _is_of(word: str, chances: Mapping[str, float]) -> bool:
    """Whether a word of several letters has those alone, and large ones where words have them."""
    regular = word[1:] == word[1:].lower() or word.isupper()
    return len(word) > 1 and regular and all(letter in chances for letter in word.lower())


def _of_latin(raw: bytes) -> str | None:
    from charset_normalizer import from_bytes

    read = raw.decode("cp1252", errors="replace")
    most = _FEW * sum(not character.isascii() for character in read)
    if max(len(_SYMBOLS_IN_WORDS.findall(read)), len(_CARONS.findall(read))) > most:
        first = ["cp1250", "iso8859_2"]
    else:
        first = ["cp1252"]
    likely = {encoding: _in_latin_words(raw.decode(encoding, "replace")) for encoding in first}
    best = max(likely, key=lambda encoding: likely[encoding])
    if likely[best] >= _USUAL:
        return best
    found = from_bytes(raw, cp_isolation=first).best() or from_bytes(raw).best()
    return None if found is None else str(found.encoding)


def _in_latin_words(text: str) -> float:
    """Share of the characters beyond ASCII that are signs of prose, or accented letters in words with plain ones."""
    good = sum(text.count(sign) for sign in _SIGNS)
    for word in _WORD.findall(text):
        regular = word[1:] == word[1:].lower() or word.isupper()
        if regular and (len(word) < 3 or re.search("[A-Za-z]", word)):
            good += sum(not letter.isascii() for letter in word)
    return good / max(sum(not character.isascii() for character in text), 1)
