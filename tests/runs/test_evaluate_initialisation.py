"""A run is tested with networks drawn otherwise, and keeps both figures."""

import json
import shutil

from command import tdd


def test_the_figures_of_other_initialisations_stand_beside_those_of_the_set(uninterrupted, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(uninterrupted, run)
    before = json.loads((run / "results.json").read_text())["evaluation"]
    for way in ("orthogonal", "torch*2"):
        done = tdd("evaluate", run, "--initialisation", way, "--networks", 3)
        assert done.code == 0, done.err
        assert f"random, {way} initialisation: test accuracy" in done.out
    after = json.loads((run / "results.json").read_text())["evaluation"]
    assert list(after) == ["random", "random, orthogonal", "random, torch*2"]
    assert after["random"] == before["random"] and after["random, orthogonal"]["networks"] == 3
    assert "| this set: random, orthogonal | 3 |" in (run / "README.md").read_text()
    assert tdd("compare", run).out.count("random, torch*2 (made for random)") == 1

    line = tdd("evaluate", run, "--initialisation", "orthogonall").one_line()
    assert line == "--initialisation: no initialisation 'orthogonall'; did you mean 'orthogonal'?"
    line = tdd("evaluate", run, "--initialisation", "torch", "--full").one_line()
    assert line == "--initialisation tests fresh networks alone: measure the rest without it"
