"""The TextCNN, exact and fast: winning windows, a table of words, and the reverse of a gradient step in closed form.

Max over time hands everything on from one window per sentence and filter. Once these winners are known, the network and
its derivatives of every order touch only them, and what is left is linear - ReLU - linear - softmax. With the
classifier's weight V and bias c:

    z = <window, w> + b of the winner      h = relu(z)      a = h V' + c      p = softmax(a)
    loss of one step:  -mean over samples of sum_c y_c log p_c, with real-valued labels y

Parameters are stacked: their leading dimension K runs over networks. Below, n counts samples, F filters of one width,
H = F x widths pooled features, C classes. None of this is an approximation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from tdd.data.text import TextBatch, TextSplit
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.word_table import WordTable


@dataclass(frozen=True)
class Winners:
    """The winning windows of the distilled samples under K networks.

    Attributes:
        words: for each width, the places of the winning window's words in the samples laid end to end,
            (n, K, F, width).
        z: (n, K, H) their values, all widths side by side.
    """

    words: list[Tensor]
    z: Tensor


class TextCNNKernel:
    """Gradients, their reverse, and logits of K stacked TextCNNs; see `tdd.networks.kernels.protocol.Kernel`.

    Args:
        widths: words spanned by each bank of filters.
        filters: filters of each width.
        dropout: probability of dropping a pooled feature where `loss` is given a generator.
    """

    def __init__(self, widths: list[int], filters: int, dropout: float):
        self.widths, self.filters, self.dropout = widths, filters, dropout

    # Distilled samples: few, dense, differentiated twice

    def gradient(self, theta: Parameters, x: Tensor, y: Tensor) -> tuple[Parameters, Winners]:
        """Gradient of the soft cross-entropy of samples x (n, L, d) with labels y (n, C), and its winners."""
        found = self._winners(theta, x)
        h = found.z.relu()
        _, error = _softmax(theta, h, y)
        r = _relu_reverse(found.z, _classifier_reverse(theta, error))
        gradient = _classifier_gradient(error, h)
        for bank, (_, r_bank) in enumerate(self._banks(theta, r)):
            u = _windows(x, found.words[bank])
            gradient |= _bank(bank, _weighted_sum(r_bank, u).view_as(theta[f"convs.{bank}.weight"]), r_bank.sum(0))
        return gradient, found

    def reverse(
        self, theta: Parameters, x: Tensor, y: Tensor, found: Winners, direction: Parameters, given: bool = False
    ) -> tuple[Tensor, Parameters, Tensor, Tensor]:
        """Value and gradients of D = <gradient(theta, x, y), direction>; see `Kernel.reverse`.

        D is the loss's derivative along `direction`: with the tangents dz, dh and da of z, h and a it is the sum of
        error x da, a plain function of the winners that is differentiated by hand here.
        """
        z, h = found.z, found.z.relu()
        windows = [_windows(x, words) for words in found.words]
        dz = torch.cat(
            [
                (u * direction[f"convs.{bank}.weight"].flatten(2)).sum(3) + direction[f"convs.{bank}.bias"]
                for bank, u in enumerate(windows)
            ],
            dim=2,
        )
        dh = _relu_reverse(z, dz)
        p, error = _softmax(theta, h, y)
        da = _product(dh, theta["classifier.weight"]) + _classifier(direction, h)
        mean = (p * da).sum(2, keepdim=True)
        y_bar = (mean - da).sum(1) / len(y)
        a_bar = y.sum(1)[:, None, None] / len(y) * p * (da - mean)

        theta_bar: Parameters = {}
        if not given:
            theta_bar = _classifier_gradient(a_bar, h)
            theta_bar["classifier.weight"] += torch.einsum("nkc,nkh->kch", error, dh)
        r = _relu_reverse(z, _classifier_reverse(theta, error))
        z_bar = _relu_reverse(z, _classifier_reverse(direction, error) + _classifier_reverse(theta, a_bar))
        x_bar = torch.zeros_like(x)
        for bank, ((weight, r_bank), (along, z_bank)) in enumerate(
            zip(self._banks(theta, r), self._banks(direction, z_bar), strict=True)
        ):
            if not given:
                theta_bar |= _bank(bank, _weighted_sum(z_bank, windows[bank]).view_as(weight), z_bank.sum(0))
            u_bar = (z_bank[..., None] * weight.flatten(2)).addcmul_(r_bank[..., None], along.flatten(2))
            x_bar.flatten(0, 1).index_add_(0, found.words[bank].flatten(), u_bar.reshape(-1, x.shape[2]))
        return (error * da).sum((0, 2)), theta_bar, x_bar, y_bar

    def _winners(self, theta: Parameters, x: Tensor) -> Winners:
        words, tops = [], []
        starts = torch.arange(len(x), device=x.device)[:, None, None, None] * x.shape[1]
        for bank, width in enumerate(self.widths):
            weight, bias = theta[f"convs.{bank}.weight"], theta[f"convs.{bank}.bias"]
            values = F.conv1d(x.transpose(1, 2), weight.flatten(0, 2).transpose(1, 2), bias.flatten())
            top, best = values.max(2)
            tops.append(top.view(-1, *bias.shape))
            places = torch.arange(width, device=x.device)
            words.append(starts + best.view(-1, *bias.shape)[..., None] + places)
        return Winners(words, torch.cat(tops, dim=2))

    def _banks(self, theta: Parameters, features: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Each bank's weight (K, F, 1, width, d), with its part (n, K, F) of values that belong to pooled features."""
        weights = [theta[f"convs.{bank}.weight"] for bank in range(len(self.widths))]
        parts = features.split([weight.shape[1] for weight in weights], dim=2)
        yield from zip(weights, parts, strict=True)

    # Real sentences: many, of frozen words, differentiated once

    def loss(
        self, theta: Parameters, batch: TextBatch, dropout: torch.Generator | None = None, smoothing: float = 0.0
    ) -> tuple[Tensor, Parameters]:
        """Mean cross-entropy of real sentences, (K,), and its gradient; see `Kernel.loss`."""
        tables = [WordTable(batch, width) for width in self.widths]
        z, positions = self._scan(theta, tables, with_positions=True)
        keep = torch.ones_like(z)
        if dropout is not None and self.dropout:
            drawn = torch.rand(z.shape, generator=dropout).to(z)
            keep = drawn.ge(self.dropout).to(z) / (1 - self.dropout)
        h = z.relu() * keep
        classes = theta["classifier.bias"].shape[1]
        labels = F.one_hot(batch.labels, classes) if batch.labels.dim() == 1 else batch.labels
        target = labels.to(z) * (1 - smoothing) + smoothing / classes
        log_p, error = _softmax(theta, h, target, log=True)
        gradient = _classifier_gradient(error, h)
        r = _relu_reverse(z, _classifier_reverse(theta, error) * keep)
        for bank, (_, r_bank) in enumerate(self._banks(theta, r)):
            weights = [
                tables[bank].filter_gradient(position, part)
                for position, part in zip(positions[bank], r_bank.unbind(1), strict=True)
            ]
            gradient |= _bank(bank, torch.stack(weights), r_bank.sum(0))
        losses = -(target[:, None] * log_p).sum(2).mean(0)
        return losses, gradient

    def logits(self, theta: Parameters, batch: TextBatch) -> Tensor:
        """Logits of real sentences, (K, B, C)."""
        z, _ = self._scan(theta, [WordTable(batch, width) for width in self.widths], with_positions=False)
        return _classifier(theta, z.relu()).transpose(0, 1)

    # Memory, from the shapes of what is held at once

    def step_bytes(self, samples: Tensor, labels: Tensor, networks: int, graph: bool) -> tuple[int, int]:
        """See `Kernel.step_bytes`: the winners of every step, the windows and values of one."""
        n, length, dim = samples.shape
        filters = self.filters * len(self.widths)
        windows = n * dim * sum(self.widths) * (length + 3 * networks * self.filters)
        size = samples.element_size()
        return size * 3 * n * networks * filters, size * (n * length * networks * filters + windows)

    def batch_bytes(self, split: TextSplit, size: int, networks: int) -> int:
        """See `Kernel.batch_bytes`: the vectors of the batch's words, one table of them, and the winners."""
        tokens = size * min(split.max_length, 1 + split.lengths.double().mean().item())
        words = min(tokens / 2, len(split.vectors))
        filters = self.filters * len(self.widths)
        tables = words * (split.vectors.dim + 2 * filters * max(self.widths)) + tokens * sum(self.widths)
        return 4 * int(tables + 4 * size * networks * filters)

    def _scan(
        self, theta: Parameters, tables: list[WordTable], with_positions: bool
    ) -> tuple[Tensor, list[list[Tensor]]]:
        """Values of the winners (B, K, H) and, for each width and network, their positions (B, F)."""
        values, positions = [], []
        for bank, table in enumerate(tables):
            scans = [table.largest(weight, with_positions) for weight in theta[f"convs.{bank}.weight"]]
            values.append(torch.stack([top for top, _ in scans], dim=1) + theta[f"convs.{bank}.bias"])
            positions.append([position for _, position in scans if position is not None])
        return torch.cat(values, dim=2), positions


