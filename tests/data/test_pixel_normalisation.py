"""Pixels are normalised channel by channel."""

import json

import numpy as np
import torch
from image_files import arrays, encoded, load, pixels_of, write

from tdd.data.pixel_normalisation import Normalisation


def test_training_images_are_normalised_channel_by_channel_and_back(tmp_path):
    found = (arrays(50, (5, 7, 3)) // np.array([1, 2, 4])).astype(np.uint8)
    corpus = load(write(tmp_path / "d.parquet", [encoded(one) for one in found]))
    dense = corpus.train.batch(torch.arange(len(corpus.train))).inputs()[0]
    torch.testing.assert_close(dense.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(dense.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)
    kept = Normalisation.from_source(json.loads(json.dumps(corpus.source)))
    assert torch.equal(kept.mean, corpus.train.normalisation.mean)
    assert torch.equal(kept.sd, corpus.train.normalisation.sd)
    assert np.array_equal(kept.undo(dense), pixels_of(corpus.train))


def test_a_channel_that_never_changes_is_left_at_zero(tmp_path):
    found = arrays(20, (4, 4, 3))
    found[..., 1] = 9
    corpus = load(write(tmp_path / "d.parquet", [encoded(one) for one in found]))
    assert corpus.train.batch(torch.arange(5)).inputs()[0][:, 1].abs().max() < 1e-6
