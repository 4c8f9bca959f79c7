"""Which positions of distilled sentences matter to a network that is trained on the set."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call

from tdd.distilled_set.set import DistilledSet
from tdd.evaluation.predictor import trained_on


def importance(distilled: DistilledSet, network: str | nn.Module | None = None) -> Tensor:
    """How much each position adds to the logit of its sentence's largest class, (n, L); 0 where there is padding.

    To first order: the gradient of the logit times the position's vector, which is what taking the vector away would
    cost if the network were linear (gradient x input, Shrikumar et al., arXiv 1605.01713). The network is one trained
    on the set, from the set's own initialisation or else from a draw.
    """
    learner, theta = trained_on(distilled, network)
    module, parameters = learner.module.eval(), {name: value[0] for name, value in theta.items()}
    samples = distilled.samples.flatten(0, 1)
    everywhere = torch.ones(samples.shape[:2], dtype=torch.bool)
    masks = everywhere if distilled.mask is None else distilled.mask.flatten(0, 1)
    largest = distilled.labels.flatten(0, 1).argmax(1)
    rows = []
    for sample, mask, label in zip(samples, masks, largest, strict=True):
        x = (sample * mask[:, None])[None].requires_grad_()
        inputs = (x, mask[None]) if learner.takes_mask else (x,)
        logits = functional_call(module, parameters, inputs)
        (gradient,) = torch.autograd.grad(logits[0, label], x)
        rows.append((gradient * x).sum(2)[0].detach() * mask)
    return torch.stack(rows)
