"""A run of sentences of words beside its data, vectors and vocabulary."""

from pathlib import Path

from command import distil_command, tdd, write_data, write_vectors

SETTINGS = {"padding": "end", "samples_lr": 0.5, "epochs": 2, "momentum": 0.3, "excluded_words": "[word3]"}


def distil_words(folder: Path) -> Path:
    """The folder of the run, `folder`/run; its vocabulary lacks some words of the data."""
    folder.mkdir()
    data, vectors = write_data(folder / "reviews.csv"), write_vectors(folder / "words.txt")
    (folder / "known.txt").write_text("\n".join(f"word{i}" for i in range(0, 30) if i % 5))
    settings = SETTINGS | {"vocabulary_file": folder / "known.txt"}
    done = tdd(*distil_command(data, vectors, folder / "run", **settings), "--samples", "words")
    assert done.code == 0, done.err
    assert tdd("evaluate", folder / "run", "--networks", 5).code == 0
    return folder / "run"
