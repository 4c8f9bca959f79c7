"""Images are read, normalised and cached by the same path as text; those that cannot be used are explained."""

import io

import datasets
import numpy as np
import pytest
import torch
from digits import digits_recipe
from image_files import arrays, encoded, load, pixels_of, write
from patches import spy
from PIL import Image

from tdd.data import images
from tdd.data.corpus import load_corpus
from tdd.data.protocols import Augmentation
from tdd.errors import UsageError
from tdd.settings.recipe import Recipe

# Reading


@pytest.mark.parametrize(("shape", "mode", "sample"), [((4, 6), None, (1, 4, 6)), ((4, 6, 3), None, (3, 4, 6))])
def test_grey_images_have_one_channel_and_coloured_ones_three(tmp_path, shape, mode, sample):
    found = arrays(40, shape)
    corpus = load(write(tmp_path / "d.parquet", [encoded(one, mode) for one in found]))
    assert corpus.train.space.shape == sample
    everything = np.concatenate([pixels_of(part) for part in (corpus.train, corpus.validation, corpus.test)])
    assert sorted(one.tobytes() for one in everything) == sorted(one.tobytes() for one in found)


@pytest.mark.parametrize("mode", ["P", "RGBA", "1", "LA"])
def test_other_modes_are_read_as_grey_or_colour(tmp_path, mode):
    corpus = load(write(tmp_path / "d.parquet", [encoded(one, mode) for one in arrays(12)]))
    assert corpus.train.space.shape[0] == {"P": 3, "RGBA": 3, "1": 1, "LA": 1}[mode]


def test_a_folder_of_images_by_class_is_read(tmp_path):
    found = {"cat": arrays(12, seed=1), "dog": arrays(12, seed=2)}
    for split in ("train", "test"):
        for name, some in found.items():
            folder = tmp_path / "pets" / split / name
            folder.mkdir(parents=True)
            for i, one in enumerate(some):
                (folder / f"{i}.png").write_bytes(encoded(one))
    corpus = load(tmp_path / "pets")
    assert corpus.classes == ["cat", "dog"]
    assert len(corpus.test) == 24
    cats = pixels_of(corpus.test)[corpus.test.labels == 0]
    assert sorted(one.tobytes() for one in cats) == sorted(one.tobytes() for one in found["cat"])


def test_declared_images_are_told_from_text_by_their_feature(tmp_path):
    features = datasets.Features(
        {"text": datasets.Value("string"), "img": datasets.Image(), "label": datasets.Value("int64")}
    )
    columns = {"text": ["a caption"] * 20, "img": [Image.fromarray(one) for one in arrays(20)], "label": [0, 1] * 10}
    datasets.Dataset.from_dict(columns, features=features).to_parquet(tmp_path / "d.parquet")
    assert load(tmp_path / "d.parquet").train.space.shape == (1, 8, 8)
    with pytest.raises(
        UsageError, match=r"column 'text' holds string, not images: set image_column to one of text, img"
    ):
        load(tmp_path / "d.parquet", image_column="text")
    with pytest.raises(UsageError, match=r"column 'img' holds .*Image, not text: set text_column"):
        load(tmp_path / "d.parquet", text_column="img")
    with pytest.raises(UsageError, match="there is no column 'picture': set image_column to one of"):
        load(tmp_path / "d.parquet", image_column="picture")
    with pytest.raises(UsageError, match="set text_column or image_column, not both"):
        Recipe.build({"text_column": "text", "image_column": "img"})


def test_the_column_can_be_named(tmp_path):
    path = write(tmp_path / "d.parquet", [encoded(one) for one in arrays(20)], column="scan")
    assert load(path, image_column="scan").train.space.shape == (1, 8, 8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (encoded(arrays(1, (8, 9))[0]), r"not alike: the first is 8 x 8 grey, that of row 7 is 9 x 8 grey; bring them"),
        (encoded(arrays(1, (8, 8, 3))[0]), "the first is 8 x 8 grey, that of row 7 is 8 x 8 colour"),
        (
            b"no image",
            "the image of row 7 in column 'image' of the train split cannot be read: cannot identify image file;",
        ),
        (
            encoded(arrays(1, (64, 64))[0])[:900],
            "the image of row 7 in column 'image' of the train split cannot be read: .*trunc",
        ),
    ],
)
def test_images_that_cannot_be_used_are_explained(tmp_path, change, message):
    cells = [encoded(one) for one in arrays(20)]
    cells[7] = change
    with pytest.raises(UsageError, match=message) as caught:
        load(write(tmp_path / "d.parquet", cells))
    assert "\n" not in str(caught.value)


def test_images_of_a_test_split_unlike_the_training_ones_are_refused(tmp_path):
    write(tmp_path / "d" / "train.parquet", [encoded(one) for one in arrays(20)])
    write(tmp_path / "d" / "test.parquet", [encoded(one) for one in arrays(20, (9, 9))])
    with pytest.raises(UsageError, match="the first is 8 x 8 grey, that of row 0 is 9 x 9 grey"):
        load(tmp_path / "d")


