"""The nearest words are those that a comparison with every word finds."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tdd.embeddings.word_vectors import WordVectors
from tdd.errors import UsageError
from tdd.system.seeds import generator


def small(rows: Any) -> WordVectors:
    table = np.asarray(rows, dtype=np.float32)
    return WordVectors("small", [f"w{row}" for row in range(len(table))], table, "")


def brute_force(queries: torch.Tensor, table: torch.Tensor, metric: str) -> torch.Tensor:
    if metric == "cosine":
        return torch.nn.functional.cosine_similarity(queries[:, None], table[None], dim=2)
    return (queries[:, None] - table[None]).norm(dim=2)


@settings(deadline=None)
@given(
    words=st.integers(1, 300),
    queries=st.integers(0, 5),
    dim=st.integers(1, 6),
    k=st.integers(1, 12),
    metric=st.sampled_from(["cosine", "l2"]),
    seed=st.integers(0, 99),
)
def test_nearest_equals_brute_force(words: int, queries: int, dim: int, k: int, metric: Any, seed: int) -> None:
    g = generator(seed)
    table, asked = (torch.randn(count, dim, generator=g) for count in (words, queries))
    indices, values = small(table).nearest(asked, k, metric)
    everything = brute_force(asked, table, metric)
    expected = everything.sort(dim=1, descending=metric == "cosine").values[:, :k]
    assert indices.shape == values.shape == expected.shape
    torch.testing.assert_close(values, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(everything.gather(1, indices), values, atol=1e-5, rtol=1e-5)
    assert all(len(set(row)) == len(row) for row in indices.tolist())


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_nearest_is_exact_across_chunks_of_words_and_queries(metric: Any) -> None:
    table, asked = (torch.randn(count, 8, generator=generator(0, count)) for count in (40_000, 600))
    indices, values = small(table).nearest(asked, 7, metric)
    part = slice(500, 600)
    everything = brute_force(asked[part], table, metric)
    expected = everything.topk(7, largest=metric == "cosine")
    torch.testing.assert_close(values[part], expected.values, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(everything.gather(1, indices[part]), expected.values, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_nearest_bears_zeros_equals_and_a_k_beyond_the_words(metric: Any) -> None:
    table = [[0.0, 0.0], [1.0, 2.0], [1.0, 2.0], [-3.0, 1.0]]
    indices, values = small(table).nearest(torch.tensor([[0.0, 0.0], [1.0, 2.0]], requires_grad=True), 9, metric)
    assert values.isfinite().all()
    assert indices.sort(1).values.tolist() == [[0, 1, 2, 3]] * 2
    assert indices[1, :2].tolist() == [1, 2]
    if metric == "l2":
        assert values[:, 0].tolist() == [0.0, 0.0]
    else:
        assert values[0].tolist() == [0.0] * 4


def test_nearest_refuses_another_dimension_and_no_words() -> None:
    with pytest.raises(UsageError, match="d = 2"):
        small([[1.0, 2.0]]).nearest(torch.zeros(1, 3), 1)
    with pytest.raises(UsageError, match="at least one"):
        small([[1.0, 2.0]]).nearest(torch.zeros(1, 2), 0)
