"""Pairs of texts in two classes that only both texts together tell apart."""

from pathlib import Path

import numpy as np

WORDS = ["the", "film", "was", "good", "bad", "fine", "dull", "and", "so", "a", "story", "great", "poor", "?", "."]
COLUMNS = ("premise", "hypothesis")


def pairs(count: int = 80, seed: int = 0) -> list[tuple[str, str, str]]:
    """Premise, hypothesis and label, "same" or "other": whether both praise or both blame."""
    random = np.random.default_rng(seed)
    praise, blame = ("good", "fine", "great"), ("bad", "dull", "poor")
    rows = []
    for row in range(count):
        first = row % 4 < 2
        second = first if row % 2 else not first
        texts = []
        for good in (first, second):
            words = [
                *random.choice(WORDS[:3] + WORDS[7:11], random.integers(2, 6)),
                random.choice(praise if good else blame),
            ]
            texts.append(" ".join(words))
        rows.append((texts[0] + " .", texts[1] + " ?", "same" if row % 2 else "other"))
    return rows


def write_pairs(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    """A csv file with the columns `COLUMNS` and "label"."""
    path.write_text("\n".join([",".join([*COLUMNS, "label"]), *map(",".join, rows)]) + "\n")
    return path


def write_pair_vectors(path: Path, dim: int = 6) -> Path:
    """A file of vectors for `WORDS`."""
    table = np.random.default_rng(1).standard_normal((len(WORDS), dim))
    path.write_text("".join(f"{w} {' '.join(f'{x:.4f}' for x in v)}\n" for w, v in zip(WORDS, table, strict=True)))
    return path
