"""The method written the plain way, for comparison: dense convolutions, one network at a time, one autograd graph."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from tdd.data.text import TextBatch
from tdd.networks.architectures.alexcifarnet import AlexCifarNet
from tdd.networks.architectures.lenet import LeNet


class PlainLeNet(LeNet):
    """LeNet as it is usually written: ReLU before the pool, channels first in memory."""

    def forward(self, x):
        x = F.pad(F.interpolate(x, scale_factor=self.frame.times), self.frame.padding)
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


def outer_gradient(
    network: nn.Module,
    theta: dict,
    samples,
    labels,
    rates,
    epochs: int,
    x: Tensor,
    y: Tensor,
    momentum=None,
    window=None,
):
    """Outer loss of one network and its gradients to samples, labels, rates and momentum, by one graph over all."""
    parts = [part for part in (samples, labels, rates, momentum) if part is not None]
    samples, labels, rates, *mu = leaves = [part.detach().clone().requires_grad_() for part in parts]
    loss = outer_loss(network, theta, samples, labels, rates, epochs, x, y, mu[0] if mu else None, window)
    return loss.detach(), *torch.autograd.grad(loss, leaves)


def outer_loss(network, theta, samples, labels, rates, epochs, x, y, momentum=None, window=None) -> Tensor:
    """`window`: the first step that the gradient flows through, and the one that it stops before."""
    network.eval()
    start, stop = window or (0, epochs * len(samples))
    theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
    velocity = {name: torch.zeros_like(value) for name, value in theta.items()}
    for t in range(stop):
        if t == start:
            theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
            velocity = {name: value.detach() for name, value in velocity.items()}
        logits = functional_call(network, theta, samples[t % len(samples)])
        loss = -(labels[t % len(samples)] * torch.log_softmax(logits, dim=1)).sum(1).mean()
        gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=True, allow_unused=True)
        for name, gradient in zip(theta, gradients, strict=True):
            kept = 0 if momentum is None else momentum * velocity[name]
            velocity[name] = kept + (torch.zeros_like(theta[name]) if gradient is None else gradient)
        theta = {name: value - rates[t] * velocity[name] for name, value in theta.items()}
    return nn.functional.cross_entropy(functional_call(network, theta, x), y)


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
    for sentence, label in zip(batch.dense(), batch.labels.tolist(), strict=True):
        right += functional_call(network, theta, (sentence[None],)).argmax().item() == label
    return right / len(split)
