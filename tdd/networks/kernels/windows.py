"""The windows that win max over time in distilled samples: sums of them, and what flows along and back through them.

A window is `width` words of a sample, named by the place of its first word in the samples (n, L, d) laid end to end.
Every filter of every network picks one in each sample, which makes places (n, K, F). Where there are few, copying the
windows out is fastest; where there are many, memory bounds it, and sums are taken over rows where they lie.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

# Windows of one width from which on they are not copied out: 4,096 of 4 x 50 numbers are 3 MB.
MANY = 4096


def window_sums(x: Tensor, places: Tensor, weights: Tensor, width: int) -> Tensor:
    """For each filter the sum (K, F, 1, width, d) over samples of its windows, times `weights` (n, K, F)."""
    rows, first, by_filter = x.flatten(0, 1), _by_filter(places), _by_filter(weights)
    sums = [F.embedding_bag(first + k, rows, mode="sum", per_sample_weights=by_filter) for k in range(width)]
    return torch.stack(sums, dim=1).view(*places.shape[1:], 1, width, -1)


def window_products(x: Tensor, places: Tensor, filters: Tensor) -> Tensor:
    """Products (n, K, F) of the windows with their filters (K, F, 1, width, d)."""
    width = filters.shape[3]
    if places.numel() < MANY:
        return (_copied(x, places, width) * filters.flatten(2)).sum(3)
    products = _copied(x, _by_filter(places), width) @ filters.flatten(0, 2).flatten(1)[..., None]
    return products[..., 0].T.reshape(places.shape)


def add_to_windows(
    x_bar: Tensor, places: Tensor, weights: tuple[Tensor, Tensor], filters: tuple[Tensor, Tensor]
) -> None:
    """Add to the words of each window in x_bar (n, L, d) two filters (K, F, 1, width, d) times weights (n, K, F)."""
    width, words = filters[0].shape[3], x_bar.flatten(0, 1)
    if places.numel() < MANY:
        (of_one, of_other), (one, other) = weights, filters
        added = (of_one[..., None] * one.flatten(2)).addcmul_(of_other[..., None], other.flatten(2))
        words.index_add_(0, _words_of(places, width).flatten(), added.reshape(-1, x_bar.shape[2]))
        return
    # In the order of the words: the windows that begin at one are a bag of filters.
    order = places.flatten().argsort()
    filter_of, counts = order % places[0].numel(), places.flatten().bincount(minlength=len(words))
    bags = counts.cumsum(0) - counts
    for weight, rows in zip(weights, filters, strict=True):
        ordered = weight.flatten()[order]
        sums = F.embedding_bag(filter_of, rows.flatten(0, 2).flatten(1), bags, mode="sum", per_sample_weights=ordered)
        for k, part in enumerate(sums.unflatten(1, (width, -1)).unbind(1)):
            words[k:] += part[: len(words) - k]


def _by_filter(parts: Tensor) -> Tensor:
    """(n, K, F) as (K x F, n)."""
    return parts.flatten(1).T.contiguous()


def _words_of(places: Tensor, width: int) -> Tensor:
    return places[..., None] + torch.arange(width, device=places.device)


def _copied(x: Tensor, places: Tensor, width: int) -> Tensor:
    """The windows at `places` (...), (..., width x d)."""
    return F.embedding(_words_of(places, width), x.flatten(0, 1)).flatten(-2)
