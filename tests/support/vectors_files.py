"""Files of word vectors of every kind that is read."""

from pathlib import Path

from gensim.models import KeyedVectors

WORDS = ["the", "film", "is", "well", "spun", "'s", ".", "café", "fbi", "10", "8.5", "it"]


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def save_text(keyed: KeyedVectors, path: Path) -> None:
    keyed.save_word2vec_format(str(path))


def save_glove(keyed: KeyedVectors, path: Path) -> None:
    keyed.save_word2vec_format(str(path), write_header=False)


def save_binary(keyed: KeyedVectors, path: Path) -> None:
    keyed.save_word2vec_format(str(path), binary=True)


def save_keyed(keyed: KeyedVectors, path: Path) -> None:
    keyed.save(str(path))


def save_keyed_apart(keyed: KeyedVectors, path: Path) -> None:
    keyed.save(str(path), separately=["vectors"])


def save_keyed_numpy1(keyed: KeyedVectors, path: Path) -> None:
    keyed.save(str(path))
    # Opcode, length and name, as numpy 1 wrote them
    old, new = (b"\x8c" + bytes([len(name)]) + name for name in (b"numpy._core.multiarray", b"numpy.core.multiarray"))
    content = path.read_bytes()
    assert old in content
    start = content.index(b"\x95")  # the frame's length is not checked by an unframed copy
    path.write_bytes(content[:start] + content[start + 9 :].replace(old, new))
