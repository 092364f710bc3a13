"""Plans on the page: edited as files, moved with money, kept as scenarios, shared as one file."""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from labelbits.app import build_app
from labelbits.app.drafts import Draft, changed, first_draft
from labelbits.app.workspace import Workspace
from labelbits.errors import InputError
from labelbits.planning import Plan, plan, read_plan
from labelbits.planning.spec.planwriter import plan_text
from tests.report.texts import HOSTILE

TEXT = """# my plan
[dataset]
items = 40
classes = 3
dims = 2
[budget]
amount = 45
spent = 5
fee = 0.01
[[signal]]
kind = "hard"
price = 0.05
[[signal]]
kind = "votes"
answers_per_item = 3
price = 0.05
[[signal]]
kind = "triplet"
seconds = 6
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("plan") / "mine.toml"
    path.write_text(TEXT, encoding="utf-8")
    return plan(path, seed=0)


@pytest.fixture
def work(made: Plan) -> Iterator[Workspace]:
    space = Workspace()
    space.keep(made, Draft(TEXT, space.folder, "mine"))
    yield space
    space.close()


@pytest.fixture
def client(work: Workspace) -> TestClient:
    return TestClient(build_app(work))


def written(client: TestClient, **money: Any) -> dict[str, Any]:
    return tomllib.loads(client.post("/api/plan-file", json=money).json()["text"])


def test_a_plan_file_that_is_taken_away_finds_its_files(
    client: TestClient, work: Workspace, tmp_path: Path
) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    (home / "data").mkdir(parents=True)
    away.mkdir()
    (home / "data" / "answers.csv").write_text("item,label\na,x\nb,y\n", encoding="utf-8")
    there = str(home / "data" / "answers.csv")
    text = TEXT.replace("classes = 3", 'pilot = ["data/answers.csv"]\nclass_names = ["x", "y"]')
    work.draft = Draft(text, home)
    kept = client.post("/api/draft/kept", json={"text": text}).json()["text"]
    (away / "plan.toml").write_text(kept, encoding="utf-8")
    assert list(read_plan(away / "plan.toml").dataset.pilot) == [there]
    assert kept.startswith("# my plan")
    # What is no file stays as it is, and so does a text that names none.
    assert tomllib.loads(kept)["dataset"]["class_names"] == ["x", "y"]
    assert Draft(TEXT, home).anywhere() == TEXT
    assert Draft("no = [toml", home).anywhere() == "no = [toml"


def test_money_that_was_moved_is_in_the_plan_file(
    client: TestClient, made: Plan, tmp_path: Path
) -> None:
    prices = {"hard": 0.11, "votes x 3": 0.11, "triplet": 0.03}
    answer = client.post("/api/plan-file", json={"amount": 20, "prices": prices})
    path = tmp_path / "moved.toml"
    path.write_text(answer.json()["text"], encoding="utf-8")
    again = plan(path, seed=0)
    moved = client.post("/replan", json={"amount": 20, "prices": prices}).json()
    assert again.budget == pytest.approx(20)
    assert {c.family.name: c.family.price.amount for c in again.curves} == pytest.approx(prices)
    assert again.recommendation["sentence"] == moved["sentence"]
    assert read_plan(path).budget.spent == 5


def test_a_vote_priced_apart_from_a_hard_label_stays_apart(client: TestClient) -> None:
    found = written(client, amount=40, prices={"votes x 3": 0.02})
    paid = {one["kind"]: one.get("price", one.get("seconds")) for one in found["signal"]}
    assert paid == {"hard": 0.05, "votes": pytest.approx(0.01), "triplet": 6}


def test_a_price_below_the_fee_cannot_be_written(client: TestClient) -> None:
    answer = client.post("/api/plan-file", json={"amount": 40, "prices": {"hard": 0.005}})
    assert answer.status_code == 422
    assert "fee" in answer.json()["error"]


def test_scenarios_are_kept_compared_and_shared(client: TestClient, work: Workspace) -> None:
    for amount in (40, 10):
        answer = client.post("/api/scenarios", json={"amount": amount, "prices": {}, "name": "a"})
        assert answer.status_code == 200
    assert [one["name"] for one in answer.json()["scenarios"]] == ["a", "a 2"]
    html = client.post("/api/scenarios/compare", json={"names": ["a", "a 2"]}).json()["html"]
    assert html.count("<th ") == 3
    assert "40.00 USD" in html
    assert "10.00 USD" in html
    shared = client.post("/api/scenarios/share", json={"names": ["a", "a 2"]}).text
    assert "src=" not in shared.split("<body>")[1].replace("data-", "")
    assert shared.count('id="s0-tradeoff"') == shared.count('id="s1-tradeoff"') == 1
    assert "amount = 10.0" in shared.replace("amount = 15.0", "amount = 10.0")  # spent is on top
    client.post("/api/scenarios/rename", json={"name": "a 2", "to": "poor"})
    client.post("/api/scenarios/open", json={"name": "poor"})
    assert work.draft is not None
    assert tomllib.loads(work.draft.text)["budget"]["amount"] == 15
    client.post("/api/scenarios/remove", json={"name": "a"})
    assert [one.name for one in work.scenarios] == ["poor"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_names_of_scenarios_stay_text(client: TestClient, text: str) -> None:
    kept = client.post("/api/scenarios", content=json.dumps({"name": text}))
    assert kept.status_code == 200
    names = [one["name"] for one in kept.json()["scenarios"]]
    html = client.post("/api/scenarios/compare", content=json.dumps({"names": names})).json()[
        "html"
    ]
    body = html.split('<script type="application/json"')[0]
    assert "<img" not in body
    assert "<svg" not in body
    assert "<script>" not in html


def test_what_would_be_bought_is_told_and_its_tasks_are_packed(
    client: TestClient, work: Workspace
) -> None:
    told = client.post("/api/option", json={"family": "votes x 3"}).json()
    lines = dict(told["lines"])
    assert lines["cost"].endswith(" USD")
    assert lines["who answers"] == "crowd"
    small = told["sizes"][0]
    packed = client.post("/api/tasks", json={"family": "votes x 3", "answers": small})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        tasks = json.loads(archive.read("1-votes/tasks.json"))
    assert len(tasks) == small // 3
    whole = client.post("/api/option", json={"family": "*"}).json()
    (buy,) = work.finished().plan.recommendation["purchases"]
    assert whole["lines"][0][0] == buy["signal"]
    assert f"{buy['answers']:,} answers" in whole["lines"][0][1]
    assert dict(whole["lines"])["cost"].endswith(" USD")
    best = client.post("/api/tasks", json={"family": "*"})
    assert "tasks-recommended.zip" in best.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(best.content)) as archive:
        assert any(name.endswith("tasks.json") for name in archive.namelist())
    for wrong in ({"family": "nothing"}, {"family": "votes x 3", "answers": 1e15}):
        assert client.post("/api/option", json=wrong).status_code == 422
    assert client.post("/api/option", json={"family": 3}).status_code == 400
    assert client.post("/api/option", json={"run": "another"}).status_code == 422


def test_what_stands_behind_a_verdict_moves_with_the_money(client: TestClient) -> None:
    one = client.post("/api/behind", json={"amount": 40}).json()["html"]
    other = client.post("/api/behind", json={"amount": 4}).json()["html"]
    assert "Who wins where" in one
    assert one != other


def test_a_draft_is_the_plan_file_whichever_side_is_changed(client: TestClient) -> None:
    told = client.post("/api/draft", json={"text": TEXT, "title": "mine"}).json()
    assert told["problem"] == ""
    tables = told["tables"]
    tables["budget"]["amount"] = 77
    again = client.post("/api/draft", json={"tables": tables}).json()
    assert again["text"].startswith("# my plan\n")
    assert tomllib.loads(again["text"]) == tables
    wrong = client.post("/api/draft", json={"text": "[dataset\n"}).json()
    assert wrong["tables"] is None
    assert "not valid TOML" in wrong["problem"]
    assert client.post("/api/run").status_code == 422  # a plan that is wrong is not begun


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 90_000) + " = 1",
        "[" + ".".join(["'a'"] * 40_000) + "]\nb = 1",
        "a = " + "{a=" * 40_000 + "1" + "}" * 40_000,
        "a = " + "[" * 90_000 + "]" * 90_000,
        "[budget]\namount = " + "9" * 100_000,
        "[budget]\namount = 0x" + "f" * 100_000,
    ],
    ids=["dots", "tables", "inline", "lists", "digits", "hex"],
)
def test_a_plan_file_without_end_is_refused_at_once(client: TestClient, text: str) -> None:
    told = client.post("/api/draft", json={"text": text}).json()
    assert told["tables"] is None
    assert "not valid TOML" in told["problem"]


@pytest.mark.parametrize("given", [{}, {"text": 3}, {"tables": [1]}, {"text": "a" * 300_000}])
def test_what_is_no_draft_is_refused(client: TestClient, given: Any) -> None:
    assert client.post("/api/draft", json=given).status_code == 422


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_text_goes_through_a_plan_file_and_back(text: str) -> None:
    whole = text.encode("utf-8", "replace").decode()
    tables = {"dataset": {text: "a", "b": [text, 1, 2.5, True]}, "signal": [{"kind": text}, {}]}
    found = tomllib.loads(plan_text(tables, [text]))
    assert found == {"dataset": {whole: "a", "b": [whole, 1, 2.5, True]},
                     "signal": [{"kind": whole}, {}]}  # fmt: skip


def test_tables_that_nest_without_end_are_refused(tmp_path: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(50):
        deep = {"a": deep, "b": 1}
    with pytest.raises(InputError, match="nested"):
        changed(Draft("", tmp_path), {"tables": deep})


def test_a_first_plan_asks_what_was_answered(tmp_path: Path) -> None:
    found = {
        "entries": [{"kind": "hard", "priced": True}, {"kind": "triplet", "priced": False},
                    {"kind": "preference", "priced": False}],
        "dims": 3, "items": 50, "classes": 4,
    }  # fmt: skip
    draft = first_draft(tmp_path, found, {"answers": ["a.csv"]}, "a")
    tables = tomllib.loads(draft.text)
    assert [one["kind"] for one in tables["signal"]] == ["hard", "triplet", "votes"]
    assert tables["dataset"] == {"items": 50, "classes": 4, "dims": "auto", "pilot": ["a.csv"]}
    kept = {**found, "entries": found["entries"][2:]}
    with pytest.raises(InputError, match="no plan weighs"):
        first_draft(tmp_path, kept, {"answers": ["a.csv"]}, "a")


def test_an_address_of_a_plan_that_is_gone_says_so(client: TestClient) -> None:
    gone = client.get("/result", params={"run": "another"})
    assert gone.status_code == 404
    assert "not in this program any more" in gone.text
    assert 'href="/result"' in gone.text
