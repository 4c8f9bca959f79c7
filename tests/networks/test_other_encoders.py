"""Encoders of further kinds: what runs is read as its model reads texts, and what cannot be used is refused."""

import pytest
import torch
from tiny_encoders import LENGTH, OTHERS, REFUSED, films, save_encoder, tiny_encoder
from transformers import AutoModel

from tdd.data.corpus import load_corpus
from tdd.distillation.distiller import Distiller
from tdd.distillation.memory import check_memory
from tdd.distilled_set.set import DistilledSet
from tdd.embeddings.encoder import encoder_tokens
from tdd.errors import TddError, UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.networks.learner import make_learner
from tdd.settings.recipe import Recipe
from tdd.system.processes import accelerator

REASONS = {
    "convbert": "reads on behind the end of a text: its attention mask is not heeded",
    "esm": "reads embedded words otherwise than tokens",
    "fnet": "reads on behind the end of a text: its attention mask is not heeded",
    "yoso": "reads on behind the end of a text: its attention mask is not heeded",
}


def recipe_of(kind: str, train: str) -> Recipe:
    options = {"train": train}
    settings = {"n": 2, "outer_steps": 2, "max_length": 8, "data_from": "memory"}
    return Recipe(dataset="films", network=tiny_encoder(kind), options=options, **settings)


@pytest.mark.parametrize("kind", OTHERS)
def test_a_set_is_made_for_all_of_an_encoder_of_another_kind_saved_and_tested_equally(tmp_path, kind):
    recipe = recipe_of(kind, "all")
    corpus = load_corpus(recipe, data=films())
    assert "GiB" in check_memory(recipe, corpus, accelerator())
    distilled = Distiller(recipe, corpus).run()
    distilled.save_pretrained(tmp_path)
    found = [evaluate(each, corpus.test).accuracies for each in (distilled, DistilledSet.from_pretrained(tmp_path))]
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", OTHERS)
def test_it_reads_as_many_pieces_as_the_model_has_positions_for(kind):
    tokens = encoder_tokens(tiny_encoder(kind))
    longest = min(tokens.longest, LENGTH)
    model = AutoModel.from_pretrained(tiny_encoder(kind).removeprefix("hf:"), attn_implementation="eager").eval()
    ids = torch.full((1, longest + len(tokens.prefix) + len(tokens.suffix)), 30)
    with torch.no_grad():
        assert model(input_ids=ids).last_hidden_state.isfinite().all()
    assert longest == tokens.longest or kind in ("rembert", "roformer")  # whose positions are none of a table


@pytest.mark.parametrize("kind", REFUSED)
def test_an_encoder_that_would_read_padding_or_other_vectors_is_refused(kind):
    with pytest.raises(UsageError, match=f"{REASONS[kind]}; name an encoder of texts, as BERT is"):
        load_corpus(recipe_of(kind, "all"), data=films())


def test_weights_that_are_not_finite_are_told_before_anything_is_learned(tmp_path):
    from safetensors.torch import load_file, save_file

    save_encoder(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["encoder.layer.2.output.dense.bias"][0] = float("nan")
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(TddError, match="gives numbers that are not finite"):
        encoder_tokens(f"hf:{tmp_path}")


def test_a_sample_that_is_longer_than_the_positions_is_refused_by_its_setting():
    recipe = recipe_of("bert", "all").model_copy(update={"sample_length": LENGTH})
    with pytest.raises(UsageError, match=f"sample_length = {LENGTH}: .* reads at most {LENGTH - 2} pieces"):
        Distiller(recipe, load_corpus(recipe, data=films()))


def test_a_rank_wider_than_the_layers_is_refused():
    recipe = recipe_of("bert", "lora:9")
    corpus = load_corpus(recipe, data=films())
    with pytest.raises(UsageError, match=r"train: lora:9: the layers of .* are 8 wide; lower the rank"):
        make_learner(recipe.network, recipe.options, corpus.train.space, 2)
