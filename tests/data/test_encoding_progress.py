"""Encoding that takes a while says how far it is; short or cached encoding says nothing."""

from pathlib import Path

import pytest
from data_files import TWO_CLASSES, Load, write_csv

from tdd.data import columns
from tdd.system.reporter import Reporter


@pytest.fixture
def unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file, and a cache in which nothing of it lies."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "datasets")
    return write_csv(tmp_path / "two.csv", TWO_CLASSES)


@pytest.fixture(autouse=True)
def progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reporter, "enabled", True)


def test_long_encoding_is_told_once_a_split(load: Load, unread: Path, monkeypatch, capsys):
    monkeypatch.setattr(columns, "TOLD_AFTER", -1.0)
    load(unread)
    assert capsys.readouterr().err == "100/100  encoding the train split\n"
    load(unread)
    assert capsys.readouterr().err == ""  # it was cached


def test_short_encoding_is_not_told(load: Load, unread: Path, capsys):
    load(unread)
    assert capsys.readouterr().err == ""


def test_who_wants_silence_has_it(load: Load, unread: Path, monkeypatch, capsys):
    monkeypatch.setattr(columns, "TOLD_AFTER", -1.0)
    monkeypatch.setattr(Reporter, "enabled", False)
    load(unread)
    assert capsys.readouterr().err == ""
