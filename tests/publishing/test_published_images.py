"""A published set of images is the set, to the last bit, for whoever reads it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from command import tdd
from datasets import Dataset
from hub_server import HubServer
from publishing import assert_labels_and_rates, fresh_process

from tdd.distilled_set.set import DistilledSet
from tdd.inspection.pictures import pictures
from tdd.publishing.contents import contents
from tdd.settings.recipe import Recipe


@pytest.mark.slow
def test_plain_datasets_read_images_to_the_last_bit(hub: HubServer, digits_run: Path, repo: str):
    assert tdd("push", digits_run, repo).code == 0
    made = DistilledSet.from_pretrained(digits_run)
    code = f"""
import json, sys
from datasets import Image, load_dataset
from numpy import asarray
found = {{}}
for name in ("default", "embeddings"):
    table = load_dataset({repo!r}, *([] if name == "default" else [name]), split="train")
    found[name] = {{column: table[column][:] for column in table.column_names}}
    found[name]["names"] = table.features["label"].names
    if name == "default":
        assert isinstance(table.features["image"], Image)
        assert all(image.format == "PNG" for image in table["image"])
        found[name]["image"] = [asarray(image).tolist() for image in table["image"]]
assert not any(name == "tdd" or name.startswith("tdd.") for name in sys.modules)
print(json.dumps(found))
"""
    found = json.loads(fresh_process(code).splitlines()[-1])
    for table in found.values():
        assert_labels_and_rates(table, made)
        assert table["step"] == [0] * 10 + [1] * 10 and table["index"] == [*range(10), *range(10)]
    assert torch.equal(torch.tensor(found["embeddings"]["embedding"]), made.samples.flatten(0, 1))
    assert np.array_equal(found["default"]["image"], [one.pixels[:, :, 0] for one in pictures(made)])


def test_images_in_colour_are_published_as_such(tmp_path: Path):
    source = {"dataset": "pets", "pixel_mean": "0.5 0.4 0.3", "pixel_sd": "0.2 0.3 0.4"}
    recipe = Recipe(dataset="pets", network="convnet", n=2, steps=1)
    made = DistilledSet(torch.randn(1, 2, 3, 5, 7), torch.eye(2)[None], torch.ones(1, 1), ["a", "b"], recipe, source)
    (tmp_path / "train.parquet").write_bytes(contents(made, "me/x")["default/train.parquet"])
    table = Dataset.from_parquet(str(tmp_path / "train.parquet"))
    assert np.array_equal([np.asarray(image) for image in table["image"]], [one.pixels for one in pictures(made)])
