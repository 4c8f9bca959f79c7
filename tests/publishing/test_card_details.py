"""What a card shows and carries over: samples of each class, the source's licence, where tdd is to be had."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from command import tdd
from datasets import get_dataset_config_names, load_dataset, load_dataset_builder
from hub_server import HubServer
from PIL import Image
from publishing import files_of, set_of_images
from tokenizers import Tokenizer

from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.shared_tokenizer import shared_tokenizer
from tdd.embeddings.word_vectors import WordVectors
from tdd.publishing.card import card
from tdd.publishing.card_training import weights_of
from tdd.publishing.push import push


def front(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def seed_source(hub: HubServer, folder: Path, metadata: str) -> None:
    folder.mkdir()
    (folder / "README.md").write_text(f"---\n{metadata}---\n# Films\n")
    hub.store.seed("tester/films", folder)


def test_the_licence_and_language_of_the_source_are_carried_over(
    hub: HubServer, made: DistilledSet, repo: str, tmp_path: Path
):
    seed_source(hub, tmp_path / "films", "license: cc-by-4.0\nlanguage:\n- en\ntags: [theirs]\n")
    of_hub = replace(made, source=made.source | {"dataset": "tester/films", "revision": "0" * 40})
    push(of_hub, repo)
    text = files_of(hub, repo)["README.md"].decode()
    assert front(text)["license"] == "cc-by-4.0" and front(text)["language"] == ["en"]
    assert "theirs" not in front(text)["tags"] and "Its licence is that of its source" in text
    assert "No licence is stated" not in text


def test_a_source_that_is_gone_stops_no_push(hub: HubServer, made: DistilledSet, repo: str):
    push(replace(made, source=made.source | {"dataset": "tester/gone", "revision": "0" * 40}), repo)
    text = files_of(hub, repo)["README.md"].decode()
    assert "license" not in front(text) and "No licence is stated" in text


def test_a_sample_or_two_of_each_class_is_shown(hub: HubServer, published: str, made: DistilledSet, run: Path):
    text = files_of(hub, published)["README.md"].decode()
    _, _, section = text.partition("## Samples")
    rows = re.findall(r"^\| `(\w+)` \| `(.*?)` \| (.*) \|$", section.partition("<!--")[0], re.MULTILINE)
    labels = made.labels.flatten(0, 1)
    assert sorted(name for name, _, _ in rows) == sorted(made.classes[place] for place in labels.argmax(1).tolist())
    texts = tdd("decode", run, "--format", "text").out.splitlines()
    assert all(words in texts for _, words, _ in rows)
    assert all(re.search(rf"`{name}` [+-]\d+\.\d\d", soft) for name, _, soft in rows)


def test_a_picture_of_the_samples_is_published_and_shown(hub: HubServer, repo: str):
    made = set_of_images("lenet", (1, 8, 8))
    push(made, repo)
    files = files_of(hub, repo)
    assert "](figures/samples.png)" in files["README.md"].decode()
    picture = Image.open(io.BytesIO(files["figures/samples.png"]))
    assert picture.size[1] == 96 and picture.size[0] % 100 == 0


def test_the_viewer_finds_exactly_the_tables(hub: HubServer, published: str):
    assert get_dataset_config_names(published) == ["default", "embeddings"]
    for name in ("default", "embeddings"):
        features = load_dataset_builder(published, name).info.features
        assert features is None or "label" in features
        assert load_dataset(published, name, split="train").num_rows == 4


@pytest.mark.parametrize("address", [None, "https://example.org/tdd"])
def test_a_card_says_where_tdd_is_to_be_had_and_never_names_a_strangers_package(
    address: str | None, made: DistilledSet, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("TDD_PROJECT", raising=False)
    if address:
        monkeypatch.setenv("TDD_PROJECT", address)
    text = card(made, "me/x")
    assert "pip install tdd" not in text and "what PyPI has under the name tdd is another project" in text
    if address:
        assert f"pip install git+{address}\n" in text and f"[tdd]({address})" in text


def test_the_tokenizer_of_a_set_leads_to_the_vectors_that_text_is_read_by(tmp_path: Path):
    words = ["film", "well", "spun", "Film", "’s", "don", "n't", "caf\u00e9", "U.S.", "ﬁn", "naïve", "[UNK]x"]
    table = torch.arange(1, 1 + len(words), dtype=torch.float32)[:, None].expand(-1, 3).numpy()
    for some in (words, [word.lower() for word in words if word != "Film"]):
        vectors = WordVectors("mine", some, table[: len(some)], "checksum")
        text, looked_up_as = shared_tokenizer(vectors)
        tokenizer = Tokenizer.from_str(text)
        for line in (
            "A FILM, well-spun: isn't it?",
            "the U.S. don't FILM Cafe\u0301s",
            "it’s naïve <b>Film</b> caf\u00e9",
        ):
            found = []
            for token in tokenizer.encode(line, add_special_tokens=False).tokens:
                forms = (
                    looked_up_as.get(token, token),
                    token.lower(),
                    token.capitalize(),
                    token.title(),
                    token.upper(),
                )
                found.append(next((some.index(form) + 1 for form in forms if form in some), 0))
            assert found == vectors.encode(line), line


def test_an_encoder_that_tdd_has_a_name_for_is_called_as_others_find_it(made: DistilledSet):
    of_pieces = replace(made, recipe=made.recipe.model_copy(update={"vectors": "minilm"}))
    assert "`sentence-transformers/all-MiniLM-L6-v2` on the Hub" in weights_of(of_pieces)
    assert weights_of(made) == ""
