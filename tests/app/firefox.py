"""Debian's Firefox for one test, driven over Marionette, the protocol it speaks itself.

Messages are `length:[kind, number, command, parameters]`; no driver beside the browser is needed.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser import REQUIRED

#: Nothing of the browser's own may reach for a network.
PREFERENCES = """
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("marionette.port", 0);
"""


class Firefox:
    """One session."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._count = 0
        self._read()  # its greeting
        self.send("WebDriver:NewSession", capabilities={})

    def _read(self) -> Any:
        size = b""
        while not size.endswith(b":"):
            size += self._socket.recv(1)
        left, text = int(size[:-1]), b""
        while len(text) < left:
            text += self._socket.recv(left - len(text))
        return json.loads(text)

    def send(self, command: str, **given: Any) -> Any:
        """The answer to a command; a fault of the browser is an assertion."""
        self._count += 1
        text = json.dumps([0, self._count, command, given]).encode()
        self._socket.sendall(str(len(text)).encode() + b":" + text)
        _, _, fault, found = self._read()
        assert fault is None, fault
        return found.get("value") if isinstance(found, dict) and "value" in found else found

    def run(self, script: str) -> Any:
        """What a function's body returns on the page."""
        return self.send("WebDriver:ExecuteScript", script=script, args=[], scriptTimeout=30_000)

    def until(self, script: str, seconds: float = 60) -> Any:
        """Wait until the body returns something true."""
        end = time.monotonic() + seconds
        while not (found := self.run(script)):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.2)
        return found

    def type(self, selector: str, text: str) -> None:
        """Send keys to an element, or to a field of files the path of one."""
        found = self.send("WebDriver:FindElement", using="css selector", value=selector)
        number = next(iter(found.values()))
        self.send("WebDriver:ElementSendKeys", id=number, text=text)

    def close(self) -> None:
        self._socket.close()


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """A browser with a fresh profile in `folder`; the test is skipped where there is none."""
    found = shutil.which("firefox-esr") or shutil.which("firefox")
    if found is None:
        missing = "no Firefox: apt-get install firefox-esr"
        if os.environ.get(REQUIRED):
            pytest.fail(missing)
        pytest.skip(missing)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "user.js").write_text(PREFERENCES, encoding="utf-8")
    process = subprocess.Popen(
        [found, "--headless", "--marionette", "--no-remote", "--profile", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "MOZ_HEADLESS": "1", "HOME": str(folder)},
    )  # fmt: skip
    session = None
    try:
        told, end = folder / "MarionetteActivePort", time.monotonic() + 60
        while not told.exists() or not told.read_text().strip():
            assert process.poll() is None, "Firefox ended"
            assert time.monotonic() < end, "Firefox did not start"
            time.sleep(0.1)
        session = Firefox(int(told.read_text()))
        yield session
    finally:
        if session is not None:
            session.close()
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
