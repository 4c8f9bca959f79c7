"""Take the pictures of pages in docs/figures: ``make screenshots`` makes small sets and pictures of their pages.

With ``--data-root FOLDER`` the data sets are read from copies below a folder, laid out as on the Hub. Sets that lie in
``--runs`` already are taken as they are. Needs Chromium and playwright, see ``tests/support/browser.py``.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from browser import launched, missing, opened  # noqa: E402

from tdd.data.sources import local_copy  # noqa: E402

FIGURES = ROOT / "docs" / "figures"
SETS = {
    "trec6": ("trec6", ["--n", "60", "--outer-steps", "300"]),
    "trec6-words": ("trec6", ["--n", "60", "--samples", "words", "--outer-steps", "300"]),
    "mnist": ("mnist", ["--n", "100", "--init", "random", "--outer-steps", "100"]),
}
# Width and height of a window, light or dark.
WINDOWS = [(360, 1500, "light"), (1280, 1500, "light"), (1920, 1500, "dark")]
COLORS = 256  # of a picture, which keeps it small


def make_page(name: str, runs: Path, data_root: Path | None) -> Path:
    """The page of one of the `SETS`, made where it is not there yet."""
    run = runs / name
    dataset, settings = SETS[name]
    copy = local_copy(dataset, data_root) if data_root else None
    data = ["--data", copy] if copy else []
    if not (run / "results.json").exists():
        tdd("distill", dataset, *data, *settings, "--output", str(run))
        if dataset == "trec6":
            tdd("evaluate", str(run), "--full")
            tdd("baselines", "--run", str(run), "--only", "random", "--only", "herding")
    tdd("decode", str(run), "--format", "html", "--public")
    return run / "decoded.html"


def tdd(*arguments: str) -> None:
    """Run a command of tdd."""
    subprocess.run([sys.executable, "-m", "tdd", *arguments], check=True, cwd=ROOT)


def save(drawn: bytes, path: Path) -> None:
    """Write a picture as png, with few colours."""
    with Image.open(io.BytesIO(drawn)) as image:
        image.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path} ({path.stat().st_size // 1000} kB)")


def main() -> None:
    """Make the pages, and look at each in every window."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "pages")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--output", type=Path, default=FIGURES)
    parser.add_argument("--both", action="store_true", help="each window in light and in dark")
    options = parser.parse_args()
    if why := missing():
        sys.exit(why)
    options.output.mkdir(parents=True, exist_ok=True)
    pages = {name: make_page(name, options.runs.resolve(), options.data_root) for name in SETS}
    with launched() as browser:
        for name, path in pages.items():
            for width, height, usual in WINDOWS:
                for scheme in ("light", "dark") if options.both else (usual,):
                    with opened(browser, path, width, height, scheme) as shown:
                        tail = f"-{scheme}" if options.both else ""
                        save(shown.screenshot(), options.output / f"page-{name}-{width}{tail}.png")
        with opened(browser, pages["trec6-words"], 1280, 1000) as shown:
            shown.get_by_label("Find a word").fill("who")
            shown.locator("#samples").scroll_into_view_if_needed()
            shown.evaluate("document.getElementById('samples').scrollIntoView()")
            shown.locator("article:visible .words").first.focus()
            shown.keyboard.press("ArrowRight")
            save(shown.screenshot(), options.output / "page-trec6-words-search.png")


if __name__ == "__main__":
    main()
