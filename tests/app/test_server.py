"""The local page: what it serves, what it refuses."""

from __future__ import annotations

import socket

import pytest
from starlette.testclient import TestClient

from labelbits.app import address, build_app, claim
from labelbits.app.guard import Door
from labelbits.app.state import state
from labelbits.errors import InputError
from labelbits.planning import Plan, plan, replan
from tests.report.plans import plan_of

PLAN = """
[dataset]
items = 40
classes = 3
dims = 2
[budget]
amount = 40
[[signal]]
kind = "hard"
price = 0.05
[[signal]]
kind = "triplet"
price = 0.02
"""


def test_the_state_of_the_page_needs_no_crossovers() -> None:
    """They are nine tenths of the work with thirty options, and stand behind the advice."""
    made = plan_of([f"option {number}" for number in range(5)])
    whole, quick = replan(made, amount=30.0), replan(made, amount=30.0, crossed=False)
    assert (len(whole.crossovers), quick.crossovers) == (10, [])
    assert state(quick) == state(whole)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("plan") / "plan.toml"
    path.write_text(PLAN, encoding="utf-8")
    return plan(path, seed=0)


@pytest.fixture(scope="module")
def client(made: Plan) -> TestClient:
    return TestClient(build_app(made))


def test_the_page_holds_a_slider_for_every_price(client: TestClient) -> None:
    page = client.get("/").text
    assert page.count("type='range'") == 3
    assert "data-name='triplet'" in page
    assert "{{" not in page
    assert client.get("/plotly.js").status_code == 200


def test_money_moves_the_advice(client: TestClient) -> None:
    poor = client.post("/replan", json={"amount": 5, "prices": {}}).json()
    rich = client.post("/replan", json={"amount": 40, "prices": {"triplet": 0.001}}).json()
    assert poor["sentence"] != rich["sentence"]
    assert "triplet" in rich["sentence"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b"[]", 400),
        (b"[" * 10_000, 400),
        (b'{"amount": "x"}', 400),
        (b'{"amount": -1}', 422),
        (b'{"amount": true}', 400),
        (b'{"amount": 40, "prices": {"hard": true}}', 400),
        (b'{"amount": NaN}', 422),
        (b'{"amount": 1e999}', 422),
        (b'{"amount": 1e13}', 422),
        (b'{"amount": 0}', 422),
        (b'{"amount": 1e-300}', 422),
        (b'{"amount": 1' + b"0" * 5000 + b"}", 400),
        (b'{"amount": 40, "prices": {"hard": 1e999}}', 422),
        (b'{"amount": 40, "prices": {"hard": NaN}}', 422),
        (b'{"amount": 40, "prices": {"hard": 0}}', 422),
        (b'{"amount": 40, "prices": {"hard": 1e-320}}', 422),
        (b'{"amount": 40, "prices": {"hard": 1e300, "triplet": 1e300}}', 422),
        (b'{"amount": 1, "prices": {"nothing": 1}}', 422),
        (b" " * 100_000, 413),
    ],
)
def test_what_is_wrong_is_refused(client: TestClient, body: bytes, status: int) -> None:
    answer = client.post("/replan", content=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_other_hosts_are_refused(client: TestClient) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("port", [65_536, -1, 22 * 10**9])
def test_a_port_that_cannot_be_is_one_message(port: int) -> None:
    with pytest.raises(InputError, match=f"--port {port} cannot be used"):
        claim(port)


def test_small_answers_do_not_wait_for_a_browser_to_confirm_them() -> None:
    """asyncio turns that wait off where the socket of a connection says that it is TCP."""
    with claim(0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP


def test_a_taken_port_is_said_and_0_takes_a_free_one() -> None:
    with claim(0) as taken:
        port = taken.getsockname()[1]
        assert port > 0
        assert address(taken, "t") == f"http://127.0.0.1:{port}/?token=t"
        with pytest.raises(InputError, match="another one"):
            claim(port)


def test_every_answer_says_what_a_page_may_do(client: TestClient) -> None:
    answers = [client.get(path) for path in ("/", "/report", "/plan.json", "/page.js", "/nothing")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self'" in policy or "script-src 'sha256-" in policy
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
        assert answer.headers["x-content-type-options"] == "nosniff"


HERE = "127.0.0.1:8765"
TOKEN = "a-token"


@pytest.fixture(scope="module")
def guarded(made: Plan) -> TestClient:
    """The page as it is served: one address, a token."""
    app = build_app(made, Door((HERE, "localhost:8765"), TOKEN))
    return TestClient(app, base_url=f"http://{HERE}")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": f"http://{HERE}"}, 200),
        ({"host": "localhost:8765"}, 200),
        ({"host": "evil.example:8765"}, 400),  # a name that was turned to this machine
        ({"host": "127.0.0.1"}, 400),
        ({"host": "127.0.0.1:80"}, 400),
        ({"host": ""}, 400),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost:8765"}, 403),  # another origin than the host that is asked
        ({"origin": f"https://{HERE}"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"x-labelbits-token": "wrong"}, 403),
        ({"x-labelbits-token": ""}, 403),
        ({"content-type": "text/plain"}, 415),  # what a form of another site could send
    ],
)
def test_only_the_page_itself_may_ask(
    guarded: TestClient, headers: dict[str, str], status: int
) -> None:
    given = {"x-labelbits-token": TOKEN, "content-type": "application/json", **headers}
    answer = guarded.post("/replan", content=b'{"amount": 40}', headers=given)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("path", ["/", "/report", "/plan.json", "/plotly.js", "/?token=", "/x"])
def test_without_the_token_nothing_is_told(guarded: TestClient, path: str) -> None:
    answer = guarded.get(path)
    assert answer.status_code == 403
    assert "open the whole address" in answer.json()["error"]
    seen = guarded.get(path, headers={"accept": "text/html,*/*"})  # a person's browser
    assert seen.status_code == 403
    assert seen.text.startswith("<!doctype html>")
    assert "open the whole address" in seen.text


def test_an_address_of_many_fields_is_no_fault(guarded: TestClient) -> None:
    many = "&".join(f"name={number}" for number in range(600))
    assert guarded.get(f"/files?{many}").status_code == 403
    known = {"x-labelbits-token": TOKEN}
    assert guarded.get(f"/plan.json?{many}", headers=known).status_code == 200


def test_the_token_moves_from_the_address_to_a_cookie(guarded: TestClient) -> None:
    first = guarded.get(f"/?token={TOKEN}", follow_redirects=False)
    assert first.status_code == 303
    assert first.headers["location"] == "/"
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=strict" in first.headers["set-cookie"]
    try:
        assert guarded.get("/").status_code == 200
        # The rest of the address is kept, and stays on this page.
        for asked, to in (
            (f"/result?run=a%20b&token={TOKEN}&price=1%20x", "/result?run=a%20b&price=1%20x"),
            (f"//evil.example/?token={TOKEN}", "/evil.example/"),
        ):
            told = guarded.get(f"http://{HERE}{asked}", follow_redirects=False)
            assert told.headers["location"] == to
    finally:
        guarded.cookies.clear()
