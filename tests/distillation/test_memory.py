"""Memory is predicted before a run begins."""

import weakref
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from digits import digits_recipe
from own_networks import Mlp, Packed
from tiny import tiny_corpus, tiny_recipe
from tiny_encoders import LENGTH, save_encoder, tiny_text_corpus

from tdd.data.corpus import load_corpus
from tdd.data.text import TextSplit
from tdd.distillation import memory
from tdd.distillation.accuracy import TEST_BATCH
from tdd.distillation.distiller import Distiller
from tdd.distillation.memory import check_memory, predicted_peak
from tdd.errors import UsageError
from tdd.networks.kernels.graph_memory import kept_bytes
from tdd.networks.learner import make_learner
from tdd.settings.recipe import Recipe


def test_predicted_memory_grows_with_what_is_held():
    digits = load_corpus(digits_recipe())
    plain = predicted_peak(digits_recipe(), digits)
    whole = predicted_peak(digits_recipe(unroll="autograd", epochs=200), digits)
    step_by_step = predicted_peak(digits_recipe(unroll="rematerialised", epochs=200), digits)
    assert plain < step_by_step < whole
    assert predicted_peak(digits_recipe(batch_size=1000), digits) > plain
    assert predicted_peak(digits_recipe(unroll="autograd", epochs=200, window=5), digits) < whole
    assert predicted_peak(digits_recipe(unroll="rematerialised", epochs=200, momentum=0.5), digits) > step_by_step


def with_sentences(count):
    """The tiny data with a test split of this many sentences."""
    corpus = tiny_corpus()
    test = corpus.test
    places = torch.arange(count) % len(test)
    ids = [torch.from_numpy(test.ids[test.offsets[i] : test.offsets[i + 1]]) for i in places.tolist()]
    offsets = torch.tensor([0, *map(len, ids)]).cumsum(0)
    return replace(corpus, test=TextSplit(torch.cat(ids), offsets, test.labels[places], test.vectors, 10))


@pytest.mark.parametrize("unroll", ["auto", "autograd"])
def test_what_networks_take_while_they_are_tested_counts_too(unroll):
    recipe = tiny_recipe(unroll=unroll, options={"filters": 400})
    few, many, more = (predicted_peak(recipe, with_sentences(count)) for count in (60, TEST_BATCH, 2 * TEST_BATCH))
    assert few < many == more
    of_one = predicted_peak(
        recipe.model_copy(update={"init": "random", "validation_networks": 1}), with_sentences(4096)
    )
    of_several = recipe.model_copy(update={"init": "random", "validation_networks": 8})
    assert of_one == many < predicted_peak(of_several, with_sentences(4096))
    in_turn = of_several.model_copy(update={"networks_at_once": 1})
    assert predicted_peak(in_turn, with_sentences(4096)) == of_one


def test_what_is_tested_in_parts_takes_no_more_for_more_of_it():
    recipe = tiny_recipe(network="mean_pool", options={"hidden": 50_000})
    assert predicted_peak(recipe, with_sentences(2000)) == predicted_peak(recipe, with_sentences(4000))


def test_a_module_of_one_s_own_is_counted_by_its_shapes():
    corpus = tiny_corpus()
    small, large = (Mlp(corpus.train.space, 2, hidden) for hidden in (3, 30_000))
    assert predicted_peak(tiny_recipe(), corpus, small) < predicted_peak(tiny_recipe(), corpus, large)


def test_a_run_that_does_not_fit_is_refused_before_it_starts(monkeypatch):
    recipe, corpus = tiny_recipe(), tiny_corpus()
    needed = predicted_peak(recipe, corpus) - memory.BASE + memory.LATER
    alone = SimpleNamespace(device=torch.device("cpu"), num_processes=1)
    monkeypatch.setattr(memory, "own_bytes", lambda: (2**29, 2**29))
    monkeypatch.setattr(memory, "free_bytes", lambda device: needed)
    assert check_memory(recipe, corpus, alone).endswith("0.1 GiB free")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")  # half of it is another process's
    with pytest.raises(
        UsageError, match=r"not enough memory: about 0.6 GiB of memory at the peak, 0.1 GiB free; lower"
    ):
        check_memory(recipe, corpus, alone)


