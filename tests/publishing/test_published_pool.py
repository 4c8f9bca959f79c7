"""A set for a pool goes every way that another set goes, and says at each which network is meant."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from command import distil_command, tdd, write_data, write_vectors
from datasets import load_dataset
from hub_server import HubServer
from publishing import files_of

from tdd.data.corpus import load_corpus
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.evaluation.evaluation import evaluate
from tdd.publishing.card import card
from tdd.publishing.trained_model import build_model
from tdd.settings.recipe import Recipe

POOL = ["mean_pool", "text_cnn"]


@pytest.fixture(scope="module", params=["fixed", "random"])
def pool_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pool")
    data, vectors = write_data(folder / "reviews.csv"), write_vectors(folder / "words.txt")
    of_random = {"init": "random", "test_networks": 3, "validation_networks": 2} if request.param == "random" else {}
    command = distil_command(data, vectors, folder / "run", epochs=2, hidden=7, outer_steps=40, **of_random)
    done = tdd(*command, "--pool", ",".join(POOL))
    assert done.code == 0, done.err
    assert f"made for mean_pool, text_cnn, {request.param} initialisation" in done.out
    assert "\n    mean_pool: test accuracy" in done.out and "\n    text_cnn: test accuracy" in done.out
    return folder / "run"


def test_a_run_of_a_pool_is_tested_and_looked_at_by_all_verbs(pool_run: Path):
    results = json.loads((pool_run / "results.json").read_text())
    made = DistilledSet.from_pretrained(pool_run)
    init = made.recipe.init
    tested = results["evaluation"][init]
    assert list(tested["by_network"]) == list(results["distillation"]["validation_by_network"]) == POOL
    held_out = results["distillation"]["validation_by_network"].values()
    assert results["distillation"]["validation_accuracy"] == pytest.approx(sum(held_out) / 2)
    corpus = load_corpus(made.recipe)
    for name, each in tested["by_network"].items():
        alone = evaluate(made.alone(name), corpus.test, None if init == "fixed" else 3)
        assert alone.accuracies == each["accuracies"]

    resumed = tdd("distill", "--resume", pool_run)
    assert resumed.code == 0 and "the run was finished before" in resumed.err
    done = tdd("evaluate", pool_run, "--classes", "--decoded", *(["--networks", 2] if init == "random" else []))
    assert done.code == 0, done.err
    assert "\nmean_pool\nclass" in done.out and "\ntext_cnn\nclass" in done.out and "nearest words" in done.out
    decoded = json.loads((pool_run / "results.json").read_text())["decoded"][init]
    assert list(decoded["refitted"]["by_network"]) == POOL
    for verb in ("decode", "compare", "plot"):
        assert tdd(verb, pool_run).code == 0, verb
    assert "mean_pool, text_cnn" in tdd("compare", pool_run).out
    assert tdd("decode", pool_run, "--format", "html").code == 0
    page = (pool_run / "decoded.html").read_text(encoding="utf-8")
    assert "learned learning rate mean_pool: 0." in page and "; text_cnn: 0." in page
    assert '<li class="l0">mean_pool</li><li class="l1">text_cnn</li>' in page  # the lines of a chart


def test_what_knows_of_one_network_alone_says_so_in_a_line(pool_run: Path):
    line = tdd("size", "--recipe", pool_run / "recipe.yaml").one_line()
    assert "by a single network" in line and "mean_pool, text_cnn" in line
    line = tdd("train", pool_run, "--output", pool_run.parent / "no", "--network", "gru").one_line()
    assert line == "the set was made for mean_pool, text_cnn, not for gru"


def test_a_published_pool_says_its_networks_and_its_code_trains_the_first(
    pool_run: Path, hub: HubServer, repo: str, tmp_path: Path
):
    assert tdd("push", pool_run, repo).code == 0
    made = DistilledSet.from_pretrained(pool_run)
    table = load_dataset(repo, "embeddings", split="train")
    for row, name in enumerate(POOL):
        rates = torch.tensor(table[f"learning_rates_{name}"])[:: made.samples.shape[1]]
        torch.testing.assert_close(rates.T.flatten(), made.learning_rates[row], rtol=0, atol=0)
    assert "learning_rates" not in table.column_names
    text = files_of(hub, repo)["README.md"].decode()
    assert "It was made for `mean_pool`, `text_cnn` together." in text
    assert "\n- networks: mean_pool, a deep averaging network" in text and "; text_cnn, Kim's" in text
    assert f"| this set: {made.recipe.init}, mean pool |" in text
    pulled = tdd("pull", repo, "--output", tmp_path / "pulled")
    assert pulled.code == 0 and "made for mean_pool, text_cnn" in pulled.out
    again = DistilledSet.from_pretrained(tmp_path / "pulled")
    assert torch.equal(again.learning_rates, made.learning_rates) and again.recipe.pool == POOL


@pytest.mark.parametrize("network", POOL)
def test_any_network_of_a_pool_is_trained_and_saved(pool_run: Path, tmp_path: Path, network: str):
    done = tdd("train", pool_run, "--output", tmp_path / "model", "--network", network)
    assert done.code == 0, done.err
    shape = json.loads((tmp_path / "model/config.json").read_text())["shape"]
    assert shape["network"] == network and "pool" not in shape
    distilled = DistilledSet.from_pretrained(pool_run)
    vectors = load_corpus(distilled.recipe).train.vectors
    assert build_model(distilled, vectors)[0].config.shape["network"] == POOL[0]


def test_the_folder_of_an_encoder_in_a_pool_is_not_published(pool_run: Path):
    made = DistilledSet.from_pretrained(pool_run)
    settings = made.recipe.model_dump(exclude={"pool", "options", "network", "vectors"})
    encoder = "hf:/home/me/secret/encoder"
    pool = [encoder, "text_cnn"]
    recipe = Recipe.build(settings | {"pool": pool, "vectors": encoder, "options": {encoder: {"train": "head"}}})
    start = made.initialisation and {
        key.replace("mean_pool.", f"{encoder}."): value for key, value in made.initialisation.items()
    }
    results = {"transfer": {encoder: {}}, "evaluation": {"fixed": {"by_network": {encoder: {}}}}}
    shared = public(replace(made, recipe=recipe, initialisation=start, results=results))
    assert "secret" not in json.dumps(shared.results) and list(shared.results["transfer"]) == ["hf:encoder"]
    assert shared.recipe.pool == ["hf:encoder", "text_cnn"] and "secret" not in shared.recipe.to_yaml()
    assert shared.alone("hf:encoder").recipe.options.train == "head"
    if start:
        assert "secret" not in " ".join(shared.initialisation)
        assert shared.alone("hf:encoder").initialisation.keys() == made.alone("mean_pool").initialisation.keys()


def test_the_card_of_a_pool_names_the_way_its_networks_were_drawn(pool_run: Path):
    made = DistilledSet.from_pretrained(pool_run)
    made.recipe = made.recipe.model_copy(update={"initialisation": ["orthogonal*0.5"]})
    text = card(made, "me/pool")
    assert f"made for {made.recipe.init} initialisation, drawn by orthogonal*0.5" in text
    if made.initialisation is None:
        assert "torch.nn.init.orthogonal_ if p.dim() > 1" in text and "p.data *= 0.5 if p.dim() > 1" in text
