"""What a bug report tells."""

import json
import platform

import torch

from tdd.system.environment import environment


def test_the_environment_tells_versions_and_device_and_nobody(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "someone"))
    monkeypatch.setenv("HOME", "/home/someone")
    found = environment()
    assert found["torch"] == torch.__version__ and found["tdd"] and found["device"] and found["cache"] == "0 MB"
    assert "HF_TOKEN" in found["set variables"]
    text = json.dumps(found)

    for secret in ("hf_secret", "someone", platform.node()):
        assert not secret or secret not in text
