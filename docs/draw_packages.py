"""Draw the packages of tdd and what each imports, from the code: ``make picture`` writes docs/figures/packages.svg.

A row and a column for each package, in the order of the contract in pyproject.toml, from the command line down. A
number says how many imports the package of its row has of the package of its column. All of them lie right of the
diagonal, but for the exception that the contract names.
"""

from __future__ import annotations

import importlib
import tomllib
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "figures" / "packages.svg"
CELL, NAMES, ABOUT, TOP = 34, 130, 720, 120
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1b1f24 }
.about { fill: #57606a; font-size: 12px }
.cell { fill: #f3f5f7 } .used { fill: #b6d7f2 } .own { fill: #d0d7de } .upward { fill: #f5b5a8 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .about { fill: #9aa4af }
  .cell { fill: #1c2128 } .used { fill: #1f4b75 } .own { fill: #3a424c } .upward { fill: #7d2f22 }
}
"""


def layers() -> list[str]:
    """The packages in their order, from pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    return next(contract["layers"] for contract in contracts if contract["type"] == "layers")


def imports(packages: list[str]) -> dict[tuple[str, str], int]:
    """How many imports each package has of each other one."""
    graph = grimp.build_graph("tdd")
    counts: dict[tuple[str, str], int] = {}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            pair = tuple(name.split(".")[1] if "." in name else "" for name in (module, imported))
            if set(pair) <= set(packages) and pair[0] != pair[1]:
                counts[pair] = counts.get(pair, 0) + 1
    return counts


def draw() -> str:
    """The picture as SVG."""
    packages = layers()
    counts = imports(packages)
    width, height = NAMES + CELL * len(packages) + 20 + ABOUT, TOP + CELL * len(packages) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="The packages of tdd and what each imports">',
        f"<style>{STYLE}</style>",
    ]
    for row, package in enumerate(packages):
        y = TOP + CELL * row
        middle = y + CELL / 2 + 4
        parts.append(f'<text x="{NAMES - 8}" y="{middle}" text-anchor="end">{package}</text>')
        x = NAMES + CELL * row + CELL / 2
        parts.append(f'<text transform="translate({x + 4} {TOP - 8}) rotate(-60)">{package}</text>')
        about = (importlib.import_module(f"tdd.{package}").__doc__ or "").strip().splitlines()[0]
        left = NAMES + CELL * len(packages) + 16
        parts.append(f'<text class="about" x="{left}" y="{middle}">{escape(about)}</text>')
        for column, other in enumerate(packages):
            count = counts.get((package, other), 0)
            kind = "own" if row == column else "cell" if not count else "used" if column > row else "upward"
            left = NAMES + CELL * column
            parts.append(
                f'<rect class="{kind}" x="{left + 1}" y="{y + 1}" width="{CELL - 2}" height="{CELL - 2}" rx="3"/>'
            )
            if count:
                parts.append(f'<text x="{left + CELL / 2}" y="{middle}" text-anchor="middle">{count}</text>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    print(PICTURE.relative_to(ROOT))
