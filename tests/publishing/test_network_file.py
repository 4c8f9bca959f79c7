"""The published code of a network is that of tdd's own, and the script draws fresh ones as tdd does."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from publishing import set_of_images
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import tiny_encoder

from tdd.data.pixel_normalisation import Normalisation
from tdd.distillation.distiller import Distiller
from tdd.distillation.learner_of_set import learner_of
from tdd.publishing.network_file import network_file
from tdd.publishing.training_script import training_script
from tdd.settings.networks import networks_for
from tdd.system.seeds import generator

CPU = torch.device("cpu")
SHAPES = [
    ("lenet", (1, 8, 8)),
    ("lenet", (1, 28, 28)),
    ("lenet", (3, 40, 36)),
    ("alexcifarnet", (3, 14, 9)),
    ("convnet", (1, 9, 14)),
]


def namespace(text: str | None) -> dict:
    assert text is not None
    names: dict = {"__name__": "network"}
    exec(compile(text, "network.py", "exec"), names)
    return names


@pytest.mark.parametrize(("network", "shape"), SHAPES)
def test_the_code_of_networks_for_images_computes_what_ours_do(network: str, shape: tuple[int, int, int]):
    made = set_of_images(network, shape)
    published, own = namespace(network_file(made))["make_network"](), learner_of(made, None, CPU).module
    published.load_state_dict(made.initialisation)
    own.load_state_dict(made.initialisation)
    x = torch.randn(20, *shape, generator=generator(1))
    torch.testing.assert_close(published(x), own(x), rtol=1e-5, atol=1e-6)


def test_the_script_normalises_pixels_as_the_training_images_were():
    made = set_of_images("lenet", (3, 12, 9))
    code = training_script(made, "me/x")
    assert code is not None
    lines = [line for line in code.splitlines() if line.startswith(("mean, sd", "x = "))]
    pixels = torch.randint(0, 256, (20, 12, 9, 3), generator=generator(1), dtype=torch.uint8)
    names = {"torch": torch, "pixels": pixels}
    exec("\n".join(lines), names)
    assert torch.equal(names["x"], Normalisation.from_source(made.source).apply(pixels))


@pytest.mark.parametrize("network", [*networks_for("image"), "text_cnn", "mean_pool", "lstm", "gru", "transformer"])
@pytest.mark.parametrize("initialisation", ["xavier_normal", "orthogonal*0.5", "torch"])
def test_the_script_draws_fresh_networks_as_they_were_measured(network: str, initialisation: str):
    if network in networks_for("image"):
        made = set_of_images(network, (1, 8, 8), fixed=False)
        made.recipe = made.recipe.model_copy(update={"initialisation": [initialisation]})
    else:
        recipe = tiny_recipe(outer_steps=1, init="random", network=network, initialisation=[initialisation])
        made = Distiller(recipe, tiny_corpus()).run()
    code = training_script(made, "me/x")
    assert code is not None
    _, _, drawing = code.partition("network = make_network()\n")
    drawing = drawing[: drawing.index("    for step in")]
    torch.manual_seed(0)
    names = {"torch": torch, "network": namespace(network_file(made))["make_network"]()}
    exec("\n".join(line[4:] for line in drawing.splitlines()), names)
    drawn, found = learner_of(made, None, CPU).starts(0), dict(names["network"].named_parameters())
    assert list(found) == list(drawn)
    for name, values in drawn.items():
        if values.numel() < 50:  # too few to compare
            continue
        torch.testing.assert_close(found[name].std(), values.std(), rtol=0.5, atol=0.02)
        torch.testing.assert_close(found[name].mean(), values.mean(), rtol=0, atol=0.1)


@pytest.mark.slow
def test_the_code_of_an_encoder_needs_neither_tdd_nor_any_file_beside_it(tmp_path: Path):
    made = Distiller(tiny_recipe(outer_steps=1), tiny_corpus()).best()
    made.recipe = made.recipe.model_copy(update={"network": tiny_encoder()})
    text = network_file(made)
    assert text is not None and "tdd" not in text
    (tmp_path / "network.py").write_text(text)
    code = "import sys; sys.modules['tdd'] = None; from network import Body, Pooled, Upper, add_lora, split"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
