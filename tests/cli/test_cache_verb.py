"""What is kept is listed by kind, and removed on request; nothing else is."""

import pytest
from command import distil_command, tdd

from tdd.system.files import cache_folder, write_json, write_text


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "datasets")


def test_what_is_kept_is_listed_and_removed_by_kind(tmp_path):
    assert tdd("cache").out.splitlines() == [f"0 B in {tmp_path / 'cache'} and {tmp_path / 'datasets' / 'tdd'}"]
    write_json(cache_folder() / "hidden" / "ab" / "about.json", {"about": "minilm last:2"})
    write_text(cache_folder() / "hidden" / "ab" / "x.safetensors", "1" * 5000)
    write_json(cache_folder() / "vectors" / "cd" / "meta.json", {"name": "glove.txt"})
    write_json(cache_folder() / "full" / "ef.json", {"accuracy": 1})
    write_text(cache_folder() / "mine" / "note.txt", "not ours")
    *lines, total = tdd("cache").out.splitlines()
    assert [line.split()[0] for line in lines] == ["vectors", "hidden", "full"]
    assert "minilm last:2" in lines[1] and lines[1].endswith("5.0 kB") and "glove.txt" in lines[0]
    assert "accuracies of networks trained on all data (1)" in lines[2]
    assert total.startswith(f"5.1 kB in {tmp_path / 'cache'} and ")
    assert tdd("cache", "--remove", "hidden").out.splitlines()[-1].startswith("removed 5.0 kB in ")
    assert not (cache_folder() / "hidden" / "ab").exists() and (cache_folder() / "vectors" / "cd").exists()
    assert tdd("cache", "--remove", "all").code == 0
    assert not list((cache_folder() / "vectors").iterdir()) and (cache_folder() / "mine" / "note.txt").exists()
    refused = tdd("cache", "--remove", "hiden")
    assert refused.code == 2 and refused.one_line() == "nothing of a kind 'hiden' is kept; did you mean 'hidden'?"


def test_encoded_data_are_listed_by_their_file_and_made_again_when_they_are_gone(given, tmp_path):
    others = tmp_path / "datasets" / "stanfordnlp___imdb" / "rows.arrow"
    write_text(others, "of datasets")
    command = distil_command(*given, tmp_path / "run", outer_steps=1)
    assert tdd(*command).code == 0
    listed = [line for line in tdd("cache").out.splitlines() if line.startswith("data ")]
    assert len(listed) == 1 and str(given[0]) in listed[0] and listed[0].endswith(" kB")
    assert [line.split()[0] for line in tdd("cache", "--remove", "data").out.splitlines()] == ["data", "removed"]
    assert not [line for line in tdd("cache").out.splitlines() if line.startswith("data ")] and others.exists()
    assert tdd("evaluate", tmp_path / "run").code == 0
