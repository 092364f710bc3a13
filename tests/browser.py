"""A real browser for tests: Debian's Chromium, driven by playwright, without a network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

#: Milliseconds that a page may take on a machine that does much else.
PATIENCE = 120_000
#: Set where a missing browser is a failure and no reason to skip.
REQUIRED = "LABELBITS_BROWSER"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def chromium() -> str:
    """The browser's path; the test is skipped where there is none."""
    found = shutil.which("chromium")
    if found is None:
        missing = "no browser: apt-get install chromium"
        if os.environ.get(REQUIRED):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@contextmanager
def browsing(folder: Path) -> Iterator[Any]:
    """A browser with a fresh profile in `folder`."""
    if os.environ.get(REQUIRED):
        from playwright import sync_api
    else:
        sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(folder), executable_path=chromium(), args=list(FLAGS)
        )
        try:
            yield context
        finally:
            context.close()


class Watched:
    """A page, and what went on in it: errors, what a script said, what it asked the network for."""

    def __init__(self, context: Any, scheme: str = "light", width: int = 1200) -> None:
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": 850})
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def open(self, address: str) -> None:
        """Open an address and wait until its first figure is drawn."""
        self.page.goto(address)
        self.page.wait_for_selector(".figure .main-svg", timeout=PATIENCE)
