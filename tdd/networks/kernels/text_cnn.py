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

from tdd.data.text import TextSplit
from tdd.data.text_batch import TextBatch
from tdd.networks.kernels.classifier import (
    classifier_gradient,
    classifier_reverse,
    classify,
    product,
    relu_reverse,
    softmax_error,
)
from tdd.networks.kernels.parameters import Parameters
from tdd.networks.kernels.protocol import Front, Step, StepGradient
from tdd.networks.kernels.windows import add_to_windows, window_products, window_sums
from tdd.networks.kernels.word_table import WordTable, argmax_over_time
from tdd.system.memory import CPU


@dataclass(frozen=True)
class Winners:
    """The winning windows of the distilled samples under K networks.

    Attributes:
        places: for each width, the place of the winning window's first word in the samples laid end to end, (n, K, F).
        z: (n, K, H) their values, all widths side by side.
    """

    places: list[Tensor]
    z: Tensor


class TextCNNKernel:
    """Gradients, their reverse, and logits of K stacked TextCNNs; see `tdd.networks.kernels.protocol.Kernel`.

    Args:
        widths: words spanned by each bank of filters.
        filters: filters of each width.
        dropout: probability of dropping a pooled feature where `loss` is given a generator.
    """

    front: Front | None = None

    def __init__(self, widths: list[int], filters: int, dropout: float):
        self.widths, self.filters, self.dropout = widths, filters, dropout

    # Distilled samples: few, dense, differentiated twice

    def gradient(self, theta: Parameters, step: Step) -> tuple[Parameters, Winners]:
        """Gradient of the soft cross-entropy of a step's samples, and its winners; see `Kernel.gradient`."""
        x, y = step.inputs, step.y
        winners = self._winners(theta, x)
        keep = self._kept(winners.z, step.dropout)
        h = winners.z.relu() * keep
        _, error = softmax_error(theta, h, y)
        r = relu_reverse(winners.z, classifier_reverse(theta, error) * keep)
        gradient = classifier_gradient(error, h)
        for bank, (weight, r_bank) in enumerate(self._banks(theta, r)):
            gradient |= _bank(bank, window_sums(x, winners.places[bank], r_bank, weight.shape[3]), r_bank.sum(0))
        return gradient, winners

    def reverse(
        self, theta: Parameters, step: Step, winners: Winners, direction: Parameters, first: bool = False
    ) -> StepGradient:
        """Value and gradients of D = <gradient(theta, step), direction>; see `Kernel.reverse`.

        D is the loss's derivative along `direction`: with the tangents dz, dh and da of z, h and a it is the sum of
        error x da, a plain function of the winners that is differentiated by hand here.
        """
        x, y = step.inputs, step.y
        z, keep = winners.z, self._kept(winners.z, step.dropout)
        h = z.relu() * keep
        dz = torch.cat(
            [
                window_products(x, places, direction[f"convs.{bank}.weight"]) + direction[f"convs.{bank}.bias"]
                for bank, places in enumerate(winners.places)
            ],
            dim=2,
        )
        dh = relu_reverse(z, dz) * keep
        p, error = softmax_error(theta, h, y)
        da = product(dh, theta["classifier.weight"]) + classify(direction, h)
        mean = (p * da).sum(2, keepdim=True)
        y_bar = (mean - da).sum(1) / len(y)
        a_bar = y.sum(1)[:, None, None] / len(y) * p * (da - mean)

        theta_bar: Parameters = {}
        if not first:
            theta_bar = classifier_gradient(a_bar, h)
            theta_bar["classifier.weight"] += torch.einsum("nkc,nkh->kch", error, dh)
        r = relu_reverse(z, classifier_reverse(theta, error) * keep)
        z_bar = relu_reverse(z, (classifier_reverse(direction, error) + classifier_reverse(theta, a_bar)) * keep)
        x_bar = torch.zeros_like(x)
        for bank, ((weight, r_bank), (along, z_bank)) in enumerate(
            zip(self._banks(theta, r), self._banks(direction, z_bar), strict=True)
        ):
            places = winners.places[bank]
            if not first:
                theta_bar |= _bank(bank, window_sums(x, places, z_bank, weight.shape[3]), z_bank.sum(0))
            add_to_windows(x_bar, places, (z_bank, r_bank), (weight, along))
        if step.mask is not None:
            x_bar = x_bar * step.mask[..., None]
        return StepGradient((error * da).sum((0, 2)), theta_bar, x_bar, y_bar)

    def _winners(self, theta: Parameters, x: Tensor) -> Winners:
        places, tops = [], []
        starts = torch.arange(len(x), device=x.device)[:, None, None] * x.shape[1]
        for bank in range(len(self.widths)):
            weight, bias = theta[f"convs.{bank}.weight"], theta[f"convs.{bank}.bias"]
            values = F.conv1d(x.transpose(1, 2), weight.flatten(0, 2).transpose(1, 2), bias.flatten())
            if values.device.type == "cpu":
                top, best = values.max(2)
            else:
                best = argmax_over_time(values.transpose(1, 2))
                top = values.gather(2, best[..., None])[..., 0]
            tops.append(top.view(-1, *bias.shape))
            places.append(starts + best.view(-1, *bias.shape))
        return Winners(places, torch.cat(tops, dim=2))

    def _kept(self, z: Tensor, seed: int | None) -> Tensor | float:
        """What the pooled features of a step (n, K, H) are multiplied by: the same for all networks."""
        return 1.0 if seed is None else self._keep(z[:, :1], torch.Generator().manual_seed(seed))

    def _keep(self, features: Tensor, draw: torch.Generator) -> Tensor | float:
        """0 for features that are dropped; the others grow, so that their mean stays."""
        if not self.dropout:
            return 1.0
        return _uniform(features, draw).ge(self.dropout).to(features) / (1 - self.dropout)

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
        keep = 1.0 if dropout is None else self._keep(z, dropout)
        h = z.relu() * keep
        classes = theta["classifier.bias"].shape[1]
        labels = F.one_hot(batch.labels, classes) if batch.labels.dim() == 1 else batch.labels
        target = labels.to(z) * (1 - smoothing) + smoothing / classes
        log_p, error = softmax_error(theta, h, target, log=True)
        gradient = classifier_gradient(error, h)
        r = relu_reverse(z, classifier_reverse(theta, error) * keep)
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
        return classify(theta, z.relu()).transpose(0, 1)

    # Memory, from the shapes of what is held at once

    def step_bytes(self, step: Step, networks: int, graph: bool) -> tuple[int, int]:
        """See `Kernel.step_bytes`: the winners of every step, the windows and values of one."""
        n, length, dim = step.x.shape
        filters = self.filters * len(self.widths)
        windows = n * dim * sum(self.widths) * (length + 3 * networks * self.filters)
        size = step.x.element_size()
        return size * 3 * n * networks * filters, size * (n * length * networks * filters + windows)

    def batch_bytes(
        self, split: TextSplit, size: int, networks: int, gradient: bool = True, device: torch.device = CPU
    ) -> int:
        """See `Kernel.batch_bytes`: the vectors of the batch's words, one table of them, and the winners."""
        tokens = size * min(split.max_length, 1 + split.lengths.double().mean().item())
        words = min(tokens / 2, split.distinct_words())
        filters = self.filters * len(self.widths)
        tables = words * (split.vectors.dim + 2 * self.filters * max(self.widths)) + tokens * sum(self.widths)
        return 4 * int(tables + 4 * size * networks * filters)

    def _scan(
        self, theta: Parameters, tables: list[WordTable], with_positions: bool
    ) -> tuple[Tensor, list[list[Tensor]]]:
        """Values of the winners (B, K, H) and, for each width and network, their positions (B, F)."""
        values, positions = [], []
        for bank, table in enumerate(tables):
            scans = _per_network(table, theta[f"convs.{bank}.weight"], with_positions)
            values.append(torch.stack([top for top, _ in scans], dim=1) + theta[f"convs.{bank}.bias"])
            positions.append([position for _, position in scans if position is not None])
        return torch.cat(values, dim=2), positions


def _uniform(like: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform numbers of the shape of `like`, drawn where it lies."""
    if like.device.type != "cpu":
        seed = int(torch.randint(2**62, (), generator=generator))
        generator = torch.Generator(like.device).manual_seed(seed)
    return torch.rand(like.shape, generator=generator, device=like.device)


def _per_network(table: WordTable, weight: Tensor, with_positions: bool) -> list[tuple[Tensor, Tensor | None]]:
    """Winners of a bank, for each of K networks: a processor's cache holds the table of one, an accelerator all."""
    if weight.device.type == "cpu":
        return [table.largest(filters, with_positions) for filters in weight]
    top, position = table.largest(weight.flatten(0, 1), with_positions)
    networks = len(weight)
    positions = [None] * networks if position is None else position.chunk(networks, dim=1)
    return list(zip(top.chunk(networks, dim=1), positions, strict=True))


def _bank(bank: int, weight: Tensor, bias: Tensor) -> Parameters:
    return {f"convs.{bank}.weight": weight, f"convs.{bank}.bias": bias}
