"""The card says what a reader needs, in metadata that the Hub accepts, and nothing that was not measured."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from command import distil_command, tdd, write_data, write_vectors
from hub_server import HubServer
from huggingface_hub import DatasetCard, DatasetCardData
from publishing import set_of_images, snippet
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.publishing.card import card

MEASURED = {
    "distillation": {"outer_steps": 300, "seconds": 5400.0, "hardware": "CPU, 2 threads", "versions": {"tdd": "0.1.0"}},
    "evaluation": {
        "fixed": {"mean": 0.837, "sd": 0.0, "networks": 1, "test_examples": 25000, "test_split": 25000},
        "random": {"mean": 0.791, "sd": 0.0104, "networks": 200, "test_examples": 3000, "test_split": 25000},
    },
    "decoded": {
        "fixed": {
            "similarity": 0.4,
            "as_learned": {"mean": 0.512, "sd": 0.0, "networks": 1, "test_examples": 25000, "test_split": 25000},
        }
    },
    "baselines": {"random": {"mean": 0.555, "sd": 0.02, "networks": 200, "init": "random"}},
    "full_data": {"accuracy": 0.85, "test_examples": 25000},
}


@pytest.fixture(scope="module")
def made() -> DistilledSet:
    made = Distiller(tiny_recipe(outer_steps=60, epochs=2, init="random"), tiny_corpus()).run()
    hub = {"dataset": "stanfordnlp/imdb", "revision": "e6281661ce1c48d982bc483cf8a173c1bbeb5d31"}
    return replace(made, source=made.source | hub, results=MEASURED)


def metadata(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def test_the_card_follows_its_pattern(made: DistilledSet):
    text = card(made, "me/imdb-distilled-4", ["figures/curves.png", "figures/curves.svg"])
    pattern = r"""---
pretty_name: stanfordnlp/imdb distilled to 4 samples
.*
---

<!-- tdd's section: introduction [0-9a-f]{12} -->
# stanfordnlp/imdb, distilled to 4 samples

4 synthetic samples with soft labels .* \[stanfordnlp/imdb\]\(.*\) \(revision `e6281661ce1c`\):
.*
Gradient steps: 4, of 2 samples each; epochs: 2\.

Classes: `class 0`, `class 1`\.
.*
\| `embeddings` \| `embedding` \| the sample, 10 × 6 exact numbers \|
.*
No licence is stated here\. .*source's licence.*
.*
## Train on it
.*
\| text \| lower-cased and split by `tokenizer.json` of this repository.*
\| vectors \| `tiny`; .*; sha256 of words and numbers `checksum of tiny`; a word without one is zeros \|
\| length \| L = 10 tokens: .*
\| network \| `text_cnn` from a fresh initialisation \(xavier normal, biases zero\), without dropout \|
\| training \| 4 steps of gradient descent: 2 epochs of 2, 2 samples each, .*
\| tested on \| 3,000 of 25,000 examples: `load_dataset\("stanfordnlp/imdb", .*split="test"\)`, columns `text`, .*
.*
Without tdd: `train.py` of this repository .*

```python
# Trains 10 fresh networks on this set .*
.*
distilled = load_dataset\("me/imdb-distilled-4", "embeddings", split="train"\).*
print.* test examples; the card says 79\.10 % on 3,000 of them"\)
```
.*
```sh
pip install .*
tdd evaluate me/imdb-distilled-4
tdd pull me/imdb-distilled-4 --output run
```
.*
```sh
tdd train run --output classifier
```

```python
import tdd
import transformers

tdd\.register_transformers\(\)
classify = transformers\.pipeline\("text-classification", "classifier"\)
```
.*
## Accuracy
.*
\| this set: fixed \| 1 \| 83\.70 % \| 98\.5 % \|
\| this set: random \| 200 \| 79\.10 % ± 1\.04 on 3,000 of 25,000 examples \| 93\.1 % \|
\| its nearest words: fixed, as learned \| 1 \| 51\.20 % \| 60\.2 % \|
\| baseline: random real, random \| 200 \| 55\.50 % ± 2\.00 \| 65\.3 % \|
\| all the data \| 1 \| 85\.00 % \| 100\.0 % \|
.*
.*
!\[curves\]\(figures/curves\.png\)
.*
## How it was made

- network: text_cnn, .*\(widths \[1, 2\], filters 30, .*\); made for random initialisation
- outer loop: 300 steps with 32 real examples each
- samples started from noise
- word vectors: `tiny`
- compute: 90 min on CPU, 2 threads
- versions: tdd 0\.1\.0
.*
## Limits