def test_images_of_16_bits_are_refused(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(arrays(1)[0].astype(np.uint16) * 257).save(buffer, "PNG")
    with pytest.raises(UsageError, match=r"images of mode I;16.*: save them with 8 bits a channel"):
        load(write(tmp_path / "d.parquet", [buffer.getvalue()] * 20))


def test_rows_without_an_image_are_dropped_with_a_note(tmp_path):
    found = arrays(40)
    cells = [None if i in (0, 5, 39) else encoded(one) for i, one in enumerate(found)]
    corpus = load(write(tmp_path / "d.parquet", cells))
    everything = np.concatenate([pixels_of(part) for part in (corpus.train, corpus.validation, corpus.test)])
    kept = [one.tobytes() for i, one in enumerate(found) if cells[i]]
    assert sorted(one.tobytes() for one in everything) == sorted(kept)
    assert corpus.notes[0] == "3 of the 40 rows of the train split have no image: left out"
    with pytest.raises(UsageError, match="column 'image' of the train split holds no image: set image_column"):
        load(write(tmp_path / "none.parquet", [None] * 20))


def test_labels_stay_with_their_images(tmp_path):
    found = arrays(60)
    labels = np.random.default_rng(1).integers(0, 3, 60).tolist()
    corpus = load(write(tmp_path / "d.parquet", [encoded(one) for one in found], labels))
    label_of = {one.tobytes(): label for one, label in zip(found, labels, strict=True)}
    for part in (corpus.train, corpus.validation, corpus.test):
        assert [label_of[one.tobytes()] for one in pixels_of(part)] == part.labels.tolist()


def test_a_second_load_decodes_nothing(tmp_path, monkeypatch):
    path = write(tmp_path / "d.parquet", [encoded(one) for one in arrays(30)])
    decoded = spy(monkeypatch, images, "_pixels")
    first = load(path)
    assert len(decoded) == 30
    again = load(path, seed=3)
    assert len(decoded) == 30
    assert np.array_equal(pixels_of(again.test), pixels_of(first.test))
    assert load(path).fingerprint == first.fingerprint != again.fingerprint


@pytest.mark.parametrize("change", ["pixel", "label"])
def test_the_fingerprint_changes_with_the_data(tmp_path, change):
    found, labels = arrays(30), [0, 1] * 15
    before = load(write(tmp_path / "a.parquet", [encoded(one) for one in found], labels)).fingerprint
    if change == "pixel":
        found[4, 3, 3] ^= 1
    else:
        labels[4] = 1
    assert load(write(tmp_path / "b.parquet", [encoded(one) for one in found], labels)).fingerprint != before


# Outer batches


def shifts(before, after):
    """Every way to have moved one image, (h, w, c), into another, black where nothing was."""
    height, width = before.shape[:2]
    framed = np.pad(before, ((2, 2), (2, 2), (0, 0)))
    found = ((row, column) for row in range(5) for column in range(5))
    return [at for at in found if (framed[at[0] : at[0] + height, at[1] : at[1] + width] == after).all()]


@pytest.mark.parametrize("shape", [(6, 9), (6, 9, 3)])
def test_images_are_shifted_each_by_itself_as_an_outer_step_draws_it(tmp_path, shape):
    split = load(write(tmp_path / "d.parquet", [encoded(one) for one in arrays(200, shape)])).train
    batch = split.batch(torch.arange(len(split)))
    moved, again, other = (batch.augmented(Augmentation(shift=2), 0, step) for step in (4, 4, 5))
    assert torch.equal(moved.pixels, again.pixels) and not torch.equal(moved.pixels, other.pixels)
    found = [shifts(*pair) for pair in zip(batch.pixels.numpy(), moved.pixels.numpy(), strict=True)]
    assert {len(one) for one in found} == {1}  # noise comes from nowhere else
    assert len({one[0] for one in found}) == 25
    assert torch.equal(moved.labels, batch.labels)
    assert batch.augmented(Augmentation(), 0, 4) is batch


def test_half_of_the_images_are_mirrored_as_an_outer_step_draws_it(tmp_path):
    split = load(write(tmp_path / "d.parquet", [encoded(one) for one in arrays(200, (6, 9, 3))])).train
    batch = split.batch(torch.arange(len(split)))
    mirrored, again, other = (batch.augmented(Augmentation(flip=True), 0, step) for step in (4, 4, 5))
    assert torch.equal(mirrored.pixels, again.pixels) and not torch.equal(mirrored.pixels, other.pixels)
    same = [bool((one == two).all()) for one, two in zip(batch.pixels, mirrored.pixels, strict=True)]
    turned = [bool((one.flip(1) == two).all()) for one, two in zip(batch.pixels, mirrored.pixels, strict=True)]
    assert all(one != two for one, two in zip(same, turned, strict=True))  # noise is not symmetric
    assert 0.35 * len(split) < sum(turned) < 0.65 * len(split)
    assert torch.equal(mirrored.labels, batch.labels)
    both = batch.augmented(Augmentation(shift=2, flip=True), 0, 4)
    assert torch.equal(both.pixels, mirrored.augmented(Augmentation(shift=2), 0, 4).pixels)


def test_batches_read_every_image_once_or_some_spread_evenly():
    digits = load_corpus(digits_recipe())
    assert sum(len(batch) for batch in digits.test.batches(100)) == 359
    some = torch.cat([batch.labels for batch in digits.test.batches(7, most=30)])
    assert len(some) == 30
