"""Plans from arrays and frames: the same as from a plan file, and other money at once."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import labelbits as lb


@pytest.fixture(scope="module")
def pilot() -> tuple[np.ndarray, pl.DataFrame, np.ndarray]:
    """(features (600, 6), 300 answers of two people on 150 items, gold of 400 other items)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 6)).astype(np.float32)
    right = (x[:, 0] + x[:, 1] + 0.4 * rng.normal(size=600) > 0).astype(int)
    rows = []
    for item in range(150):
        for person in ("ann", "bob"):
            said = right[item] if rng.random() < 0.9 else 1 - right[item]
            rows.append((f"text {item}", person, ("no", "yes")[said]))
    frame = pl.DataFrame(rows, schema=["item", "annotator", "label"], orient="row")
    gold = np.where(np.arange(600) >= 200, right, -1)
    return x, frame, gold


@pytest.fixture(scope="module")
def made(pilot) -> lb.notebook.Plan:  # pyright: ignore
    x, frame, gold = pilot
    ids = [f"text {i}" for i in range(600)]
    return lb.plan(
        features=x, answers=frame, gold=gold, ids=ids, budget=30, seed=0,
        signals=[{"kind": "hard", "price": 0.05}],
    )  # fmt: skip


def test_a_plan_from_frames_is_the_plan_of_the_files_it_stands_for(pilot, made, tmp_path) -> None:
    from labelbits.assumed import Asked, write_assumed

    x, frame, gold = pilot
    frame.write_csv(tmp_path / "pilot.csv")
    file = write_assumed(
        tmp_path,
        Asked(30, signals=[{"kind": "hard", "price": 0.05}]),
        features=x,
        answers=lb.read_answers(tmp_path / "pilot.csv"),
        gold=gold,
        ids=[f"text {i}" for i in range(600)],
    )
    again = lb.plan(file, seed=0)
    assert again.options == made.options
    assert again.recommendation["sentence"] == made.recommendation["sentence"]


def test_frames_go_out_as_the_kind_that_came_in(made) -> None:
    table = made.to_frame()
    assert isinstance(table, pl.DataFrame)
    assert table["cost"].max() <= 30
    assert {"signal", "items", "cost", "quality", "low", "high"} <= set(table.columns)
    # 300 labels are held: what they and a purchase give together stands apart from it alone.
    *others, last = table.iter_rows(named=True)
    (added,) = made.recommendation["next"]["purchases"]
    assert last["quality_with_held"] == added["quality"]
    assert [last["low_with_held"], last["high_with_held"]] == added["interval"]
    assert {one["quality_with_held"] for one in others} == {None}


def test_other_money_and_prices_answer_from_the_same_evidence(made) -> None:
    less = made.at(budget=10)
    assert less.budget == 10
    assert less.to_frame()["cost"].max() <= 10
    dear = made.at(prices={"hard": 0.5})
    assert dear.to_frame()["items"].max() < made.to_frame()["items"].max()
    with pytest.raises(lb.InputError, match="budget is '1,000'; expected an amount of money as a"):
        made.at(budget="1,000")
    with pytest.raises(lb.InputError, match="expected one of: hard"):
        made.at(prices={"soft": 1.0})


def test_it_shows_itself(made) -> None:
    assert made.recommendation["sentence"] in repr(made)
    page = made._repr_html_()
    assert "<table>" in page
    assert "plotly" in page
    assert "<svg" in page
    assert "<script" not in page
    assert len(page) < 200_000
    assert len(made.plot().data) >= 1


def test_user_text_is_never_markup(made) -> None:
    from dataclasses import replace

    spoilt = replace(made, warnings=["<script>alert(1)</script>"])
    assert "<script>alert" not in spoilt._repr_html_()
    assert "&lt;script&gt;alert" in spoilt._repr_html_()


def test_what_the_command_writes_is_saved(made, tmp_path) -> None:
    made.save(tmp_path / "out")
    written = {file.name for file in (tmp_path / "out").iterdir()}
    assert {"plan.json", "options.csv", "report.html"} <= written


