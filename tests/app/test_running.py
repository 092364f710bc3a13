"""The page under attack: slow and half-sent requests, other sites, Ctrl-C in the middle."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from labelbits.app.connections import MOST_WAITING, REQUEST_SECONDS
from tests.app.running import Running
from tests.browser import Watched
from tests.report.texts import HOSTILE


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    page = Running()
    yield page
    page.stop()


@pytest.fixture(scope="module")
def hostile() -> Iterator[Running]:
    """A page whose plan holds hostile texts wherever it can."""
    page = Running("hostile")
    yield page
    page.stop()


def settled(page: Any) -> None:
    """Wait until the page shows the answer to its last question."""
    page.wait_for_selector("#verdict:not(.waiting)")


def _ended(connection: socket.socket) -> bool:
    """Has the server ended it? A close that leaves what was sent unread arrives as a reset."""
    try:
        return connection.recv(1000) == b""
    except ConnectionResetError:
        return True


def test_slow_connections_do_not_keep_others_out_and_end(running: Running) -> None:
    began = time.monotonic()
    with contextlib.ExitStack() as open_ones:

        def connect(sent: str) -> socket.socket:
            return open_ones.enter_context(contextlib.closing(running.connect(sent)))

        slow = [connect("GET / HTTP/1.1\r\nHost: 127") for _ in range(300)]
        body = connect(running.head("POST /replan HTTP/1.1", "Content-Length: 9") + '{"a')
        answer = running.ask(running.head("GET /plan.json HTTP/1.1", "Connection: close"))
        assert answer.startswith("HTTP/1.1 200")
        # The oldest made room at once.
        assert all(_ended(one) for one in slow[:-MOST_WAITING])
        assert time.monotonic() - began < REQUEST_SECONDS
        for one in (slow[-1], body):  # bytes that trickle in do not move the deadline
            time.sleep(1)
            one.send(b"x")
            assert _ended(one)
        assert time.monotonic() - began > REQUEST_SECONDS - 0.5


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("GET / HTTP/1.1\r\nHost: {host}\r\n", 403),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\nX-Labelbits-Token: {token}\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n", 400),
        ("GET / HTTP/1.0\r\n", 400),
        ("GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n", 400),
        ("GET /../../etc/passwd HTTP/1.1\r\nHost: {host}\r\nX-Labelbits-Token: {token}\r\n", 404),
        ("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n", 403),
        ("\x16\x03\x01 not http", 400),
    ],
)
def test_raw_requests_that_are_wrong_are_refused(running: Running, sent: str, status: int) -> None:
    host = f"127.0.0.1:{running.port}"
    whole = sent.replace("{host}", host).replace("{token}", running.token)
    answer = running.ask(f"{whole}Connection: close\r\n\r\n")
    assert answer.split()[1] == str(status), answer[:300]


def test_the_page_answers_sliders_from_this_machine_alone(running: Running, browser: Any) -> None:
    seen = Watched(browser)
    seen.open(running.address)
    page = seen.page
    assert page.url == f"http://127.0.0.1:{running.port}/"  # the token is out of sight
    first = page.inner_text("#sentence")
    page.locator("input[data-kind=budget]").fill("-0.9")
    settled(page)
    assert page.inner_text("#sentence") != first
    assert page.inner_text("#problem") == ""
    assert page.locator("#rows tr").count() == 2
    page.locator("#reset").click()
    settled(page)
    assert page.inner_text("#sentence") == first
    page.set_viewport_size({"width": 390, "height": 850})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert seen.errors == []
    assert all(url.startswith(f"http://127.0.0.1:{running.port}/") for url in seen.requests)
    page.close()


def test_no_text_of_a_plan_is_obeyed_by_the_page(hostile: Running, browser: Any) -> None:
    seen = Watched(browser)
    seen.open(hostile.address)
    page = seen.page
    page.locator("input[data-kind=price]").first.fill("0.5")
    settled(page)
    assert seen.errors == []
    assert page.evaluate("window.pwned") is None
    assert page.locator("img, svg[onload], [onmouseover]").count() == 0
    shown = page.inner_text("#rows")
    for text in (HOSTILE["comment"], HOSTILE["image"], HOSTILE["template"], r"\x1b[31m"):
        assert text in shown
    page.close()


def test_ctrl_c_stops_whatever_is_open(hostile: Running) -> None:
    page = hostile
    half = page.connect(page.head("POST /replan HTTP/1.1", "Content-Length: 100") + "{")
    unread = page.connect(page.head("GET /plotly.js HTTP/1.1"))
    idle = page.connect()
    time.sleep(0.3)
    status, seconds = page.stop()
    assert status == 0
    assert seconds < 5
    for one in (half, unread, idle):
        one.close()


def test_ctrl_c_ends_a_run_that_is_under_way() -> None:
    page = Running("empty")
    text = "[dataset]\nitems = 5000\nclasses = 5\ndims = 3\n[budget]\namount = 900\n"
    body = json.dumps({"text": text + '[[signal]]\nkind = "hard"\nprice = 0.05\n'})

    def posted(path: str, body: str) -> str:
        head = page.head(
            f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}", "Connection: close"
        )
        return page.ask(head + body)

    assert " 200 " in posted("/api/draft", body).partition("\n")[0]
    assert '"running"' in posted("/api/run", "")
    status, seconds = page.stop()
    assert status == 0
    assert seconds < 5


def test_ctrl_c_ends_what_would_be_read_and_worked_out_for_minutes() -> None:
    page = Running("slow")
    text = "a," * 2_000_000  # so many columns take a reader minutes
    head = page.head(
        "POST /api/upload?name=slow.csv HTTP/1.1", f"Content-Length: {len(text)}",
        "Content-Type: application/octet-stream",
    )  # fmt: skip
    reading = page.connect(head + text)
    working = page.connect(page.head("GET /slow HTTP/1.1"))
    time.sleep(2)
    status, seconds = page.stop()
    assert status == 0
    assert seconds < 5
    reading.close()
    working.close()
