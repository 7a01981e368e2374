"""Debian's Chromium, driven by Playwright's client; tests that need it skip with the reason where it is not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def page(width: int = 1000, height: int = 800) -> Iterator[Any]:
    """Open a page that reaches nothing but this machine; errors of its scripts fail the test."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright's Python client is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=program, args=arguments)
        opened = browser.new_page(viewport={"width": width, "height": height})
        errors: list[str] = []
        asked: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("request", lambda request: asked.append(request.url))
        yield opened
        browser.close()
    assert not errors
    far = [url for url in asked if not url.startswith(("file:", "data:", "http://127.0.0.1"))]
    assert not far, far


def picture(opened: Any, name: str) -> None:
    """Keep a screenshot where DRYSTONE_SCREENSHOTS says, to be looked at."""
    if folder := os.environ.get("DRYSTONE_SCREENSHOTS"):
        capture(opened, Path(folder) / f"{name}.png")


def capture(opened: Any, path: Path) -> None:
    """Take a screenshot; Chromium sometimes cannot at the first try where the machine is busy."""
    from playwright.sync_api import Error

    for attempt in range(3):
        try:
            opened.screenshot(path=str(path))
            return
        except Error as error:
            if "Unable to capture" not in str(error) or attempt == 2:
                raise
            opened.wait_for_timeout(500)
