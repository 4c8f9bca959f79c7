"""`tokenise.tokenize` and the look-up of `WordVectors.encode` as a tokenizer of the library `tokenizers`.

It needs no code of ours to run. Where it differs from `WordVectors.encode`:

- HTML entities: those in `ENTITIES` are read, rarer ones are not.
- An abbreviation with points (``i.m.h.o.``) that the vocabulary lacks is unknown; `encode` tries it without points too.
- A compound of which no part is known counts as one unknown word for each part; `encode` counts one.
- A text with ``[PAD]`` or ``[UNK]`` in it holds these tokens.
- A capital sigma at the end of a word becomes σ, not ς.
"""

from __future__ import annotations

import html
import re

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from tdd.embeddings.tokenise import _PLAIN, _TAG, _TOKEN

PAD, UNKNOWN = "[PAD]", "[UNK]"

# Entities that text from the web holds: punctuation, and the letters of western Europe. The last one is &amp;, so that
# what it makes is not read again.
ENTITIES = [
    *("&quot;", "&#34;", "&#034;", "&#x22;", "&apos;", "&#39;", "&#039;", "&#x27;", "&lt;", "&#60;", "&gt;", "&#62;"),
    *("&nbsp;", "&#160;", "&hellip;", "&#8230;", "&ndash;", "&#8211;", "&mdash;", "&#8212;", "&lsquo;", "&#8216;"),
    *("&rsquo;", "&#8217;", "&ldquo;", "&#8220;", "&rdquo;", "&#8221;", "&bull;", "&middot;", "&copy;", "&reg;"),
    *("&trade;", "&pound;", "&euro;", "&cent;", "&deg;", "&frac12;", "&laquo;", "&raquo;", "&eacute;", "&egrave;"),
    *("&ecirc;", "&aacute;", "&agrave;", "&acirc;", "&auml;", "&oacute;", "&ocirc;", "&ouml;", "&uacute;", "&uuml;"),
    *("&iacute;", "&iuml;", "&ccedil;", "&ntilde;", "&szlig;", "&aring;", "&oslash;", "&aelig;", "&#38;", "&amp;"),
]

# Python's classes of characters, spelled out: the library's own \\w also holds accents that stand alone.
_WORD, _SPACE = r"\p{L}\p{N}_", r"\s\x1c-\x1f"
_SEPARATORS = "/:&'-"
# Characters of a word with a separator inside; a longer one is read as its parts.
LONGEST = 200


def build_tokenizer(words: list[str]) -> Tokenizer:
    """A tokenizer over `words`: padding is token 0, unknown words are token 1, word i is token i + 2."""
    vocabulary = {PAD: 0, UNKNOWN: 1} | {word: i for i, word in enumerate(words, 2) if word not in (PAD, UNKNOWN)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [
            *(normalizers.Replace(entity, html.unescape(entity)) for entity in ENTITIES),
            normalizers.Replace(Regex(f"(?i:{_TAG.pattern})"), " "),
            normalizers.NFC(),
            *(normalizers.Replace(Regex(characters), plain) for characters, plain in _replacements()),
            normalizers.Lowercase(),
            normalizers.Replace("n't", " n't"),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [_matches(_token_pattern()), _matches(_look_up_pattern([word for word in words if _TOKEN.fullmatch(word)]))]
    )
    return tokenizer


def _matches(pattern: str) -> pre_tokenizers.Split:
    """Keeps what matches, drops the rest."""
    return pre_tokenizers.Split(Regex(pattern), "removed", invert=True)


def _replacements() -> list[tuple[str, str]]:
    """The table of plain characters as (class of characters, text)."""
    by_text: dict[str, str] = {}
    for character, text in _PLAIN.items():
        by_text[text] = by_text.get(text, "") + f"\\x{{{character:x}}}"
    return [(f"[{characters}]", text) for text, characters in by_text.items()]


def _token_pattern() -> str:
    """`tdd.embeddings.tokenise`' pattern for the regular expressions of the library, Oniguruma."""
    pattern = re.sub(r"\s+#.*|\s+", "", _TOKEN.pattern)
    for python, here in (
        (r"[^\W_]", r"[\p{L}\p{N}]"),
        (r"[^\w\s]", f"[^{_WORD}{_SPACE}]"),
        (r"\b", f"(?![{_WORD}])"),
    ):
        pattern = pattern.replace(python, here)
    return pattern


def _look_up_pattern(words: list[str]) -> str:
    """A whole token where the vocabulary holds it or it has no parts, and else its parts, or what is before its point.

    Only words with a separator inside or a point at their end matter here; they become a tree of their characters,
    which is as fast as one word.
    """
    compounds = [word for word in words if len(word) <= LONGEST and re.search(rf"[{_SEPARATORS}]|\.\Z", word)]
    whole = rf"\A{_tree(sorted(compounds))}\z|" if compounds else ""
    without_point = rf"\A[^.{_SEPARATORS}]+(?=\.\z)"
    return rf"{whole}{without_point}|\A[.{_SEPARATORS}]+\z|(?!\.\z)[^{_SEPARATORS}]+"


def _tree(words: list[str]) -> str:
    """A regular expression for any of `words`, by their first characters."""
    rest: dict[str, list[str]] = {}
    for word in words:
        rest.setdefault(word[:1], []).append(word[1:])
    ends = rest.pop("", None) is not None
    branches = [re.escape(first) + (_tree(tails) if any(tails) else "") for first, tails in rest.items()]
    if len(branches) == 1 and not ends:
        return branches[0]
    return f"(?:{'|'.join(branches)}){'?' if ends else ''}"
