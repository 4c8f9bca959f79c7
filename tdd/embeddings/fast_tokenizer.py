"""What splits text and looks its tokens up in word vectors, as a tokenizer of the library `tokenizers`.

It needs no code of ours to run. Where that of ``words`` differs from `WordVectors.encode`:

- HTML entities: those in `ENTITIES` are read, rarer ones are not.
- An abbreviation with points (``i.m.h.o.``) that the vocabulary lacks is unknown; `encode` tries it without points too.
- A compound of which no part is known counts as one unknown word for each part; `encode` counts one.

And that of any tokeniser of ours:

- A text with ``[PAD]``, ``[UNK]`` or ``[SEP]`` in it holds these tokens.
- A capital sigma at the end of a word becomes σ, not ς.
- Of a word in unusual cases (``FiLm``) or with points (Arabic, Hebrew) only that form itself is looked up.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from tdd.embeddings.separator import SEPARATOR
from tdd.embeddings.tokenise import PLAIN, TAG, is_token, token_pattern
from tdd.embeddings.tokenisers import CHARACTER
from tdd.embeddings.word_vectors import WordVectors
from tdd.settings.tokenizer_names import CHARACTERS, WHITESPACE, WORDS

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

_SPACE = r"\s\x1c-\x1f"
_SEPARATORS = "/:&'-"
# Characters of a word with a separator inside; a longer one is read as its parts.
LONGEST = 200


def fast_tokenizer(vectors: WordVectors, rows: Sequence[int]) -> tuple[Tokenizer, list[int]]:
    """The tokenizer of word vectors, for a table that holds these `rows` of theirs behind two rows of its own.

    Returns:
        The tokenizer, with a token `PAD`, and the row of that table for each of its tokens: 0 for padding, 1 for those
        without a vector, i + 2 for ``rows[i]``. Where the vectors have a separator, it puts that between the texts of a
        pair.
    """
    places = {row: place for place, row in enumerate(rows, 2)}
    text = vectors.tokenizer()
    if text is None:
        vocabulary = vectors.vocabulary(rows)
        about = vectors.tokeniser.describe()
        tokenizer = build_tokenizer(list(vocabulary), about["name"], about["case"] != "lower")
        found = [0, 1, *(places[row] for row in vocabulary.values())]
    else:
        # Without the special tokens that it puts around a text.
        tokenizer = Tokenizer.from_str(json.dumps(json.loads(text) | {"post_processor": None}))
        tokenizer.add_special_tokens([PAD])
        tokens = (tokenizer.id_to_token(id_) or "" for id_ in range(tokenizer.get_vocab_size()))
        found = [0 if token == PAD else places.get(vectors.find(token) - 1, 1) for token in tokens]
    for id_ in vectors.separator:
        tokenizer.add_special_tokens([SEPARATOR])
        place = tokenizer.get_vocab()[SEPARATOR]
        found[place : place + 1] = [places[id_ - 1]]
        tokenizer.post_processor = processors.TemplateProcessing(
            single="$A", pair=f"$A:0 {SEPARATOR}:0 $B:0", special_tokens=[(SEPARATOR, place)]
        )
    return tokenizer, found


def build_tokenizer(words: list[str], name: str = WORDS, cased: bool = False) -> Tokenizer:
    """A tokeniser of ours over `words`: padding is token 0, unknown words are token 1, word i is token i + 2.

    Args:
        words: the vocabulary.
        name: of the tokeniser.
        cased: whether text keeps its capitals.
    """
    special = (PAD, UNKNOWN)
    vocabulary = {PAD: 0, UNKNOWN: 1} | {word: i for i, word in enumerate(words, 2) if word not in special}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, UNKNOWN))
    lower = [] if cased else [normalizers.Lowercase()]
    if name == WORDS:
        tokenizer.normalizer = normalizers.Sequence(
            [
                *(normalizers.Replace(entity, html.unescape(entity)) for entity in ENTITIES),
                normalizers.Replace(Regex(f"(?i:{TAG.pattern})"), " "),
                normalizers.NFC(),
                *(normalizers.Replace(Regex(characters), plain) for characters, plain in _replacements()),
                *lower,
                *(normalizers.Replace(n, f" {n}") for n in ("n't", "N'T", "N't", "n'T")[: None if cased else 1]),
            ]
        )
        compounds = _look_up_pattern([word for word in words if is_token(word, cased)])
        patterns = [token_pattern(cased), compounds]
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), *lower])
        patterns = [{WHITESPACE: f"[^{_SPACE}]+", CHARACTERS: CHARACTER}[name]]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(list(map(_matches, patterns)))
    return tokenizer


def _matches(pattern: str) -> pre_tokenizers.Split:
    """Keeps what matches, drops the rest."""
    return pre_tokenizers.Split(Regex(pattern), "removed", invert=True)


def _replacements() -> list[tuple[str, str]]:
    """The table of plain characters as (class of characters, text)."""
    by_text: dict[str, str] = {}
    for character, text in PLAIN.items():
        by_text[text] = by_text.get(text, "") + f"\\x{{{character:x}}}"
    return [(f"[{characters}]", text) for text, characters in by_text.items()]


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
