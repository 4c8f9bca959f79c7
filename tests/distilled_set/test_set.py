"""A saved set is the set, to the last bit; a damaged or foreign one is refused in one line."""

import json
import resource
import signal
from dataclasses import replace

import pytest
import torch
from distilled_sets import rewrite
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.distilled_set.set import DistilledSet
from tdd.distilled_set.shareable import public
from tdd.errors import TddError, UsageError
from tdd.evaluation.evaluation import evaluate
from tdd.hub.layout import WEIGHTS


@pytest.fixture(scope="module")
def made():
    return Distiller(tiny_recipe(outer_steps=5), tiny_corpus()).run()


def test_of_files_their_names_alone_are_shared(made):
    files = {"train": ["secret/2020/a.csv", "b.csv"]}
    data = {"files": files, "left_out_files": {"secret/c.csv": "it is not read"}, "by_file": {"secret/d.csv": {"n": 1}}}
    shared = public(replace(made, results={"data": data, "evaluation": {}}))
    assert shared.results["data"] == {
        "files": {"train": ["a.csv", "b.csv"]},
        "left_out_files": {"c.csv": "it is not read"},
        "by_file": {"d.csv": {"n": 1}},
    }
    assert shared.results["evaluation"] == {} and made.results == {}


@pytest.fixture
def saved(made, tmp_path):
    made.save_pretrained(tmp_path)
    return tmp_path


def test_a_set_comes_back_to_the_last_bit(made, saved):
    loaded = DistilledSet.from_pretrained(saved)
    for name in ("samples", "labels", "learning_rates"):
        assert torch.equal(getattr(loaded, name), getattr(made, name))
    assert loaded.initialisation.keys() == made.initialisation.keys()
    assert all(torch.equal(loaded.initialisation[name], value) for name, value in made.initialisation.items())
    assert (loaded.recipe, loaded.classes, loaded.source) == (made.recipe, made.classes, made.source)
    test = tiny_corpus().test
    assert evaluate(loaded, test).accuracies == evaluate(made, test).accuracies


def test_momentum_comes_back_to_the_last_bit_and_is_trained_with(tmp_path):
    corpus = tiny_corpus()
    made = Distiller(tiny_recipe(outer_steps=15, momentum=0.8, epochs=2), corpus).run()
    made.save_pretrained(tmp_path)
    loaded = DistilledSet.from_pretrained(tmp_path)
    assert torch.equal(loaded.momentum, made.momentum)
    assert evaluate(loaded, corpus.test).accuracies == evaluate(made, corpus.test).accuracies
    with_it, without = (
        evaluate(each, corpus.test, 8, "random").accuracies for each in (made, replace(made, momentum=None))
    )
    assert with_it != without


@pytest.mark.parametrize("momentum", [torch.tensor(1.0), torch.tensor(-0.1), torch.tensor([0.5])])
def test_a_momentum_that_is_none_is_refused(saved, momentum):
    rewrite(saved, change_tensors=lambda t: t | {"momentum": momentum})
    with pytest.raises(TddError, match="'momentum' is not a single number from 0 to below 1"):
        DistilledSet.from_pretrained(saved)


def test_a_set_without_momentum_holds_no_such_tensor(saved):
    assert "momentum" not in load_file(saved / WEIGHTS)
    assert DistilledSet.from_pretrained(saved).momentum is None


