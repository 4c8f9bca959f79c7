"""Text to word tokens, as the Stanford tokenizer behind GloVe 6B splits it, lower-cased."""

from __future__ import annotations

import html
import re
import unicodedata

TOKENIZER_VERSION = 1
"""Raised whenever `tokenize` changes: encoded text that was cached before is then encoded again."""

_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)

# Typographic characters to the plain ones of the vocabulary; the C1 range is Windows-1252 read as Latin-1, frequent in
# text gathered from the web; soft hyphens and zero-width characters only break words apart.
_PLAIN = str.maketrans(
    dict.fromkeys("‘’‚‛´ʼ′\x91\x92", "'")
    | dict.fromkeys("“”„‟«»\x84\x93\x94", '"')
    | {"…": "...", "\x85": "...", "\x96": "–", "\x97": "—", "‐": "-", "‑": "-", "−": "-"}
    | dict.fromkeys("\xad\u200b\u200c\u200d\u2060\ufeff", "")
)

_TOKEN = re.compile(
    r"""
      n't                                                        # is n't
    | '(?:s|re|ve|ll|d|m)\b                                      # it 's
    | (?:[a-z]\.){2,}                                            # u.s., e.g.
    | (?:mr|mrs|ms|dr|prof|st|jr|sr|vs|etc)\.                    # titles and abbreviations keep their point
    | \d+(?:[.,:/]\d+)+(?![^\W_])                                # 1,000  3.5  9:30  8/10
    | [^\W_]+(?:(?:[-&]|'(?!(?:s|re|ve|ll|d|m)\b))[^\W_]+)*      # sci-fi  r&b  o'brien  10-year-old  café
    | '\d0s                                                      # the '70s
    | \.\.\. | -- | `` | ''
    | [^\w\s] | _
    """,
    re.VERBOSE,
)


def tokenize(text: str) -> list[str]:
    """Lower-cased tokens of `text`: words, numbers and single punctuation marks.

    HTML tags are dropped and entities read; curly quotes become straight; contractions are split as in the Penn
    Treebank (``don't`` → ``do``, ``n't``; ``it's`` → ``it``, ``'s``). Text whose tokens already stand apart is left so.
    """
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return _TOKEN.findall(text.lower().replace("n't", " n't"))
