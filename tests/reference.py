"""The method written the plain way, for comparison: dense convolutions, one network at a time, one autograd graph."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from tdd.networks.lenet import LeNet
from tdd.text import TextBatch


class PlainLeNet(LeNet):
    """LeNet as it is usually written: ReLU before the pool, channels first in memory."""

    def forward(self, x):
        x = F.pad(F.interpolate(x, scale_factor=self.frame.times), self.frame.padding)
        x = F.max_pool2d(self.conv1(x).relu(), 2)
        x = F.max_pool2d(self.conv2(x).relu(), 2)
        return self.classifier(self.full2(self.full1(x.flatten(1)).relu()).relu())


def outer_gradient(network: nn.Module, theta: dict, samples, labels, rates, epochs: int, x: Tensor, y: Tensor):
    """Outer loss of one network and its gradients to samples, labels and rates, by one graph over everything."""
    leaves = [part.detach().clone().requires_grad_() for part in (samples, labels, rates)]
    loss = outer_loss(network, theta, *leaves, epochs, x, y)
    return loss.detach(), *torch.autograd.grad(loss, leaves)


def outer_loss(network, theta, samples, labels, rates, epochs, x, y) -> Tensor:
    network.eval()
    theta = {name: value.detach().requires_grad_() for name, value in theta.items()}
    for t in range(epochs * len(samples)):
        logits = functional_call(network, theta, samples[t % len(samples)])
        loss = -(labels[t % len(samples)] * torch.log_softmax(logits, dim=1)).sum(1).mean()
        gradients = torch.autograd.grad(loss, list(theta.values()), create_graph=True, allow_unused=True)
        theta = {
            name: value - rates[t] * (0 if gradient is None else gradient)
            for (name, value), gradient in zip(theta.items(), gradients, strict=True)
        }
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