def test_saving_twice_writes_the_same_bytes(made, saved, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    DistilledSet.from_pretrained(saved).save_pretrained(again)
    for name in ("distilled.safetensors", "recipe.yaml", "results.json"):
        assert (again / name).read_bytes() == (saved / name).read_bytes()


def test_the_file_of_a_set_of_free_samples_holds_these_tensors_and_nothing_else(made, saved):
    tensors = {"samples": made.samples, "labels": made.labels, "learning_rates": made.learning_rates}
    tensors |= {f"initialisation.{name}": value for name, value in made.initialisation.items()}
    about = {"format": 3, "classes": made.classes, "source": made.source}
    assert (saved / WEIGHTS).read_bytes() == save(tensors, {"tdd": json.dumps(about)})


def test_a_folder_without_a_set_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no distilled set"):
        DistilledSet.from_pretrained(tmp_path)


def test_no_space_for_the_tensors_is_one_clear_line(made, tmp_path):
    large = replace(made, samples=torch.zeros(2, 2, 100, 100))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
    try:
        with pytest.raises(TddError, match=r"cannot write .*\.safetensors: .*File too large.*; free some space"):
            large.save_pretrained(tmp_path / "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["recipe.yaml"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t | {"samples": t["samples"] * float("nan")}, "finite"),
        (lambda t: t | {"labels": t["labels"].double()}, "float32"),
        (lambda t: {k: v for k, v in t.items() if k != "labels"}, "has no 'labels'"),
        (lambda t: t | {"labels": t["labels"][:, :, :1].contiguous()}, "do not fit together"),
        (lambda t: t | {name: t[name][:0].contiguous() for name in ("samples", "labels")}, "do not fit together"),
        (lambda t: t | {"samples": t["samples"][..., 0].contiguous()}, "do not fit together"),
        (lambda t: t | {"learning_rates": t["learning_rates"][:, :1].contiguous()}, "do not fit 2 steps"),
        (lambda t: t | {"learning_rates": -t["learning_rates"]}, "not positive"),
    ],
)
def test_wrong_tensors_are_refused(saved, change, message):
    rewrite(saved, change_tensors=change)
    with pytest.raises(TddError, match=message):
        DistilledSet.from_pretrained(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a | {"format": 99}, "newer version"),
        (lambda a: a | {"format": 2}, r"before its release \(format 2\); distil it again"),
        (lambda a: a | {"format": 1}, r"before its release \(format 1\); distil it again"),
        (lambda a: a | {"classes": "ab"}, "names no classes"),
        (lambda a: {}, "not a distilled set"),
        (lambda a: a | {"source": 3}, "what it was distilled from"),
        (lambda a: a | {"source": {"dataset": 3}}, "what it was distilled from"),
    ],
)
def test_wrong_descriptions_are_refused(saved, change, message):
    rewrite(saved, change_about=change)
    with pytest.raises(TddError, match=message):
        DistilledSet.from_pretrained(saved)


@pytest.mark.parametrize(
    "content",
    [
        *("3", '{"evaluation": {"fixed": {}}}', '{"evaluation": []}', '{"full_data": {"accuracy": "high"}}'),
        *('{"distillation": 3}', '{"distillation": {"seconds": "long"}}', '{"distillation": {"versions": [1]}}'),
        *('{"baselines": {"random": 0.5}}', '{"baselines": {"random": {"mean": "high"}}}', '{"baselines": [1]}'),
        *('{"decoded": {"fixed": {"refitted": {"mean": 1}}}}', '{"decoded": {"fixed": 0.5}}'),
    ],
)
def test_results_that_cannot_be_computed_with_are_refused(saved, content):
    (saved / "results.json").write_text(content)
    with pytest.raises(TddError, match="does not hold the results of a run"):
        DistilledSet.from_pretrained(saved)


def test_results_of_nothing_are_none(saved):
    (saved / "results.json").write_text('{"full_data": null, "evaluation": null, "distillation": {"seconds": 3}}')
    assert DistilledSet.from_pretrained(saved).results == {"distillation": {"seconds": 3}}


def test_an_initialisation_of_another_network_is_refused(saved):
    rewrite(saved, change_tensors=lambda t: t | {"initialisation.convs.0.bias": torch.zeros(3)})
    with pytest.raises(TddError, match="not one of the network text_cnn with the options in its recipe"):
        evaluate(DistilledSet.from_pretrained(saved), tiny_corpus().test)


@pytest.mark.parametrize("kind", [OSError, SafetensorError])
def test_a_write_that_fails_leaves_the_old_file(made, saved, monkeypatch, kind):
    before = (saved / WEIGHTS).read_bytes()

    def full(*_):
        raise kind(28, "No space left on device")

    monkeypatch.setattr("tdd.system.tensor_files.save_file", full)
    with pytest.raises(TddError, match="No space left on device"):
        made.save_pretrained(saved)
    assert (saved / WEIGHTS).read_bytes() == before
    assert sorted(p.name for p in saved.iterdir()) == [
        "distilled.safetensors",
        "embedding.json",
        "recipe.yaml",
        "results.json",
    ]
