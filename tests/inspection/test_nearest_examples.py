"""The real examples beside a distilled one are those that are most like it."""

import torch
from tiny import tiny_corpus, tiny_recipe
from tiny_images import tiny_images

from tdd.data.raw_texts import RawTexts
from tdd.distilled_set.set import DistilledSet
from tdd.inspection.nearest_examples import nearest_examples


class Rows:
    """Texts as `datasets` hold them, as far as they are read."""

    def select(self, places):
        return {"text": [f"text {place}" for place in places]}


def test_of_texts_by_their_mean_vectors():
    train = tiny_corpus().train
    train.raw = RawTexts(Rows(), ["text"], torch.arange(len(train)) + 100, "train")
    means = train.features(torch.arange(len(train)))
    samples = means[torch.tensor([[7, 30]])][:, :, None].repeat(1, 1, 4, 1)
    made = DistilledSet(samples, torch.eye(2)[None], torch.ones(1, 1), ["a", "b"], tiny_recipe(n=2))
    found = nearest_examples(made, train, 3)
    assert [row[0].text for row in found] == ["text 107", "text 130"]
    assert [row[0].label for row in found] == train.labels[[7, 30]].tolist()
    cosines = torch.nn.functional.cosine_similarity(means[7], means, dim=1).sort(descending=True).values
    assert torch.allclose(torch.tensor([each.similarity for each in found[0]]), cosines[:3], atol=1e-5)
    assert len(nearest_examples(made, train, 3, first=1)) == 1


def test_texts_that_cannot_be_read_again_and_pairs_are_left_out():
    train = tiny_corpus().train
    made = DistilledSet(torch.randn(1, 2, 4, 6), torch.eye(2)[None], torch.ones(1, 1), ["a", "b"], tiny_recipe(n=2))
    assert nearest_examples(made, train, 3) == []
    train.raw = RawTexts(Rows(), ["premise", "hypothesis"], torch.arange(len(train)), "train")
    assert nearest_examples(made, train, 3) == []


def test_of_images_by_their_pixels():
    train = tiny_images().train
    samples = train.batch(torch.tensor([5, 40])).inputs()[0][None]
    made = DistilledSet(samples, torch.eye(2)[None], torch.ones(1, 1), ["above", "below"], tiny_recipe(n=2))
    found = nearest_examples(made, train, 2)
    assert (found[0][0].pixels == train.pixels[5]).all() and (found[1][0].pixels == train.pixels[40]).all()
    assert found[0][0].similarity > 0.999 > found[0][1].similarity and found[0][0].text is None
