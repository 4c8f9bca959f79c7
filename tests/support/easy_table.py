"""A results table of two rows that take a second each, and how its files are read."""

import json
from pathlib import Path

import yaml
from command import OPTIONS, SETTINGS, tdd, write_data, write_vectors

ROWS = """
easy-fixed: {data: Easy, accuracy: 75.032, full: 87.1, source: table 6}
easy-random: {data: Easy, accuracy: 73.4, sd: 3.28, full: 87.1, networks: 6}
"""
STEPS = 6
TABLE = ("table", "--recipes", "easy")
RESULTS_FILE = Path("RESULTS-easy.md")


def write_table() -> Path:
    """Its recipes, data and word vectors, in the working directory."""
    where = Path("easy")
    where.mkdir()
    write_data(Path("data.csv"))
    write_vectors(Path("vectors.txt"))
    for init in ("fixed", "random"):
        write_recipe(where / f"easy-{init}.yaml", init=init)
    (where / "rows.yaml").write_text(ROWS)
    return where


def write_recipe(path: Path, **settings: object) -> None:
    given = {"dataset": "data.csv", "vectors": "vectors.txt", "n": 4, "outer_steps": STEPS, "test_networks": 3}
    path.write_text(yaml.safe_dump(SETTINGS | {"options": OPTIONS} | given | settings))


def row_of(name: str, table: int = 0, file: Path = RESULTS_FILE) -> dict[str, str]:
    """The cells of the first line that is called so, of a table of a Markdown file, by their heads."""
    blocks = [block for block in file.read_text().split("\n\n") if block.lstrip().startswith("| row")]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in blocks[table].strip().splitlines()]
    return dict(zip(lines[0], next(line for line in lines if line[0] == name), strict=True))


def run_results(run: str) -> dict:
    return json.loads(Path("runs/easy", run, "results.json").read_text())


def kept(run: str) -> dict:
    return json.loads(Path("results", f"{run}.json").read_text())


def change(run: str, **values: object) -> None:
    """Change what a result holds."""
    Path("results", f"{run}.json").write_text(json.dumps(kept(run) | values))


def only_write(*options: object) -> None:
    done = tdd(*TABLE, "--only-write", *options)
    assert done.code == 0, done.err
