"""Precision is the kernel's own affair: runs of several precisions follow each other in a process."""

import pytest
import torch
from distilled_sets import assert_same_bits
from patches import spy
from tiny import tiny_corpus, tiny_recipe

from tdd.distillation.distiller import Distiller
from tdd.evaluation.evaluation import evaluate
from tdd.networks.kernels.autograd import AutogradKernel
from tdd.networks.kernels.text_cnn import TextCNNKernel
from tdd.networks.learner import Learner
from tdd.system import processes


def test_runs_of_other_precisions_follow_each_other_in_one_process(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    made, asked = spy(monkeypatch, processes, "Accelerator"), spy(monkeypatch, Learner, "kernel")
    sets = [
        Distiller(
            tiny_recipe(network="mean_pool", precision=precision, outer_steps=3),
            tiny_corpus(),
            accelerator=processes.accelerator("cpu"),
        ).run()
        for precision in ("float32", "bfloat16", "tf32", "float32")
    ]
    assert len(made) == 4
    # Inner and outer steps are asked for by their precision; validations are always exact.
    assert [precision for _, *more in asked for precision in more[1:]] == ["float32", "bfloat16", "tf32", "float32"]
    for other in sets[1:]:  # processors compute in float32
        assert_same_bits(other, sets[0])


@pytest.mark.parametrize("unroll", ["closed_form", "autograd", "rematerialised"])
def test_networks_are_tested_by_their_closed_form_however_they_are_reversed(monkeypatch, unroll):
    fast, plain = (spy(monkeypatch, kind, "logits") for kind in (TextCNNKernel, AutogradKernel))
    reversed_by = spy(monkeypatch, TextCNNKernel if unroll == "closed_form" else AutogradKernel, "loss")
    corpus = tiny_corpus()
    distilled = Distiller(tiny_recipe(unroll=unroll, outer_steps=2), corpus).run()
    assert len(fast) == 1 and len(reversed_by) == 2
    evaluate(distilled, corpus.test)
    assert len(fast) == 2 and not plain
