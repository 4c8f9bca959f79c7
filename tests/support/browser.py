"""A headless Chromium of this machine, driven by playwright; pages may load nothing but themselves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

REQUIRED = "TDD_BROWSER"
"""Set to "required" where a check without a browser is to fail, not to be skipped: in ``.ci/run``."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def executable() -> str | None:
    """The browser's path; None: there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def missing() -> str | None:
    """What the check needs and this machine lacks, in a few words; None: nothing."""
    absent = [name for name in ("playwright", "axe_playwright_python") if find_spec(name) is None]
    if absent:
        return f"{absent[0]} is not installed: pip install playwright axe-playwright-python"
    return None if executable() else "there is no Chromium: apt-get install chromium"


def skip_or_fail() -> None:
    """Skip what needs a browser where there is none, or fail where it is required."""
    if why := missing():
        (pytest.fail if os.environ.get(REQUIRED) == "required" else pytest.skip)(why)


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root, as in a container, it has no sandbox; pages here are our own.
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, path: Path, width: int = 1280, height: int = 900, scheme: str = "light") -> Iterator[Page]:
    """A page in a window of this width, in pixels; afterwards nothing was loaded and nothing said on its console."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page, said, loaded = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(path.as_uri())
    try:
        yield page
        assert said == []
        assert [url for url in loaded if not url.startswith("data:")] == [path.as_uri()]
    finally:
        context.close()
