"""The local page: what it serves, what it refuses."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from labelbits.app import build_app
from labelbits.planning import plan

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


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    path = tmp_path_factory.mktemp("plan") / "plan.toml"
    path.write_text(PLAN, encoding="utf-8")
    return TestClient(build_app(plan(path, seed=0)))


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
        (b'{"amount": NaN}', 422),
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
