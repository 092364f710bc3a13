"""The theory explorer and the paper's figures: numbers, refusals, the user's own run."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from labelbits import World, information
from labelbits.app import build_app
from labelbits.app.workspace import Workspace
from labelbits.cli import app
from labelbits.errors import InputError
from labelbits.information.comparable import comparable
from labelbits.information.tabled import tabled_bits
from labelbits.prediction import predict_quality
from labelbits.report.paper import own_run, packaged_run, paper_figures
from labelbits.report.theory import Setting, rows_at
from labelbits.signals import REGISTRY, make


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    work = Workspace()
    yield TestClient(build_app(work))
    work.close()


@pytest.mark.parametrize("name", ["hard", "triplet", "rating"])
def test_the_table_holds_what_is_integrated(name: str) -> None:
    for classes, dims, precision, lapse in ((4, 2, 2.0, 0.1), (30, 5, 0.7, 0.0)):
        signal = comparable(name, dims, classes, precision, lapse).signal
        exact = information.per_answer(signal, World(items=100, classes=classes, dims=dims)).bits
        assert tabled_bits(name, classes, dims, precision, lapse) == pytest.approx(exact, abs=0.01)


def test_the_default_precision_is_computed_at_all_places() -> None:
    """Carried over from ten classes and five dims, this value was .31 bits too high."""
    signal = comparable("soft", 12, 30, 1.0, 0.0).signal
    world = World(items=100, classes=30, dims=12)
    exact = information.per_answer(signal, world, standard_error=0.01)
    error = 4 * (0.03**2 + exact.standard_error**2) ** 0.5
    assert tabled_bits("soft", 30, 12, 1.0, 0.0) == pytest.approx(exact.bits, abs=error)


@pytest.mark.parametrize("name", ["hard", "votes", "triplet", "verify"])
def test_the_page_begins_where_bits_does_with_the_same_figures(name: str) -> None:
    (row,) = [row for row in rows_at(Setting()) if row.name == name]
    words = ["bits", "--signal", name, "--standard-error", "0.001", "--json"]
    found = CliRunner().invoke(app, words)
    told = json.loads(found.stdout)
    assert row.bits == pytest.approx(told["bits"], abs=0.003)


def test_between_its_points_the_table_is_near_the_integral() -> None:
    exact = information.per_answer(make("triplet", 3, 2, precision=1.2, lapse=0.05), World(dims=3))
    assert tabled_bits("triplet", 6, 3, 1.2, 0.05) == pytest.approx(exact.bits, abs=0.02)
    # Another place of the table is not near: the comparison above can fail.
    assert abs(tabled_bits("triplet", 6, 3, 3.0, 0.05) - exact.bits) > 0.05


@pytest.mark.parametrize("name", list(REGISTRY))
def test_bits_of_the_table_are_possible_and_fall_with_lapse(name: str) -> None:
    for classes in (2, 3, 60):
        values = [tabled_bits(name, classes, 3, 1.0, lapse) for lapse in (0.0, 0.1, 0.2, 0.4)]
        assert all(a > b - 0.05 for a, b in itertools.pairwise(values))
        assert values[-1] > -0.05


@pytest.mark.parametrize(
    "setting", [{"classes": 1}, {"dims": 99}, {"precision": 0.01}, {"lapse": 0.9}]
)
def test_outside_the_table_is_said(setting: dict[str, float]) -> None:
    inside = {"classes": 4, "dims": 2, "precision": 1.0, "lapse": 0.1}
    with pytest.raises(InputError, match="the table of bits goes from"):
        tabled_bits("hard", **{**inside, **setting})  # type: ignore[arg-type]


def test_rows_say_what_the_rooms_say(client: TestClient) -> None:
    setting = Setting(classes=8, dims=3, signal="ranking", ratio=2.0)
    rows = {row.name: row for row in rows_at(setting)}
    hard, ranking = rows["hard"], rows["ranking"]
    assert hard.worth == 1.0
    assert ranking.price == 2.0
    assert ranking.per_price == pytest.approx(tabled_bits("ranking", 8, 3, 1.0, 0.0) / 2)
    predicted = predict_quality(make("hard", 3, 8, precision=1.0), World(100, 8, 3), 10)
    assert hard.recovery == predicted
    assert rows["verify"].recovery is None
    assert "cannot be trusted" in rows["verify"].refused
    shown = client.get("/api/theory", params={"classes": 8, "dims": 3}).json()
    assert [row[0] for row in shown["rows"]] == list(REGISTRY)
    far = client.get("/api/theory", params={"classes": 5000}).json()
    assert {row[1] for row in far["rows"][:5]} == {"outside the table"}


@pytest.mark.parametrize(
    "query", ["classes=0", "classes=x", "precision=nan", "ratio=-1", "signal=nothing", "dims=1e400"]
)
def test_settings_that_make_no_sense_are_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/api/theory?{query}").status_code == 422


def test_every_figure_comes_with_its_claim_and_what_became_of_it(client: TestClient) -> None:
    found = client.get("/api/paper").json()
    assert {"bits", "recovery", "triplets", "shots"} <= {one["name"] for one in found["figures"]}
    words = {word for one in found["figures"] for _, word, _ in one["verdicts"]}
    assert words <= {"held", "did not hold", "cannot be told"}
    assert len(words) > 1
    for one in found["figures"]:
        assert one["verdicts"], one["name"]
        assert client.get(f"/api/paper/{one['name']}").json()["data"]
    assert client.get("/api/paper/nothing").status_code == 422


def test_the_user_s_own_run_is_shown(client: TestClient, tmp_path: Path) -> None:
    packaged_run().filter(figure="triplets").write_csv(tmp_path / "numbers.csv")
    own = client.post("/api/paper", json={"path": str(tmp_path)}).json()
    assert own["own"]
    assert [one["name"] for one in own["figures"]] == ["triplets"]
    assert not client.post("/api/paper", json={"path": ""}).json()["own"]
    assert [one.name for one in paper_figures(own_run(tmp_path))] == ["triplets"]


HEAD = "figure,panel,signal,x,value,standard_error,source\n"


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", f"{HEAD}q,,,1,1,1,\n", "\x00\x01", f"{HEAD}bits,a,b,x,y,z,w\n"]
)
def test_what_is_no_run_is_refused(client: TestClient, tmp_path: Path, text: str) -> None:
    (tmp_path / "numbers.csv").write_text(text)
    assert client.post("/api/paper", json={"path": str(tmp_path)}).status_code == 422
    assert client.post("/api/paper", json={"path": "/dev/zero"}).status_code == 422


def test_the_page_says_how_far_off_its_table_may_be(client: TestClient) -> None:
    """What it shows between the points of the table is what `bits` computes within that."""
    assert "up to 7 % off" in client.get("/theory").text
    asked = {"classes": 10, "dims": 5, "precision": 1.0, "lapse": 0.0}
    rows = client.get("/api/theory", params=asked).json()["rows"]
    shown = {row[0]: float(row[1]) for row in rows}
    for name in ("hard", "triplet"):
        computed = information.per_answer(make(name, 5, 10), World(100, 10, 5)).bits
        assert abs(shown[name] / computed - 1) < 0.07
        assert shown[name] != pytest.approx(computed, rel=1e-4)
