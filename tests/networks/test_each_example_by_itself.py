"""Modules of one's own that do not treat each example by itself are refused in a line, before anything is learned."""

import pytest
import torch
from torch import nn

from tdd.data.protocols import InputSpace
from tdd.errors import UsageError
from tdd.networks.kernels.protocol import Step
from tdd.networks.learner import make_learner

TEXT = InputSpace("text", (6, 4))


class Alone(nn.Module):
    """A linear classifier of the mean of words, told the mask; what is wrong with it is added below."""

    def __init__(self, classes: int = 3):
        super().__init__()
        self.classifier = nn.Linear(4, classes)

    def mean(self, x, mask):
        return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def forward(self, x, mask):
        return self.classifier(self.mean(x, mask))


class Batch(Alone):
    def forward(self, x, mask):
        features = self.mean(x, mask)
        return self.classifier(features - features.mean(0))


class BatchNorm(Alone):
    def forward(self, x, mask):
        return self.classifier(nn.functional.batch_norm(self.mean(x, mask), None, None, training=True))


class Two(Alone):
    def forward(self, x, mask):
        return self.classifier(self.mean(x, mask)[:2])


class Random(Alone):
    def forward(self, x, mask):
        return self.classifier(self.mean(x + torch.randn_like(x), mask))


class Positions(Alone):
    def __init__(self):
        super().__init__()
        self.positions = nn.Parameter(torch.zeros(6, 4))

    def forward(self, x, mask):
        return self.classifier(self.mean(x + self.positions, mask))


class Unmasked(Alone):
    def forward(self, x, mask):
        return self.classifier(x.mean(1))


class OtherName(Alone):
    def forward(self, x, attention_mask=None):
        return self.classifier(x.mean(1))


class NotFinite(Alone):
    def forward(self, x, mask):
        return super().forward(x, mask) / 0


class Lazy(Alone):
    def __init__(self):
        super().__init__()
        self.classifier = nn.LazyLinear(3)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Batch, "each example by itself, whatever else is in the batch; it gave other logits"),
        (BatchNorm, "each example by itself, whatever else is in the batch; it raised ValueError"),
        (Two, "each example by itself"),
        (Random, "must give the same every time it is called; it gave other logits"),
        (Positions, "must read texts of any length, cut after the longest of a batch, .* it raised RuntimeError"),
        (
            Unmasked,
            "follows a text must not count; leave mask out to be given all positions; it gave other logits",
        ),
        (OtherName, "forward's parameter that says where words stand must be called mask, not attention_mask"),
        (NotFinite, "for examples of ordinary size it returned numbers that are not finite"),
        (Lazy, "layer 'classifier' is a LazyLinear without sizes yet; give it its sizes"),
    ],
)
def test_a_module_that_does_not_treat_each_example_by_itself_is_refused_in_a_line(kind, told):
    assert make_learner(Alone(), {}, TEXT, 3).takes_mask
    with pytest.raises(UsageError, match=told) as caught:
        make_learner(kind(), {}, TEXT, 3)
    assert "\n" not in str(caught.value)


def test_a_mask_may_be_taken_by_its_name_alone():
    class ByName(Alone):
        def forward(self, x, *, mask):
            return super().forward(x, mask)

    learner, same = make_learner(ByName(), {}, TEXT, 3), make_learner(Alone(), {}, TEXT, 3)
    theta = learner.starts(0, "network")
    step = Step(torch.randn(2, *TEXT.shape), torch.eye(3)[:2], torch.ones(2, TEXT.shape[0], dtype=torch.bool))
    with torch.no_grad():
        found, expected = (each.kernel().gradient(theta, step)[0] for each in (learner, same))
    assert torch.equal(found["classifier.weight"], expected["classifier.weight"])
