"""Texts of several languages in two classes, and vectors for what stands in them."""

from pathlib import Path

import numpy as np

GERMAN = ("der die das ist ein und nicht sehr", "Glanzstück Freude", "Katastrophe Langeweile")
HINDI = ("यह फिल्म है और एक की", "अच्छी बढ़िया", "बेकार घटिया")
THAI = ("หนัง เรื่อง นี้ มาก และ", "ดี สนุก", "แย่ น่าเบื่อ")
ARABIC = ("هذا الفيلم كان جدا و", "رائع جميل", "سيئ ممل")
CHINESE = ("这家 酒店 的 房间 我们 服务", "很好 干净 满意", "很差 太吵 失望")
LANGUAGES = {"German": GERMAN, "Hindi": HINDI, "Thai": THAI, "Arabic": ARABIC}
"""By name: words of both classes, of good texts, of bad ones. Thai stands apart here, as somebody has split it."""


def rows_of(language: tuple[str, str, str], count: int = 80, between: str = " ") -> list[tuple[str, str]]:
    """Texts of six words, a third of which belong to their class, "good" and "bad" in turn."""
    random = np.random.default_rng(0)
    shared, good, bad = (words.split() for words in language)
    rows = []
    for row in range(count):
        words = [*random.choice(shared, 4), *random.choice(bad if row % 2 else good, 2)]
        rows.append((between.join(random.permutation(words)), "bad" if row % 2 else "good"))
    return rows


def write_table(path: Path, tokens: list[str], dim: int = 8) -> str:
    """A text file of vectors for these tokens."""
    table = np.random.default_rng(1).standard_normal((len(tokens), dim))
    path.write_text("".join(f"{t} {' '.join(f'{x:.4f}' for x in v)}\n" for t, v in zip(tokens, table, strict=True)))
    return str(path)
