"""Distilled sentences shorter than the real ones: distilled, kept, evaluated, read; and samples with padding."""

import json

import pytest
import torch
from command import SETTINGS, STEPS, tdd
from safetensors.torch import load_file

from tdd.distilled_set.set import DistilledSet

NETWORKS = {
    "text_cnn": ["--set", "widths=[1,2]", "--set", "filters=10"],
    "mean_pool": ["--network", "mean_pool", "--set", "hidden=10"],
    "lenet": ["--network", "lenet"],
}
TEXTS = ["text_cnn", "mean_pool"]


def command(given, output, network="text_cnn", **settings) -> list[str]:
    data, vectors = given
    arguments = ["distill", str(data), "--n", "4", "--vectors", str(vectors), *NETWORKS[network]]
    for setting, value in ({"outer_steps": STEPS} | SETTINGS | settings).items():
        arguments += ["--set", f"{setting}={value}"]
    return [*arguments, "--output", str(output)]


@pytest.mark.parametrize("network", TEXTS)
@pytest.mark.parametrize(
    ("samples", "padded"),
    [
        ({"samples_init": "noise", "momentum": 0.3}, False),
        ({"samples_init": "real", "init": "random", "networks": 2}, False),
        ({"samples": "words"}, False),
        ({"samples": "words", "padding": "end", "excluded_words": "[word1,word2,word3,word21,word11,word12]"}, True),
    ],
)
def test_short_sentences_are_distilled_kept_evaluated_and_read(given, tmp_path, network, samples, padded):
    run = tmp_path / "run"
    done = tdd(*command(given, run, network, sample_length=5, **samples))
    assert done.code == 0, done.err
    distilled = DistilledSet.from_pretrained(run)
    assert distilled.samples.shape == (2, 2, 5, 5)
    assert (distilled.space.shape, distilled.network_space.shape) == ((5, 5), (8, 5))
    assert (distilled.mask is not None) == padded
    before = distilled.results["evaluation"]
    again = tdd("evaluate", run, "--json")
    assert json.loads(again.out)["evaluation"][distilled.recipe.init]["accuracies"]
    fixed = before.get("fixed")
    assert fixed is None or json.loads(again.out)["evaluation"]["fixed"] == fixed
    assert tdd("evaluate", run, "--init", "random", "--networks", 3).code == 0
    if "samples" not in samples:
        decoded = tdd("evaluate", run, "--decoded", "--networks", 2, "--json")
        assert decoded.code == 0, decoded.err
        assert 0 < json.loads(decoded.out)["decoded"][distilled.recipe.init]["similarity"] <= 1
    lines = json.loads(tdd("decode", run, "--format", "json").out)
    lengths = [len(line["words"]) for line in lines]
    assert lengths == distilled.lengths.flatten().tolist()
    assert max(lengths) <= 5 and (min(lengths) < 5) == padded


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sample_length": 9}, "sample_length = 9 is longer than max_length = 8: lower it"),
        ({"sample_length": 3, "widths": "[1, 4]"}, "sample_length = 3 is shorter than the widest filter (4)"),
        ({"sample_length": 0}, "sample_length: Input should be greater than or equal to 1"),
        ({"sample_length": 4, "network": "lenet"}, "sample_length is that of sentences, and lenet reads images; leave"),
    ],
)
def test_a_length_that_cannot_be_is_one_line(given, tmp_path, settings, told):
    done = tdd(*command(given, tmp_path / "run", **settings))
    assert told in done.one_line()
    assert done.code == 2 and not (tmp_path / "run").exists()


@pytest.mark.parametrize("network", TEXTS)
def test_padding_of_real_sentences_is_kept_and_left_out_where_the_set_is_read(given, tmp_path, network):
    run = tmp_path / "run"
    settings = {"samples_init": "real", "samples_lr": 0.5, "ema": 0.5, "momentum": 0.2}
    done = tdd(*command(given, run, network, **settings))
    assert done.code == 0, done.err
    distilled = DistilledSet.from_pretrained(run)
    real = torch.arange(8) < 6  # all sentences have six words, and L is 8
    assert torch.equal(distilled.mask, real.expand(2, 2, 8))
    stored = load_file(run / "distilled.safetensors")["mask"]
    assert stored.dtype == torch.uint8 and torch.equal(stored.bool(), distilled.mask)
    assert (distilled.samples[~distilled.mask] == 0).all() and (distilled.samples[distilled.mask] != 0).all()
    before = distilled.results["evaluation"]["fixed"]
    assert json.loads(tdd("evaluate", run, "--json").out)["evaluation"]["fixed"] == before
    lines = json.loads(tdd("decode", run, "--format", "json").out)
    assert [len(line["words"]) for line in lines] == [6] * 4
    figures = json.loads(tdd("evaluate", run, "--decoded", "--json").out)["decoded"]["fixed"]
    scores = torch.tensor([score for line in lines for (score,) in line["scores"]])
    assert figures["similarity"] == pytest.approx(scores.mean().item(), rel=1e-5)
