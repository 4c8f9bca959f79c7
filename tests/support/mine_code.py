"""A user's own networks in a file of the current folder, as text: what runs of ``python:mine:Class`` import."""

CODE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, space, classes, hidden=3):
        super().__init__()
        self.hidden, self.classifier = nn.Linear(space.shape[1], hidden), nn.Linear(hidden, classes)

    def forward(self, x, mask):
        return self.classifier(((x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)).tanh() @ self.hidden.weight.T)


class Function:
    def __init__(self, space, classes):
        pass


class Sized(Net):
    def __init__(self, size):
        super().__init__(size, 2)


class Flat(nn.Module):
    def __init__(self, space, classes):
        super().__init__()
        self.classifier = nn.Linear(space.shape[0] * space.shape[1], classes)

    def forward(self, x):
        return self.classifier(x.flatten(1))


class Wrong(Flat):
    def forward(self, x):
        return self.classifier(x)


class Frozen(Net):
    def __init__(self, space, classes):
        super().__init__(space, classes)
        self.frozen = nn.Linear(space.shape[1], space.shape[1]).requires_grad_(False)

    def forward(self, x, mask):
        return super().forward(self.frozen(x), mask)


class Outer:
    class Net(Net):
        pass


class Exit(Flat):
    def __init__(self, space, classes):
        raise SystemExit(3)


class Normal(Flat):
    def __init__(self, space, classes):
        super().__init__(space, classes)
        self.norm = nn.BatchNorm1d(2)
"""
