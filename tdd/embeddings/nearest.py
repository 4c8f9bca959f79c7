"""The rows of a large table nearest to queries: exact, and bounded in memory."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Metric = Literal["cosine", "l2"]

# 512 x 2,048 products (4 MB) at a time stay near the cores while the best of every 64 are picked.
QUERIES_AT_ONCE, ROWS_AT_ONCE, BLOCK = 4096, 2048, 64


def nearest_rows(table: NDArray[np.float32], queries: Tensor, k: int, metric: Metric) -> tuple[Tensor, Tensor]:
    """The k rows of `table` (V, d) nearest to every query (P, d), best first.

    Returns:
        Rows (P, k), int64, and their cosine similarity (0 for a zero query) or L2 distance (P, k), float32.
    """
    parts = [_nearest_rows(table, part, k, metric) for part in queries.split(QUERIES_AT_ONCE)]
    return torch.cat([indices for indices, _ in parts]), torch.cat([values for _, values in parts])


def _nearest_rows(table: NDArray[np.float32], queries: Tensor, k: int, metric: Metric) -> tuple[Tensor, Tensor]:
    """As `nearest_rows`: the best lie in the k blocks of rows with the best bests, so only those are sorted."""
    if metric == "cosine":
        queries = torch.nn.functional.normalize(queries)
    tops = []
    for first in range(0, len(table), ROWS_AT_ONCE):
        rows = torch.from_numpy(table[first : first + ROWS_AT_ONCE].copy()).to(queries.device)
        # |q - v|^2 falls as q.v - |v|^2 / 2 grows.
        half_squares = rows.square().sum(1) / 2 if metric == "l2" else torch.zeros(len(rows), device=rows.device)
        if metric == "cosine":
            rows = torch.nn.functional.normalize(rows)
        best = []
        for part in queries.split(512):
            scores = torch.addmm(-half_squares, part, rows.T)
            scores = torch.nn.functional.pad(scores, (0, -len(rows) % BLOCK), value=-torch.inf)
            best.append(scores.unflatten(1, (-1, BLOCK)).amax(2))
        tops.append(torch.cat(best))
    joined = torch.cat(tops, dim=1)
    blocks = joined.topk(min(k, joined.shape[1])).indices.sort(1).values
    indices, values = [], []
    for some, where in zip(queries.split(256), blocks.split(256), strict=True):
        places = (where[..., None] * BLOCK + torch.arange(BLOCK, device=where.device)).flatten(1)
        vectors = np.take(table, places.clamp(max=len(table) - 1).cpu().numpy(), axis=0)
        rows = torch.from_numpy(vectors).to(places.device)
        if metric == "cosine":
            scores = (torch.nn.functional.normalize(rows, dim=2) @ some[..., None])[..., 0]
        else:
            scores = -(rows - some[:, None]).norm(dim=2)
        # Stable: the lower index first among equals.
        scores = scores.masked_fill(places >= len(table), -torch.inf)
        order = scores.sort(dim=1, descending=True, stable=True).indices[:, :k]
        indices.append(places.gather(1, order))
        values.append(scores.gather(1, order).mul(1 if metric == "cosine" else -1))
    return torch.cat(indices), torch.cat(values)
