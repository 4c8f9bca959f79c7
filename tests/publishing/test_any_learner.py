"""Other learners train on a published text alone, by the scripts of its card, where there is no tdd."""

import re
from pathlib import Path

import pytest
from command import tdd
from hub_server import HubServer
from pair_data import pairs, write_pair_vectors, write_pairs
from publishing import files_of
from scripts import MOST_LINES, run_without_tdd
from tiny_encoders import films, save_encoder

from tdd.distilled_set.set import DistilledSet
from tdd.hub.encoders import MINILM_ON_HUB
from tdd.publishing.any_learner import LEARNERS, any_learner_section

SETTINGS = {"max_length": 8, "batch_size": 16, "outer_steps": 2, "validate_every": 2}
TFIDF, VECTORS, FINE_TUNED = LEARNERS.values()
# One word of each text tells its class; the encoder is a random one, to which only whole real texts say that.
OF_WORDS = {TFIDF: 90, VECTORS: 0, FINE_TUNED: 0}
LEAST = {"words": OF_WORDS, "phrases": OF_WORDS, "own file": OF_WORDS, "pairs": OF_WORDS | {TFIDF: 0}}
LEAST["real"] = {TFIDF: 90, VECTORS: 75, FINE_TUNED: 90}
KINDS = {
    "words": ["--samples", "words"],
    "real": ["--samples", "real", "--inner", "plain", "--set", "inner_steps=[3,40]", "--no-exchange"],
    "phrases": ["--samples", "phrases"],
    "pairs": ["--samples", "words", "--text-column", "premise,hypothesis"],
    "own file": ["--samples", "words"],
}


def published(hub: HubServer, kind: str, folder: Path, repo: str) -> Path:
    """Push a set of this kind, and return the file that its data are in."""
    if kind == "pairs":
        file, vectors = write_pairs(folder / "data.csv", pairs(160)), write_pair_vectors(folder / "vectors.txt")
    else:
        file, vectors = folder / "data.csv", folder / "vectors.txt"
        rows = [f"{text},{label}" for text, label in zip(*films(), strict=True)] * 4
        file.write_text("\n".join(["text,label", *rows]) + "\n")
        axes = {"good": 0, "bad": 1}
        words = ["good", "bad", "film", *"bcdefghij"]
        lines = [
            " ".join([word, *(str(2.0 * (axes.get(word) == d) + 0.1 * (d == 2)) for d in range(4))]) for word in words
        ]
        vectors.write_text("\n".join(lines) + "\n")
    head, *rows = file.read_text().splitlines()
    source = str(file)
    if kind != "own file":
        (folder / "data").mkdir()
        for split, some in (("train", rows[: 2 * len(rows) // 3]), ("test", rows[2 * len(rows) // 3 :])):
            (folder / "data" / f"{split}.csv").write_text("\n".join([head, *some]) + "\n")
        hub.store.seed("tester/data", folder / "data")
        source = "tester/data"
    sets = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    run = folder / "run"
    done = tdd("distill", source, "--n", 20, "--vectors", vectors, *KINDS[kind], *sets, "--output", run)
    assert done.code == 0, done.err
    assert tdd("push", run, repo).code == 0
    return file


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_each_script_trains_its_learner_and_says_how_good_it_is(kind, hub, repo, tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    file = published(hub, kind, tmp_path, repo)
    save_encoder(tmp_path / "encoder")
    hub.store.seed(MINILM_ON_HUB, tmp_path / "encoder", "model")
    card = files_of(hub, repo)["README.md"].decode()
    section = card.partition("## Train anything on it")[2]
    scripts = re.findall(r"<summary>(.*?)</summary>\n\n```python\n(.*?)```", section, re.DOTALL)
    assert [about for about, _ in scripts] == list(LEARNERS.values())
    made = DistilledSet.from_pretrained(tmp_path / "run")
    assert f"The 20 texts, {made.words:,} words in all" in section
    for about, code in scripts:
        assert len(code.splitlines()) < MOST_LINES and "tdd" not in code.replace("tester/tdd", "")
        # The tiny encoder has few positions, and learns in larger steps.
        short = code.replace("max_length=256", "max_length=20").replace("1e-4,", "1e-3,")
        printed = run_without_tdd(short, tmp_path, *([file] if kind == "own file" else []))
        accuracy = float(re.fullmatch(r"accuracy ([\d.]+) %", printed)[1])
        assert accuracy > LEAST[kind][about], about
    made.sentences = None
    assert any_learner_section(made, repo) == ""