- It was made for the network above with random initialisations\. .*
- It makes no claim of privacy\. The samples started from noise.*
## Citation
.*@article\{sucholutsky2019softlabel,.*@misc\{me-imdb-distilled-4,.*
"""
    assert re.fullmatch(pattern.rstrip("\n") + ".*", text, re.DOTALL), text


def test_a_trial_with_a_part_of_the_rows_says_so_beside_its_figure(made: DistilledSet):
    tested = {"random": {"mean": 0.7, "sd": 0.0, "networks": 1, "test_examples": 400, "test_split": 400}}
    data = made.results.get("data", {}) | {"max_rows": {"test": {"read": 400, "of": 25_000}}}
    text = card(replace(made, results={"evaluation": tested, "data": data}), "me/x")
    assert "| tested on | 400 of 25,000 examples" in text and "the card says 70.00 % on 400 of them" in text


def test_the_metadata_are_what_the_hub_knows(made: DistilledSet):
    text = card(made, "me/imdb-distilled-4", metadata={"license": "mit"})
    found = DatasetCard(text).data
    assert isinstance(found, DatasetCardData)
    assert found.to_dict() == metadata(text) == {
        "pretty_name": "stanfordnlp/imdb distilled to 4 samples",
        "tags": ["dataset-distillation", "soft-labels", "synthetic", "tdd"],
        "task_categories": ["text-classification"],
        "annotations_creators": ["machine-generated"],
        "size_categories": ["n<1K"],
        "source_datasets": ["stanfordnlp/imdb"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "default/train.parquet"}],
                "default": True,
            },
            {"config_name": "embeddings", "data_files": [{"split": "train", "path": "embeddings/train.parquet"}]},
        ],
        "license": "mit",
    }  # fmt: skip
    assert "No licence is stated" not in text


def test_the_hub_finds_nothing_wrong_with_the_metadata(made: DistilledSet, hub: HubServer):
    DatasetCard(card(made, "me/imdb-distilled-4")).validate("dataset")
    assert hub.requests == [("POST", "/api/validate-yaml")]


def test_what_was_not_measured_is_not_claimed(made: DistilledSet):
    text = card(replace(made, results={}), "me/x")
    assert "## Accuracy\n\nNot measured yet." in text and "compute" not in text
    assert not re.search(r"\d %", text)
    without_full = card(replace(made, results=MEASURED | {"full_data": None}), "me/x")
    assert "| this set: fixed | 1 | 83.70 % |  |" in without_full


def test_local_data_are_named_without_their_folder_and_not_as_a_source_on_the_hub(made: DistilledSet):
    recipe = made.recipe.model_copy(update={"dataset": "/home/alice/secret/reviews.csv"})
    local = replace(made, recipe=recipe, source={"dataset": "reviews.csv"})
    text = card(local, "me/x")
    assert "# reviews.csv, distilled" in text and "alice" not in text and "secret" not in text
    assert "source_datasets" not in metadata(text)
    assert "tdd evaluate me/x --data PATH" in text
    assert "tdd train run --output classifier --data PATH" in text


def test_a_set_of_images_is_described_as_one():
    text = card(set_of_images("lenet", (1, 28, 24)), "me/x")
    assert metadata(text)["task_categories"] == ["image-classification"]
    assert "| `default` | `image` |" in text and "1 × 28 × 24 exact numbers" in text
    assert "register_transformers" not in text
    assert "| images | 28 × 24 pixels, 1 channel, normalised as the training images were |" in text
    assert "- network: lenet, LeNet; made for fixed initialisation" in text and "The pictures are" in text
    assert " tdd" not in snippet(text).replace("without tdd", "") and "word" not in text


def test_a_start_from_real_sentences_is_said(made: DistilledSet):
    real = replace(made, recipe=made.recipe.model_copy(update={"samples_init": "real"}))
    text = card(real, "me/x")
    assert "started from real examples" in text and "may find out that these were in the training data" in text


def test_names_from_elsewhere_break_neither_table_nor_metadata(made: DistilledSet):
    names = ["a | b\n# heading", "`code` ---\nlicense: mit"]
    odd = replace(made, classes=names, source={"dataset": "x: [y\n---\n# heading", "revision": "0" * 40})
    text = card(odd, "me/x")
    assert metadata(text)["source_datasets"] == ["x: [y --- # heading"]
    assert "\n# heading" not in text and "`a / b # heading`, `'code' --- license: mit`" in text


@pytest.mark.parametrize("place", ["distill", "evaluate"])
def test_a_run_folder_holds_the_card_of_what_was_measured(place: str, tmp_path: Path):
    data, vectors = write_data(tmp_path / "reviews.csv"), write_vectors(tmp_path / "words.txt")
    assert tdd(*distil_command(data, vectors, tmp_path / "run")).code == 0
    text = (tmp_path / "run/README.md").read_text()
    assert '"OWNER/run"' in text and "| this set: fixed | 1 |" in text and "- versions: python 3." in text
    assert "all the data |" not in text
    if place == "evaluate":
        assert tdd("evaluate", tmp_path / "run", "--full").code == 0
        assert "| all the data | 1 |" in (tmp_path / "run/README.md").read_text()


@pytest.mark.parametrize(
    ("settings", "about", "start", "limit"),
    [
        (
            {"samples": "phrases"},
            "texts of real clauses",
            "clauses of which were exchanged",
            "clauses of training examples",
        ),
        ({"samples": "real"}, "real examples", "which they still are", "training examples"),
        ({"samples": "real", "no_exchange": True}, "real examples", "which they still are", "training examples"),
    ],
)
def test_a_card_says_that_real_clauses_and_texts_are_training_data(settings, about, start, limit):
    text = card(Distiller(tiny_recipe(**settings), tiny_corpus()).best(), "me/set", [])
    assert f"4 {about} with soft labels" in text and f"samples started from real examples, {start}" in text
    assert f"The samples are {limit} as they are: whoever has the set has these." in text
    assert "not chosen to make sense" not in text
