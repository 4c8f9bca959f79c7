"""The imports that a script of a card needs, told by the names that it uses."""

from __future__ import annotations

import re

_STANDARD = {
    "copy.": "import copy",
    "json.": "import json",
    "pathlib.": "import pathlib",
    "re.": "import re",
    "sys.": "import sys",
    "unicodedata.": "import unicodedata",
    "find_spec(": "from importlib.util import find_spec",
}
_WHOLE = {
    "fsspec.": "import fsspec",
    "np.": "import numpy as np",
    "pandas.": "import pandas",
    "smart_open.": "import smart_open",
    "torch.": "import torch",
}
_NAMES = {
    "datasets": ("Dataset", "Image", "load_dataset"),
    "gensim": ("downloader",),
    "gensim.models": ("KeyedVectors",),
    "huggingface_hub": ("hf_hub_download", "snapshot_download"),
    "safetensors.torch": ("load_file",),
    "sklearn.feature_extraction.text": ("TfidfVectorizer",),
    "sklearn.linear_model": ("LogisticRegression",),
    "tokenizers": ("Tokenizer",),
    "torch": ("nn",),
    "transformers": (
        "AutoModel",
        "AutoModelForSequenceClassification",
        "AutoTokenizer",
        "get_cosine_schedule_with_warmup",
    ),
}


def imports_of(script: str) -> list[str]:
    """Lines that import what a script uses: of the standard library, then, after an empty line, of others."""
    own, whole = ([line for use, line in group.items() if _uses(script, use)] for group in (_STANDARD, _WHOLE))
    named = []
    for module, names in _NAMES.items():
        if used := [name for name in names if re.search(rf"(?<!\.)\b{name}[.(]", script)]:
            named.append(f"from {module} import {', '.join(used)}")
    return [*own, "", *whole, *named]


def _uses(script: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}", script) is not None
