"""A gradient reaches a latent vector as the derivative of the mixture of the words around the one it shows."""

import pytest
import torch

from tdd.distillation.samples.word_mixtures import WordMixtures
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe
from tdd.system.seeds import generator


def drawn(*shape, seed=0):
    return torch.randn(shape, dtype=torch.float64, generator=generator(seed))


def test_members_are_the_words_nearest_to_each_word_and_itself():
    table = drawn(60, 5)
    distances = torch.cdist(table, table)
    expected = distances.argsort(dim=1)[:, :4].sort(1).values
    assert torch.equal(WordMixtures(table, 4, 1.0).members.sort(1).values, expected)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 5.0])
def test_the_gradient_is_that_of_the_softmax_of_its_neighbours(temperature):
    table, latent, given = drawn(60, 5), drawn(9, 5, seed=1), drawn(9, 5, seed=2)
    around = WordMixtures(table, 6, temperature)
    words = torch.cdist(latent, table).argmin(1)
    leaf = latent.clone().requires_grad_()
    vectors = table[around.members[words]]
    weights = (-(leaf[:, None] - vectors).square().sum(2) / 2 / around.temperature).softmax(1)
    mixture = (weights[..., None] * vectors).sum(1)
    (expected,) = torch.autograd.grad(mixture, leaf, given)
    torch.testing.assert_close(around.gradient(latent, words, given), expected, rtol=1e-10, atol=1e-12)


def test_a_temperature_of_one_is_half_the_squared_distance_to_a_typical_nearest_word():
    table = torch.tensor([[0.0], [1.0], [3.0]])
    assert WordMixtures(table, 2, 1.0).temperature.item() == pytest.approx((0.5 + 0.5 + 2.0) / 3)


def test_a_neighbourhood_of_one_word_is_refused():
    with pytest.raises(UsageError, match="neighbours: 1 leaves nothing to tell apart"):
        Recipe.build({"samples": "words", "neighbours": 1})
