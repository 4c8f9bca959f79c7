"""The lines printed in a card train the network that tdd trains, by torch and datasets alone."""

from pathlib import Path

import pytest
import torch
from command import tdd
from hub_server import HubServer
from publishing import TOKEN, files_of, fresh_process, set_of_images, snippet
from safetensors.torch import save_file
from tiny import tiny_corpus, tiny_recipe, tiny_vectors

from tdd.data.corpus import load_corpus
from tdd.data.pixel_normalisation import Normalisation
from tdd.distillation.accuracy import inner_loop, learner_of
from tdd.distillation.distiller import Distiller
from tdd.distillation.unroll import train
from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.evaluation import evaluate
from tdd.publishing.card import card
from tdd.system.seeds import generator

CPU = torch.device("cpu")
RUNS = {"text_cnn": "run", "text_cnn, of words": "words_run", "lenet": "digits_run"}


@pytest.fixture(scope="module")
def random_init() -> DistilledSet:
    """A set made for random initialisations."""
    return Distiller(tiny_recipe(outer_steps=60, epochs=2, init="random"), tiny_corpus()).run()


@pytest.mark.slow
@pytest.mark.parametrize("network", RUNS)
def test_a_fixed_initialisation_is_trained_to_the_recorded_accuracy(
    network: str, hub: HubServer, repo: str, request: pytest.FixtureRequest, tmp_path: Path
):
    run = request.getfixturevalue(RUNS[network])
    assert tdd("push", run, repo).code == 0
    made = DistilledSet.from_pretrained(run)
    batch = next(load_corpus(made.recipe).test.batches(1000))
    is_text = made.recipe.network == "text_cnn"
    save_file({"x": batch.inputs()[0] if is_text else batch.pixels, "y": batch.labels}, tmp_path / "test.safetensors")
    tested = f"""
import sys
test = load_file("{tmp_path}/test.safetensors")
x = {'test["x"]' if is_text else 'normalised(test["x"])'}
assert {made.sentences is not None} or not any(name == "tdd" or name.startswith("tdd.") for name in sys.modules)
print((network(x).argmax(1) == test["y"]).sum().item())
"""
    code = snippet(files_of(hub, repo)["README.md"].decode())
    # Where the vectors of words lie, whose path is not published.
    right = int(fresh_process(f"{code}\n{tested}", run.parent).splitlines()[-1])
    assert right == round(made.results["evaluation"]["fixed"]["mean"] * len(batch))


def test_the_printed_lines_draw_fresh_networks_like_those_that_were_measured(
    hub: HubServer, random_init: DistilledSet, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    repo = "tester/random-init"
    random_init.push_to_hub(repo, vectors=tiny_vectors(2))
    code = snippet(card(random_init, repo))
    corpus = tiny_corpus()
    batch = next(corpus.test.batches(1000))
    found = []
    for seed in range(10):
        torch.manual_seed(seed)
        names: dict = {}
        exec(code, names)
        found.append((names["network"](batch.inputs()[0]).argmax(1) == batch.labels).double().mean().item())
    expected = evaluate(random_init, corpus.test, 40)
    assert abs(sum(found) / len(found) - expected.mean) < 4 * expected.sd / len(found) ** 0.5


@pytest.mark.parametrize(
    ("network", "shape", "momentum"),
    [
        ("lenet", (1, 8, 8), None),
        ("lenet", (1, 28, 28), None),
        ("lenet", (1, 28, 28), 0.9),
        ("lenet", (3, 40, 36), None),
        ("alexcifarnet", (3, 14, 9), None),
        ("convnet", (1, 9, 14), None),
        ("convnet", (1, 9, 14), 0.5),
    ],
)
def test_the_printed_lines_train_the_networks_for_images_like_tdd(
    network: str, shape: tuple[int, int, int], momentum: float | None, hub: HubServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    made, repo = set_of_images(network, shape), f"tester/{network}-{'-'.join(map(str, (*shape, momentum or 0)))}"
    made.momentum = None if momentum is None else torch.tensor(momentum)
    made.push_to_hub(repo)
    names: dict = {}
    text = card(made, repo)
    exec(snippet(text), names)
    assert ("momentum" in text) == (momentum is not None)
    assert made.initialisation is not None
    learner = learner_of(made, None, CPU)
    trained = train(learner.kernel(), learner.theta_of(made.initialisation), inner_loop(made, CPU))
    reference = learner.module
    reference.load_state_dict({name: value[0] for name, value in trained.items()})
    pixels = torch.randint(0, 256, (20, *shape[1:], shape[0]), generator=generator(1), dtype=torch.uint8)
    x = names["normalised"](pixels)
    assert torch.equal(x, Normalisation.from_source(made.source).apply(pixels))
    # LeNet sums in another order by hand.
    torch.testing.assert_close(names["network"](x), reference(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("network", ["lenet", "alexcifarnet", "convnet"])
def test_the_printed_lines_draw_fresh_networks_for_images_like_tdd(network: str):
    made = set_of_images(network, (1, 8, 8), fixed=False)
    names: dict = {}
    torch.manual_seed(0)
    exec(snippet(card(made, "me/x")).split("\nrows = ")[0], names)
    drawn = learner_of(made, None, CPU).starts(0)
    found = dict(names["network"].named_parameters())
    assert list(found) == list(drawn)
    for name, values in drawn.items():
        torch.testing.assert_close(found[name].std(), values.std(), rtol=0.3, atol=0)
        torch.testing.assert_close(found[name].mean(), values.mean(), rtol=0, atol=0.1)
