"""The method written the plain way, for comparison: dense convolutions, one network at a time, one autograd graph."""

import inspect
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from tdd.data.text_batch import TextBatch
from tdd.networks.architectures.alexcifarnet import AlexCifarNet
from tdd.networks.architectures.lenet import LeNet


class PlainLeNet(LeNet):
    """LeNet as it is usually written: ReLU before the pool, channels first in memory."""

    def forward(self, x):
        x = F.pad(F.interpolate(x, scale_factor=self.times), self.padding)
        x = F.max_pool2d(self.conv1(x).relu(), 2)
        x = F.max_pool2d(self.conv2(x).relu(), 2)
        return self.classifier(self.full2(self.full1(x.flatten(1)).relu()).relu())


class PlainAlexCifarNet(AlexCifarNet):
    """AlexCifarNet with the library's normalisation, channels first in memory."""

    def forward(self, x):
        norm = partial(F.local_response_norm, size=4, alpha=0.001 / 9, beta=0.75, k=1.0)
        x = norm(F.max_pool2d(self.conv1(x).relu(), 3, stride=2, padding=1))
        x = F.max_pool2d(norm(self.conv2(x).relu()), 3, stride=2, padding=1)
        return self.classifier(self.full2(self.full1(x.flatten(1)).relu()).relu())


def logits_of(network: nn.Module, theta: dict, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Logits of examples; where `mask` says that there is no word there is a zero vector."""
    if mask is not None:
        x = torch.where(mask[..., None], x, 0)
    if "mask" not in inspect.signature(network.forward).parameters:
        return functional_call(network, theta, (x,))
    return functional_call(network, theta, (x, torch.ones(x.shape[:2], dtype=torch.bool) if mask is None else mask))


def outer_gradient(
    network: nn.Module,
    theta: dict,
    samples,
    labels,
    rates,
    epochs: int,
    real: tuple[Tensor, Tensor | None],
    y: Tensor,
    momentum=None,
    window=None,
    mask=None,
):
    """Outer loss of one network and its gradients to samples, labels, rates and momentum, by one graph over all.

    `real`: the inputs (B, ...) of real examples and their mask, as batches give them; `mask`: of the samples.
    """
    parts = [part for part in (samples, labels, rates, momentum) if part is not None]
    samples, labels, rates, *mu = leaves = [part.detach().clone().requires_grad_() for part in parts]
    loss = outer_loss(network, theta, samples, labels, rates, epochs, real, y, mu[0] if mu else None, window, mask)
    return loss.detach(), *torch.autograd.grad(loss, leaves)


def outer_loss(
    network, theta, samples, labels, rates, epochs, real, y, momentum=None, window=None, mask=None
) -> Tensor:
    """`window`: the first step that the gradient flows through, and the one that it stops before."""
    network.eval()
    start, stop = window or (0, epochs * len(samples))
    theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
    velocity = {name: torch.zeros_like(value) for name, value in theta.items()}
    for t in range(stop):
        if t == start:
            theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
            velocity = {name: value.detach() for name, value in velocity.items()}
        s = t % len(samples)
        logits = logits_of(network, theta, samples[s], None if mask is None else mask[s])
        loss = -(labels[s] * torch.log_softmax(logits, dim=1)).sum(1).mean()
        gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=True, allow_unused=True)
        for name, gradient in zip(theta, gradients, strict=True):
            kept = 0 if momentum is None else momentum * velocity[name]
            velocity[name] = kept + (torch.zeros_like(theta[name]) if gradient is None else gradient)
        theta = {name: value - rates[t] * velocity[name] for name, value in theta.items()}
    return nn.functional.cross_entropy(logits_of(network, theta, *real), y)


def random_batch(
    generator: torch.Generator,
    size: int,
    length: int,
    dim: int,
    classes: int,
    vocabulary: int = 30,
    dtype: torch.dtype = torch.float64,
    shortest: int = 0,
) -> TextBatch:
    """Sentences of random words and lengths from `shortest` to `length`, shortest first."""
    lengths = torch.randint(shortest, length + 1, (size,), generator=generator).sort().values
    words = torch.randn(vocabulary, dim, generator=generator, dtype=dtype)
    words[0] = 0
    ids = torch.randint(0, vocabulary, (size, max(int(lengths.max()), 1)), generator=generator, dtype=torch.int32)
    ids[torch.arange(ids.shape[1]) >= lengths[:, None]] = 0
    labels = torch.randint(0, classes, (size,), generator=generator)
    return TextBatch(ids, lengths, labels, words, length)


def plain_accuracy(network, theta, split):
    batch = split.batch(torch.arange(len(split)))
    right = 0
    for place, label in enumerate(batch.labels.tolist()):
        right += logits_of(network, theta, *batch.inputs(slice(place, place + 1))).argmax().item() == label
    return right / len(split)
