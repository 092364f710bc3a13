"""Files on the page: what comes in, how it was read, what is corrected, what is refused."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from labelbits.app import build_app
from labelbits.app.guard import Door
from labelbits.app.in_page import on_page
from labelbits.app.reading import Told, how_read
from labelbits.app.uploads import LONGEST_NAME, free_path, safe_name
from labelbits.app.work import measure_pilot
from labelbits.app.workers import Job
from labelbits.app.workspace import Workspace, opened
from labelbits.errors import InputError
from tests.answers.test_containers import sheet_of, workbook
from tests.report.texts import HOSTILE

ANSWERS = "item,annotator,label,seconds\n" + "".join(
    f"i{i},{who},{'cat' if (i + k) % 3 else 'dog'},{2 + k + i / 10}\n"
    for i in range(12)
    for k, who in enumerate(("ann", "bob", "cid"))
)
ODD = "localid,clip,who,said\n" + "".join(f"{i},c{i % 5},w{i % 3},k{i % 2}\n" for i in range(15))


@pytest.fixture
def work() -> Iterator[Workspace]:
    made = Workspace()
    yield made
    made.close()


@pytest.fixture
def client(work: Workspace) -> TestClient:
    return TestClient(build_app(work))


def sent(client: TestClient, name: str, content: bytes | str) -> Any:
    return client.post(
        "/api/upload", params={"name": name}, content=content,
        headers={"content-type": "application/octet-stream"},
    )  # fmt: skip


def test_a_table_is_read_and_shown_as_it_stands(client: TestClient) -> None:
    found = sent(client, "answers.csv", ANSWERS).json()
    assert (found["answers"], found["items"], found["people"]) == (36, 12, 3)
    assert found["columns"] == ["item", "annotator", "label", "seconds"]
    assert found["rows"][0][:3] == ["i0", "ann", "dog"]
    assert found["guess"]["seconds"] == "seconds"
    assert client.get("/api/files").json()["files"][0]["name"] == "answers.csv"


def test_columns_that_nobody_could_guess_are_said_on_the_page(client: TestClient) -> None:
    found = sent(client, "odd.csv", ODD).json()
    assert found["answers"] == 0
    assert found["problem"]
    assert found["short"] == "Which column is what? Say it below."
    told = {"columns": {"item": "clip", "annotator": "who", "label": "said"}}
    again = client.post(f"/api/files/{found['number']}", json=told).json()
    assert (again["problem"], again["answers"], again["items"]) == ("", 15, 5)


def test_what_was_corrected_is_what_is_measured(work: Workspace, client: TestClient) -> None:
    number = sent(client, "odd.csv", ODD).json()["number"]
    told = {"columns": {"item": "clip", "annotator": "who", "label": "said"}}
    client.post(f"/api/files/{number}", json=told)
    (path,) = work.answer_files()
    assert path.name == f"answers-{number}.parquet"
    from labelbits.answers import read_answers

    assert set(read_answers(path).items) == {f"c{i}" for i in range(5)}


def test_rejected_rows_are_listed_with_their_reasons(client: TestClient) -> None:
    found = sent(client, "a.csv", ANSWERS + "i3,ann,cat,4,5,6\n").json()
    assert found["lost_count"] == 1
    assert found["lost"][0][1]


def test_several_questions_are_offered(client: TestClient) -> None:
    rows = []
    for i in range(6):
        for who in ("ann", "bob"):
            mood = "glad" if i % 2 else "sad"
            rows += [f"i{i},{who},mood,{mood}\n", f"i{i},{who},tense,past\n"]
    found = sent(client, "two.csv", "item,annotator,question,label\n" + "".join(rows)).json()
    assert sorted(found["questions"]) == ["mood", "tense"]
    again = client.post(f"/api/files/{found['number']}", json={"question": "mood"}).json()
    assert again["answers"] == 12


def test_features_are_known_as_such(client: TestClient, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", features=np.random.default_rng(0).normal(size=(20, 3)))
    found = sent(client, "x.npz", (tmp_path / "x.npz").read_bytes()).json()
    assert (found["use"], found["problem"]) == ("features", "")


def test_right_classes_are_known_as_such_and_may_be_said_to_be(client: TestClient) -> None:
    gold = "item,class\n" + "".join(f"i{i},{'cat' if i % 2 else 'dog'}\n" for i in range(12))
    found = sent(client, "gold.csv", gold).json()
    assert (found["use"], found["problem"]) == ("gold", "")
    other = sent(client, "truth.csv", gold.replace("item,class", "thing,right")).json()
    assert other["use"] == "answers"
    again = client.post(f"/api/files/{other['number']}", json={"use": "gold"}).json()
    assert (again["use"], again["problem"]) == ("gold", "")
    assert client.post(f"/api/files/{other['number']}", json={"use": "x"}).status_code == 422


def test_a_plan_file_opens_as_a_plan(client: TestClient) -> None:
    assert sent(client, "p.toml", "[dataset]\nitems = 30\n").json() == {"plan": "p"}
    told = client.get("/api/draft").json()
    assert told["tables"] == {"dataset": {"items": 30}}
    assert "budget" in told["problem"]


def test_a_column_of_texts_makes_a_plan_of_a_classifier(
    client: TestClient, work: Workspace
) -> None:
    rows = "".join(f"i{i},text {i} of {i % 3},ann,{'cat' if i % 2 else 'dog'}\n" for i in range(9))
    found = sent(client, "texts.csv", "item,body,annotator,label\n" + rows).json()
    client.post(f"/api/files/{found['number']}", json={"text": "body"})
    work.pilot = Job("pilot", state="done")
    told = client.post("/api/draft/first").json()
    assert told["problem"] == ""
    assert told["tables"]["dataset"] == {
        "table": "texts.csv", "text": "body", "id": "item", "label": "label",
        "annotator": "annotator",
    }  # fmt: skip


def test_a_path_on_this_machine_is_read_where_it_is(
    client: TestClient, work: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "own.csv"
    path.write_text(ANSWERS, encoding="utf-8")
    found = client.post("/api/here", json={"path": str(path)}).json()
    assert (found["answers"], found["own"]) == (36, False)
    client.post(f"/api/files/{found['number']}/remove")
    assert path.exists()
    assert not work.files


@pytest.mark.parametrize(
    "path", ["", " ", "/nowhere/at/all.csv", "/dev/zero", "/tmp", "a\0b", "x" * 5000, "~nobody-x/a"]
)
def test_paths_to_nothing_are_refused(client: TestClient, path: str) -> None:
    answer = client.post("/api/here", json={"path": path})
    assert answer.status_code == 422
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["/api/here", "/api/paper"])
def test_half_a_character_is_in_no_path(client: TestClient, path: str) -> None:
    answer = client.post(
        path, content=b'{"path": "/a\\ud800"}', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert "/a?" in answer.json()["error"]


def test_a_plan_file_at_a_path_has_the_limits_of_one_that_is_brought(
    client: TestClient, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_bytes(b"\xff\xfe\x00")
    answer = client.post("/api/here", json={"path": str(other)})
    assert (answer.status_code, "UTF-8" in answer.json()["error"]) == (422, True)
    other.write_text("#" * 300_000, encoding="utf-8")
    answer = client.post("/api/here", json={"path": str(other)})
    assert (answer.status_code, "at most" in answer.json()["error"]) == (422, True)


#: Two million columns take any reader minutes.
SLOW = b"a," * 2_000_000


def test_a_file_that_takes_long_holds_nobody_up_and_is_given_up(
    client: TestClient, work: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelbits.app.readers.PATIENT", 0.5)
    found = sent(client, "slow.csv", SLOW).json()
    assert found["reading"] > 0
    assert (found["problem"], found["answers"]) == ("", 0)
    assert work.answer_files() == []
    client.post(f"/api/files/{found['number']}/remove")
    assert client.get("/api/files").json()["files"] == []
    monkeypatch.setattr("labelbits.app.readers.LONGEST", 1.5)
    number = sent(client, "slow.csv", SLOW).json()["number"]
    job = work.files[number].job
    assert job is not None
    assert job.over.wait(30)
    shown = client.get("/api/files").json()["files"][0]
    assert (shown["reading"], "was given up" in shown["problem"]) == (0, True)
    # The next file is read as if nothing had been.
    monkeypatch.setattr("labelbits.app.readers.PATIENT", 60.0)
    assert sent(client, "answers.csv", ANSWERS).json()["answers"] == 36


def test_another_sheet_is_chosen_at_the_file(client: TestClient) -> None:
    first = sheet_of("item,annotator,label\nx,ann,cat\ny,ann,dog\n")
    book = workbook(first, second=sheet_of(ANSWERS))
    found = sent(client, "book.xlsx", book).json()
    assert found["answers"] == 2
    assert any("giving 'second' as the sheet" in note for note in found["notes"])
    again = client.post(f"/api/files/{found['number']}", json={"sheet": "second"}).json()
    assert (again["answers"], again["rows"][0][0]) == (36, "i0")


def test_a_pipe_is_not_waited_for(client: TestClient, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    answer = client.post("/api/here", json={"path": str(tmp_path / "pipe")})
    assert answer.status_code == 422


def test_a_bomb_does_not_go_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"i{i},ann,cat,2\n" for i in range(100)) * 2000
    packed = gzip.compress(("item,annotator,label,seconds\n" + rows).encode(), 9)
    monkeypatch.setattr("labelbits.answers.files.containers.SMALL", 1 << 18)
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(packed)
    found, _ = how_read(bomb, Told())
    assert len(rows) > 100 * len(packed)
    assert found["answers"] == 0
    assert "unpacks to more" in found["problem"]


def test_a_pickle_is_never_loaded(client: TestClient) -> None:
    found = sent(client, "a.npy", b"\x80\x04\x95" + b"x" * 50).json()
    assert "pickle" in found["problem"]


@pytest.mark.parametrize(
    "name", [*HOSTILE.values(), "../../etc/passwd", "..", ".", "C:\\x\\y.csv", "a/b\\c", "." * 300,
             "x" * 5000 + ".csv", "é" * 300 + ".csv", ".hidden", "CON"],
)  # fmt: skip
def test_no_name_leaves_the_folder(work: Workspace, name: str) -> None:
    path = free_path(work.folder, name)
    assert path.parent == work.folder
    assert path.resolve().parent == work.folder.resolve()
    assert not path.name.startswith(".")
    assert len(path.name) <= LONGEST_NAME + 8
    path.write_text("x")
    assert free_path(work.folder, name) != path
    assert safe_name(path.name) == path.name


def test_uploads_are_bounded(
    client: TestClient, work: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelbits.app.uploads.LARGEST_UPLOAD", 1000)
    answer = sent(client, "big.csv", b"a" * 2000)
    assert answer.status_code == 422
    assert "its path on this machine" in answer.json()["error"]
    assert list(work.folder.iterdir()) == []
    monkeypatch.setattr("labelbits.app.workspace.MOST_FILES", 1)
    assert sent(client, "a.csv", ANSWERS[:900]).status_code == 200
    assert sent(client, "b.csv", ANSWERS[:900]).status_code == 422


def test_an_empty_file_and_another_type_are_refused(client: TestClient) -> None:
    assert sent(client, "a.csv", b"").status_code == 422
    answer = client.post(
        "/api/upload?name=a.csv", content=b"x", headers={"content-type": "text/plain"}
    )
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "told", [{"columns": {"nothing": "a"}}, {"columns": "a"}, {"columns": {"item": 3}},
             {"format": 3}, {"question": "x" * 2000}, {"columns": {"item": ""}}],
)  # fmt: skip
def test_corrections_that_mean_nothing_are_refused(client: TestClient, told: Any) -> None:
    number = sent(client, "answers.csv", ANSWERS).json()["number"]
    assert client.post(f"/api/files/{number}", json=told).status_code == 422


def test_a_correction_that_fits_nothing_is_said_at_the_file(client: TestClient) -> None:
    number = sent(client, "answers.csv", ANSWERS).json()["number"]
    found = client.post(f"/api/files/{number}", json={"columns": {"item": "nowhere"}}).json()
    assert "nowhere" in found["problem"]
    assert client.post("/api/files/99", json={}).status_code == 422


HERE, TOKEN = "127.0.0.1:8765", "a-token"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/files"), ("GET", "/api/files"), ("POST", "/api/upload?name=a"),
        ("POST", "/api/here"), ("POST", "/api/files/1"), ("POST", "/api/files/1/remove"),
        ("POST", "/api/pilot"), ("GET", "/api/pilot"), ("POST", "/api/draft/first"),
        ("GET", "/edit"), ("GET", "/api/draft"), ("POST", "/api/draft"), ("POST", "/api/example"),
        ("POST", "/api/run"), ("GET", "/api/run"), ("POST", "/api/cancel"), ("GET", "/result"),
        ("POST", "/api/behind"), ("POST", "/api/option"), ("POST", "/api/tasks"),
        ("GET", "/static/dom.js"),
    ],
)  # fmt: skip
def test_every_route_wants_the_token_and_the_own_origin(
    work: Workspace, method: str, path: str
) -> None:
    guarded = TestClient(build_app(work, Door((HERE,), TOKEN)), base_url=f"http://{HERE}")
    assert guarded.request(method, path).status_code == 403
    known = {"x-labelbits-token": TOKEN}
    other = guarded.request(method, path, headers={**known, "origin": "http://evil.example"})
    assert other.status_code == 403
    rebound = guarded.request(method, path, headers={**known, "host": "evil.example"})
    assert rebound.status_code == 400
    assert not work.files
    assert work.draft is None


def test_the_command_line_s_files_are_looked_at_before_anything_is_served(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text("[dataset]\nitems = 30\n", encoding="utf-8")
    answers = tmp_path / "answers.csv"
    answers.write_text(ANSWERS, encoding="utf-8")
    with pytest.raises(InputError, match="budget"):
        opened([plan])
    with pytest.raises(InputError, match="expected it alone"):
        opened([plan, answers])
    with pytest.raises(InputError, match="no such file"):
        opened([tmp_path / "nowhere.csv"])
    work = opened([answers])
    assert [one.read["answers"] for one in work.files.values()] == [36]
    work.close()


def measured(work: Workspace) -> None:
    """What the page's worker does, here."""
    paths = [str(path) for path in work.answer_files()]
    found = measure_pilot(paths, tell=lambda what, share: None, early=None)
    work.pilot = Job("pilot", state="done", result=found)


