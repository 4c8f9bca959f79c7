"""The documentation of faults keeps to what is tested."""

import re
from pathlib import Path


def test_every_fault_that_the_documentation_lists_has_its_test():
    here = Path(__file__).parent
    listed = re.findall(r"`(test_\w+)`", (here.parents[1] / "docs/faults.md").read_text())
    tests = {name for path in here.glob("test_*.py") for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)}
    assert len(listed) > 20 and set(listed) <= tests