def _windows(x: Tensor, words: Tensor) -> Tensor:
    """The windows (n, K, F, width x d) made of the words (n, K, F, width) of the samples x (n, L, d)."""
    return F.embedding(words, x.flatten(0, 1)).flatten(3)


def _weighted_sum(weights: Tensor, windows: Tensor) -> Tensor:
    """Sum over samples of weights (n, K, F) times windows (n, K, F, width x d)."""
    return (weights[..., None] * windows).sum(0)


def _bank(bank: int, weight: Tensor, bias: Tensor) -> Parameters:
    return {f"convs.{bank}.weight": weight, f"convs.{bank}.bias": bias}


def _product(features: Tensor, weight: Tensor) -> Tensor:
    """(n, K, H) times the classifier's weight (K, C, H): (n, K, C)."""
    return torch.einsum("nkh,kch->nkc", features, weight)


def _classifier(theta: Parameters, features: Tensor) -> Tensor:
    return _product(features, theta["classifier.weight"]) + theta["classifier.bias"]


def _classifier_reverse(theta: Parameters, error: Tensor) -> Tensor:
    """Gradient to the pooled features (n, K, H) of logits that have gradient (n, K, C)."""
    return torch.einsum("nkc,kch->nkh", error, theta["classifier.weight"])


def _classifier_gradient(error: Tensor, features: Tensor) -> Parameters:
    return {
        "classifier.weight": torch.einsum("nkc,nkh->kch", error, features),
        "classifier.bias": error.sum(0),
    }


def _softmax(theta: Parameters, h: Tensor, y: Tensor, log: bool = False) -> tuple[Tensor, Tensor]:
    """Probabilities (n, K, C), or their logarithms, and the loss's gradient to the logits; labels y (n, C)."""
    log_p = _classifier(theta, h).log_softmax(2)
    p = log_p.exp()
    labels = y[:, None]
    return log_p if log else p, (labels.sum(2, keepdim=True) * p - labels) / len(y)


def _relu_reverse(z: Tensor, gradient: Tensor) -> Tensor:
    return gradient * (z > 0)