def first_plan(client: TestClient, work: Workspace, content: str, name: str = "a.csv") -> Any:
    sent(client, name, content)
    measured(work)
    return client.post("/api/draft/first").json()


def test_numbers_of_a_scale_and_preferences_are_planned_as_labelbits_plan_does(
    client: TestClient, work: Workspace
) -> None:
    rows = "".join(
        f"i{i},{who},{1 + (i + k) % 5}\n" for i in range(9) for k, who in enumerate("ab")
    )
    told = first_plan(client, work, "item,annotator,score\n" + rows)
    assert told["problem"] == ""
    assert [one["kind"] for one in told["tables"]["signal"]] == ["hard", "votes"]
    assert told["tables"]["dataset"]["classes"] == 5
    assert "steps of a scale" in " ".join(told["notes"])
    work.files.clear()
    rows = "".join(f"m{i % 4},m{(i + 1) % 4},model_{'ab'[i % 2]},j{i % 3}\n" for i in range(24))
    told = first_plan(client, work, "model_a,model_b,winner,judge\n" + rows)
    assert [one["kind"] for one in told["tables"]["signal"]] == ["triplet"]
    assert "ideal item" in " ".join(told["notes"])


def test_a_price_that_nothing_tells_is_asked_for_before_any_work(
    client: TestClient, work: Workspace
) -> None:
    rows = "".join(
        json.dumps({"item": f"i{i}", "annotator": who, "label": ["cat", "dog"][i % 2 :]}) + "\n"
        for i in range(9) for who in "ab"
    )  # fmt: skip
    told = first_plan(client, work, rows, "a.jsonl")
    assert [one["kind"] for one in told["tables"]["signal"]] == ["candidates"]
    assert "What does one answer cost (candidates)?" in told["problem"]
    assert told["unpriced"] == [0]
    assert client.post("/api/run").status_code == 422
    told["tables"]["signal"][0]["price"] = 0.02
    again = client.post("/api/draft", json={"tables": told["tables"]}).json()
    assert (again["problem"], again["unpriced"]) == ("", [])


