"""What is kept is listed by kind, and removed on request; nothing else is."""

import pytest
from command import tdd

from tdd.system.files import cache_folder, write_json, write_text


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TDD_CACHE", str(tmp_path / "cache"))


def test_what_is_kept_is_listed_and_removed_by_kind(tmp_path):
    assert tdd("cache").out.splitlines() == [f"0 B in {tmp_path / 'cache'}"]
    write_json(cache_folder() / "hidden" / "ab" / "about.json", {"about": "minilm last:2"})
    write_text(cache_folder() / "hidden" / "ab" / "x.safetensors", "1" * 5000)
    write_json(cache_folder() / "vectors" / "cd" / "meta.json", {"name": "glove.txt"})
    write_json(cache_folder() / "full" / "ef.json", {"accuracy": 1})
    write_text(cache_folder() / "mine" / "note.txt", "not ours")
    *lines, total = tdd("cache").out.splitlines()
    assert [line.split()[0] for line in lines] == ["hidden", "vectors", "full"]
    assert "minilm last:2" in lines[0] and lines[0].endswith("5.0 kB") and "glove.txt" in lines[1]
    assert total == f"5.1 kB in {tmp_path / 'cache'}"
    assert tdd("cache", "--remove", "hidden").out.splitlines()[-1].startswith("removed 5.0 kB in ")
    assert not (cache_folder() / "hidden" / "ab").exists() and (cache_folder() / "vectors" / "cd").exists()
    assert tdd("cache", "--remove", "all").code == 0
    assert not list((cache_folder() / "vectors").iterdir()) and (cache_folder() / "mine" / "note.txt").exists()
    refused = tdd("cache", "--remove", "hiden")
    assert refused.code == 2 and refused.one_line() == "nothing of a kind 'hiden' is kept; did you mean 'hidden'?"