def test_the_peak_of_a_module_that_does_not_run_on_shapes_alone_is_unknown_and_no_fault_of_its():
    corpus, device = tiny_corpus(), torch.device("cpu")
    alone = SimpleNamespace(device=device, num_processes=1)
    name = "python:own_networks:Packed"
    recipe = tiny_recipe(network=name)
    for network in (name, Packed(corpus.train.space, 2)):
        line = check_memory(recipe, corpus, alone, network)
        assert line.startswith(f"{name} does not run on shapes alone: its memory at the peak is unknown, ")
    distilled = Distiller(recipe, corpus, network=name).run()
    assert distilled.samples.isfinite().all()


def test_what_is_wrong_with_a_module_is_told_though_it_does_not_run_on_shapes_alone():
    class Wrong(Packed):
        def forward(self, x, mask):
            return super().forward(x, mask)[:, :1]

    corpus = tiny_corpus()
    alone = SimpleNamespace(device=torch.device("cpu"), num_processes=1)
    with pytest.raises(UsageError, match=r"Wrong: forward must take .*; for two examples it returned \(2, 1\)"):
        check_memory(tiny_recipe(), corpus, alone, Wrong(corpus.train.space, 2))


def recipe_of(folder, train: str, n: int = 2) -> Recipe:
    return Recipe(
        dataset="films",
        network=f"hf:{folder}",
        options={"train": train},
        n=n,
        steps=1,
        max_length=LENGTH - 2,
        data_from="memory",
    )


def corpus_of(recipe: Recipe):
    corpus = tiny_text_corpus()
    texts = [f"{kind} {letter}" for letter in "bcdefghi" for kind in ("good film", "bad play", "the good book")]
    return load_corpus(recipe, data=(texts, [corpus.classes[len(text) % 2] for text in texts]))


@pytest.mark.parametrize("train", ["head", "last:1", "all"])
def test_the_weights_of_a_pretrained_encoder_are_held_as_they_were_read_and_in_the_network(tmp_path, train):
    rows = 100_000
    for name, kinds in (("small", 2), ("large", rows + 2)):
        save_encoder(tmp_path / name, type_vocab_size=kinds)
    recipes = [recipe_of(tmp_path / name, train) for name in ("small", "large")]
    pairs = [(recipe, corpus_of(recipe)) for recipe in recipes]
    small, large = (predicted_peak(*pair) for pair in pairs)
    assert large - small >= 2 * 4 * 8 * rows
    # What was read lies in the host's memory.
    on_gpu = [predicted_peak(*pair, device=torch.device("meta")) for pair in pairs]
    assert on_gpu[1] - on_gpu[0] < large - small - 3 * 8 * rows


def test_the_way_back_through_a_front_counts_for_every_distilled_text(tmp_path):
    save_encoder(tmp_path)
    few, many = (recipe_of(tmp_path, "last:1", n) for n in (2, 102))
    corpus = corpus_of(few)
    learner = make_learner(few.network, few.options, corpus.train.space, 2)
    x = torch.randn(100, LENGTH - 2, 8).requires_grad_()
    graph = kept_bytes(lambda: learner.module.front(x, torch.ones(x.shape[:2], dtype=torch.bool)))
    upper = kept_bytes(lambda: learner.module.upper(torch.randn(100, LENGTH, 8), torch.ones(100, LENGTH).bool()))
    grown = predicted_peak(many, corpus) - predicted_peak(few, corpus)
    assert grown > 0.9 * graph + upper


def test_what_the_data_take_is_measured_and_what_reading_them_took_is_the_least(monkeypatch):
    recipe, corpus = tiny_recipe(), tiny_corpus()
    alone = SimpleNamespace(device=torch.device("cpu"), num_processes=1)
    more = (predicted_peak(recipe, corpus) - memory.BASE + memory.LATER) / 2**30
    assert more < 0.2
    for held, most, told in ((0.5, 0.5, 0.5 + more), (4.0, 4.0, 4.0 + more), (0.5, 5.0, 5.0)):
        monkeypatch.setattr(memory, "own_bytes", lambda held=held, most=most: (int(held * 2**30), int(most * 2**30)))
        assert check_memory(recipe, corpus, alone).startswith(f"about {told:.1f} GiB of memory at the peak")


@pytest.mark.parametrize("layer", [torch.nn.Tanh(), torch.nn.Softmax(-1)])
def test_a_graph_that_was_measured_is_freed(layer):
    kept: list[weakref.ref[torch.Tensor]] = []

    def make() -> torch.Tensor:
        result = layer(torch.randn(5, 4, requires_grad=True))
        kept.append(weakref.ref(result))
        return result

    assert kept_bytes(make) > 0 and kept[0]() is None