def test_what_no_file_tells_is_asked_for_in_the_first_plan(
    client: TestClient, work: Workspace
) -> None:
    """As `labelbits init` asks: a plan about the pilot's own items is rarely what is meant."""
    told = first_plan(client, work, ANSWERS)
    said = " ".join(told["notes"])
    assert "the answers name 12" in said
    assert "100 USD of money are a placeholder" in said
    assert told["text"].startswith("# ")


def test_answers_that_no_plan_takes_are_said_beside_the_button(
    client: TestClient, work: Workspace
) -> None:
    rows = "".join(f"i{i},{who},{i + k / 7:.2f}\n" for i in range(40) for k, who in enumerate("ab"))
    found = sent(client, "slider.csv", "item,annotator,score\n" + rows).json()
    assert found["signals"] == [["score", 80]]
    measured(work)
    assert "expected labels" in client.get("/api/pilot").json()["unplanned"]
    assert client.post("/api/draft/first").status_code == 422


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("are these milliseconds? --columns milliseconds=a b reads them so",
         "are these milliseconds? choosing 'milliseconds it took' above the column a b reads them "
         "so"),
        ("--columns item=COL,annotator=COL says which", "the choice above each column says which"),
        ("--format counts or --format probabilities decides",
         "the format counts or the format probabilities decides"),
        ("give --signal score or --signal rating",
         "give the kind of question score or the kind of question rating"),
        ("a picture; expected a table with a column of paths of pictures (--image COLUMN)",
         "a picture; expected a table with a column of paths of pictures"),
        ("question 'label' is read; --question reads another: target",
         "question 'label' is read; the field Question reads another: target"),
        ("/tmp/page-1/gold.csv: knows none", "gold.csv: knows none"),
    ],
)  # fmt: skip
def test_messages_name_what_the_page_offers(said: str, shown: str) -> None:
    assert on_page(said, Path("/tmp/page-1")) == shown
