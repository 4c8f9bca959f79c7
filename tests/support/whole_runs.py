"""Runs compared to the last byte."""

import json
from pathlib import Path

from command import files_below

RANDOM = {"init": "random", "networks": 2, "validation_networks": 2, "test_networks": 3, "ema": 0.9, "warmup": 3}


def lines_of(output: Path) -> list[dict]:
    path = output / "log.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def assert_same_run(output: Path, other: Path) -> None:
    """Equal to the last byte but for the seconds it took."""
    for name in ("distilled.safetensors", "recipe.yaml"):
        assert (output / name).read_bytes() == (other / name).read_bytes(), name
    logs = [[line | {"seconds": 0} for line in lines_of(each)] for each in (output, other)]
    assert logs[0] == logs[1]
    results = [json.loads((each / "results.json").read_text()) for each in (output, other)]
    for each in results:
        del each["distillation"]["seconds"], each["distillation"]["train_seconds"]
    assert results[0] == results[1]
    assert not [name for name in files_below(output) if name.split("/")[-1].startswith(".") and name != ".lock"]
