"""Other learners train on a published text alone, by the scripts of its card, where there is no tdd."""

import re
from pathlib import Path

import numpy as np
import pytest
from command import tdd
from datasets import ClassLabel, Dataset, Features, List, Value
from hub_server import HubServer
from pair_data import pairs, write_pair_vectors, write_pairs
from publishing import files_of
from scripts import MOST_LINES, run_without_tdd
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import films, save_encoder
from tokenizers import Tokenizer, decoders
from tokenizers.models import WordPiece

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.embedding import SavedEmbedding
from tdd.distilled_set.set import DistilledSet
from tdd.hub.encoders import MINILM_ON_HUB
from tdd.publishing.any_learner import LEARNERS, any_learner_script, any_learner_section
from tdd.publishing.card_introduction import introduction_section
from tdd.publishing.card_samples import samples_section
from tdd.publishing.joined import joined_texts
from tdd.publishing.tables import readable_table

SETTINGS = {"max_length": 8, "batch_size": 16, "outer_steps": 2, "validate_every": 2}
TFIDF, VECTORS, FINE_TUNED = LEARNERS.values()
# One word of each text tells its class; the encoder is a random one, to which only whole real texts say that.
OF_WORDS = {TFIDF: 90, VECTORS: 0, FINE_TUNED: 0}
LEAST = {"words": OF_WORDS, "phrases": OF_WORDS, "own file": OF_WORDS, "pairs": OF_WORDS | {TFIDF: 0}}
LEAST["pieces"] = OF_WORDS | {TFIDF: 0}
LEAST["real"] = {TFIDF: 90, VECTORS: 75, FINE_TUNED: 90}
KINDS = {
    "words": ["--samples", "words"],
    "real": ["--samples", "real", "--inner", "plain", "--set", "inner_steps=[3,40]", "--no-exchange"],
    "phrases": ["--samples", "phrases"],
    "pairs": ["--samples", "words", "--text-column", "premise,hypothesis"],
    "own file": ["--samples", "words"],
    "pieces": ["--samples", "words", "--set", "network=bag_of_words", "--set", "options.words=20"],
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
    if kind == "pieces":
        save_encoder(folder / "pieces")
        vectors = f"hf:{folder / 'pieces'}"
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
    assert f"The 20 texts, {made.words:,} {'word pieces' if kind == 'pieces' else 'words'} in all" in section
    for about, code in scripts:
        assert len(code.splitlines()) < MOST_LINES and "tdd" not in code.replace("tester/tdd", "")
        # The tiny encoder has few positions, and learns in larger steps.
        short = code.replace("max_length=256", "max_length=20").replace("1e-4,", "1e-3,")
        printed = run_without_tdd(short, tmp_path, *([file] if kind == "own file" else []))
        accuracy = float(re.fullmatch(r"accuracy ([\d.]+) %", printed)[1])
        assert accuracy > LEAST[kind][about], about
    made.sentences = None
    assert any_learner_section(made, repo) == ""


def test_labels_without_a_positive_number_are_probabilities():
    made = Distiller(tiny_recipe(samples="words"), tiny_corpus()).best()
    made.source["dataset"] = "tester/data"
    script = any_learner_script(made, "tester/set", "tfidf")
    head = script[script.index("rows = ") : script.index("test = ")]
    rows = Dataset.from_dict(
        {"text": ["play", "plays"], "soft_label": [[-1.0, -1.0], [3.0, -1.0]], "label": [0, 0]},
        Features(
            {"text": Value("string"), "soft_label": List(Value("float32")), "label": ClassLabel(names=["a", "b"])}
        ),
    )
    found = {"load_dataset": lambda *_, **__: rows, "np": np}
    exec(head, found)
    assert found["texts"] == ["play", "plays"] and found["soft"].tolist() == [[0.5, 0.5], [1.0, 0.0]]


def test_texts_of_word_pieces_are_put_together_and_the_pieces_stand_beside_them(monkeypatch):
    encoder = Tokenizer(WordPiece({"[UNK]": 0, "play": 1, "##ing": 2}, unk_token="[UNK]"))
    encoder.decoder = decoders.WordPiece()
    made = Distiller(tiny_recipe(samples="words"), tiny_corpus()).best()
    assert readable_table(made)["text"] == made.sentences.texts() == joined_texts(made)
    pieces = ["play ##ing play", "play"] * (made.n // 2)
    monkeypatch.setattr(type(made.sentences), "texts", lambda self: pieces)
    assert joined_texts(made) == pieces and "pieces" not in readable_table(made).column_names
    made.embedding = SavedEmbedding({"kind": "word pieces"}, encoder.to_str())
    table = readable_table(made)
    assert table["text"] == ["playing play", "play"] * (made.n // 2) and table["pieces"] == pieces
    made.source["dataset"] = "tester/data"
    assert "| | `pieces` | its word pieces" in introduction_section(made, False)
    assert "##ing" not in samples_section(made, joined_texts(made))