def test_bad_input_has_one_message(pilot, tmp_path) -> None:
    x, frame, gold = pilot
    with pytest.raises(lb.InputError, match=r"150 of 150 items .* give ids="):
        lb.plan(features=x, answers=frame, budget=30)
    with pytest.raises(lb.InputError, match="budget="):
        lb.plan(features=x, answers=frame)
    with pytest.raises(lb.InputError, match="expected one of the two"):
        lb.plan(tmp_path / "plan.toml", features=x)
    with pytest.raises(lb.InputError, match=r"found a DataFrame\. Give what describes"):
        lb.plan(frame, budget=30)
    with pytest.raises(lb.InputError, match="gold has 3 values"):
        lb.plan(features=x, gold=gold[:3], budget=30)
    with pytest.raises(lb.InputError, match=r"^metric is 'f1': "):
        lb.plan(features=x, budget=30, metric="f1")
    with pytest.raises(lb.InputError, match=r"^signals number 1: kind is 'vots'"):
        lb.plan(features=x, budget=30, signals=["vots"])
    words = pl.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    with pytest.raises(lb.InputError, match="column 'b'"):
        lb.plan(features=words, budget=30)


def test_a_vote_and_a_hard_label_have_one_price_unless_parted(pilot) -> None:
    x, frame, gold = pilot
    plan = lb.plan(
        features=x[:, :2], answers=frame, gold=gold, ids=[f"text {i}" for i in range(600)],
        budget=8, seed=0, signals=[
            {"kind": "hard", "price": 0.05}, {"kind": "votes", "answers_per_item": 3, "price": 0.05}
        ],
    )  # fmt: skip

    def prices(made: lb.notebook.Plan) -> dict[str, float]:  # pyright: ignore
        return {one.family.name: one.family.price.amount for one in made.curves}

    assert prices(plan.at(prices={"hard": 0.1})) == {"hard": 0.1, "votes x 3": 0.1}
    parted = plan.at(prices={"hard": 0.1, "votes x 3": 0.02})
    assert prices(parted) == {"hard": 0.1, "votes x 3": 0.02}
    assert prices(parted.at(prices={"hard": 0.2})) == {"hard": 0.2, "votes x 3": 0.02}


def test_columns_without_known_names_are_told_the_python_way() -> None:
    frame = pl.DataFrame({"track": ["a", "b"], "rater": ["p", "q"], "mood": ["x", "y"]})
    with pytest.raises(lb.InputError) as caught:
        lb.plan(features=np.eye(2), answers=frame, budget=1)
    told = str(caught.value)
    assert 'columns={"item": "COL", "annotator": "COL", "label": "COL"} says' in told
    assert "rename the columns" in told
    assert "--" not in told
    assert "labelbits pilot" not in told


def test_columns_under_own_names_are_said_and_what_is_unread_is_told(pilot) -> None:
    x, frame, _ = pilot
    own = frame.rename({"item": "bild", "annotator": "kodierer", "label": "klasse"})
    own = own.with_columns(zeit=pl.lit(20.0))
    names = [f"text {i}" for i in range(600)]
    told = {"item": "bild", "annotator": "kodierer", "label": "klasse", "seconds": "zeit"}
    made = lb.plan(
        features=x[:, :2], answers=own, columns=told, ids=names, budget=8, signals=["hard"]
    )
    assert made.curves[0].family.price.amount == pytest.approx(20 * 12 / 3600)
    with pytest.raises(lb.InputError, match="columns= says how a table of answers is read"):
        lb.plan(features=x, columns=told, budget=8)


def test_labels_of_the_rows_are_answers(pilot) -> None:
    pd = pytest.importorskip("pandas")
    x = pilot[0][:120, :2]
    said = np.where(x[:, 0] > 0, "yes", "no").astype(object)
    said[80:] = None
    names = [f"t{i}" for i in range(120)]
    options = {"budget": 2.0, "signals": [{"kind": "hard", "price": 0.05}]}
    plans = [
        lb.plan(features=x, answers=given, **options, **more)
        for given, more in (
            (list(said), {}),
            (said, {}),
            (pl.Series(list(said)), {"ids": names}),
            # Named by its index: in any order.
            (pd.Series(said, index=names).sample(frac=1, random_state=0), {"ids": names}),
        )
    ]
    held = {one.recommendation["next"]["items_held"] for one in plans}
    assert held == {80}
    assert len({one.recommendation["next"]["quality_now"] for one in plans}) == 1
    with pytest.raises(lb.InputError, match="50 labels and 120 rows of features; expected one"):
        lb.plan(features=x, answers=list(said[:50]), **options)
    with pytest.raises(lb.InputError, match="no row has a label"):
        lb.plan(features=x, answers=[None] * 120, **options)
