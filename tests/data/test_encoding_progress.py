"""Encoding that takes a while says how far it is; short or cached encoding says nothing."""

from pathlib import Path

import pytest
from data_files import Load

from tdd.data import columns
from tdd.system.reporter import Reporter


@pytest.fixture(autouse=True)
def progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reporter, "enabled", True)


def test_long_encoding_is_told_once_a_split(load: Load, two_classes: Path, monkeypatch, capsys):
    monkeypatch.setattr(columns, "TOLD_AFTER", -1.0)
    load(two_classes)
    assert capsys.readouterr().err == "100/100  encoding the train split\n"
    load(two_classes)
    assert capsys.readouterr().err == ""  # it was cached


def test_short_encoding_is_not_told(load: Load, two_classes: Path, capsys):
    load(two_classes)
    assert capsys.readouterr().err == ""


def test_who_wants_silence_has_it(load: Load, two_classes: Path, monkeypatch, capsys):
    monkeypatch.setattr(columns, "TOLD_AFTER", -1.0)
    monkeypatch.setattr(Reporter, "enabled", False)
    load(two_classes)
    assert capsys.readouterr().err == ""
