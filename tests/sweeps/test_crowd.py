"""`reproduce crowd`: on a small crowd made up here, and on the real one where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from labelbits.cli import app
from labelbits.errors import InputError
from labelbits.report.reproduce import write
from labelbits.sweeps import reproduction
from labelbits.sweeps.analyses.crowd.encoders import available
from labelbits.sweeps.analyses.crowd.gains import PAIRS, gain_panel
from labelbits.sweeps.analyses.crowd.people import FEATURES, HARD_SECONDS, find, people
from labelbits.sweeps.analyses.crowd.purchases import WAGE, purchase
from labelbits.sweeps.analyses.crowd.size import CrowdSize
from labelbits.sweeps.analyses.verdicts import verdicts

IMAGES, CLASSES, REPORTED = 700, 10, 120
SMALL = CrowdSize(
    images=(40, 100, 250), shots=(1, 2, 4), replicates=3, held_out_images=(40, 80, 160),
    held_out_replicates=1, draws=3, steps=100, look=10, encoders=1, encoder_answers=500,
)  # fmt: skip


def write_crowd(folder: Path, doubt: float = 0.9, seed: int = 0) -> np.ndarray:
    """Files of a made-up crowd; returns the counts (images, classes).

    Nothing here is the product's channel: classes are points on a circle, an image lies between its
    own and a neighbour, and each of 40 people names the neighbour with the share that it leans.
    """
    rng = np.random.default_rng(seed)
    gold = rng.integers(CLASSES, size=IMAGES)
    lean = rng.beta(0.5, 2.0, size=IMAGES) * doubt / 2
    side = rng.choice([-1, 1], size=IMAGES)
    angle = 2 * np.pi * (gold + side * lean) / CLASSES
    circle = 4 * np.c_[np.cos(angle), np.sin(angle)]
    features = np.c_[circle, rng.normal(size=(IMAGES, 6))] + 0.3 * rng.normal(size=(IMAGES, 8))
    other = rng.binomial(40, lean)
    counts = np.zeros((IMAGES, CLASSES), np.uint8)
    counts[np.arange(IMAGES), gold] = 40 - other
    counts[np.arange(IMAGES), (gold + side) % CLASSES] += other.astype(np.uint8)
    np.savez(folder / "cifar10h_counts.npz", counts=counts, true_label=gold.astype(np.uint8))
    np.savez(folder / "cifar10_test_features.npz", features=features.astype(np.float16))
    image = np.repeat(rng.permutation(IMAGES)[:REPORTED], 2)
    stated = np.clip(np.round(100 * (1 - lean[image]) / 5) * 5, 5, 95)
    named = np.stack([gold[image], (gold[image] + side[image]) % CLASSES])
    ticked = [sum(1 << k for k in range(CLASSES) if k not in pair) for pair in named.T.tolist()]
    pl.DataFrame({
        "annotator": np.arange(len(image)) % 12, "image_idx": image, "top1": named[0],
        "top1_prob": stated, "top2": named[1], "top2_prob": 100 - stated,
        "impossible_mask": ticked, "rt_s": rng.lognormal(3, 0.3, len(image)),
        "is_repeat": np.zeros(len(image), bool),
    }).write_parquet(folder / "cifar10s_annotations.parquet")  # fmt: skip
    return counts


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crowd")
    write_crowd(folder)
    return folder


def test_what_is_bought_is_what_people_said(crowd: Path) -> None:
    found = people(find(crowd))
    counts = np.load(crowd / "cifar10h_counts.npz")["counts"]
    np.testing.assert_allclose(found.human, counts / 40)
    assert not set(found.pool) & set(found.test)
    assert set(found.reported) <= set(found.pool)
    rng, rows = np.random.default_rng(0), found.pool
    (votes,) = purchase("votes", found).draw(rng, rows)
    assert (votes.answer <= counts[rows]).all()
    assert (votes.answer.sum(1) == 3).all()
    (hard,) = purchase("hard", found).draw(rng, rows)
    right = float((hard.answer[:, 0] == found.gold[rows]).mean())
    share = found.human[rows, found.gold[rows]]
    assert abs(right - share.mean()) < 4 * np.sqrt((share * (1 - share)).sum()) / len(rows)
    (mode,) = purchase("mode", found).draw(rng, rows)
    assert (counts[rows, mode.answer[:, 0]] == counts[rows].max(1)).all()
    (report,) = purchase("report", found).draw(rng, found.reported)
    assert (report.items[:, 0] == found.reported).all()
    assert purchase("reports", found).labels == 2
    assert purchase("soft", found).price == pytest.approx(40 * HARD_SECONDS * WAGE / 3600)


@pytest.fixture(scope="module")
def run(crowd: Path, tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """The figure of the made-up crowd, computed in this process."""
    patch = pytest.MonkeyPatch()
    plan = reproduction.Plan(reproduction.QUICK, (), (), (), (), SMALL)
    patch.setitem(reproduction.PLANS, "quick", plan)
    patch.setattr(reproduction, "results", lambda left, run, **_: ((one, run(one)) for one in left))
    out = tmp_path_factory.mktemp("store")
    table = reproduction.reproduce(["crowd"], out, quick=True, data=crowd)
    again = reproduction.reproduce(["crowd"], out, quick=True, data=crowd)
    patch.undo()
    assert again.equals(table)
    return table


def test_soft_labels_of_a_doubting_crowd_teach_more_than_single_votes(run: pl.DataFrame) -> None:
    assert run["standard_error"].is_not_null().all()
    nats = run.filter(panel=gain_panel("cross-entropy"))
    assert set(nats["signal"]) == {f"{a} over {b}" for a, b in PAIRS}
    soft = nats.filter(signal="soft over hard", x=250.0)
    assert soft["value"][0] > 3 * soft["standard_error"][0]
    # Differences add up: what one pair gains is what the steps between gain.
    steps = [nats.filter(signal=s)["value"] for s in ("soft over mode", "mode over hard")]
    np.testing.assert_allclose(
        steps[0] + steps[1], nats.filter(signal="soft over hard")["value"], atol=1e-9
    )
    by_money = run.filter(panel="accuracy, by USD", signal="hard").sort("x")["x"]
    np.testing.assert_allclose(by_money, np.array([40, 100, 250]) * HARD_SECONDS * WAGE / 3600)


def test_a_crowd_without_doubt_gains_nothing_from_soft_labels(tmp_path: Path) -> None:
    """The negative control: where all agree, all kinds of labels say the same."""
    write_crowd(tmp_path, doubt=0.0)
    found = people(find(tmp_path))
    rows = found.pool
    answers = [purchase(name, found).draw(np.random.default_rng(0), rows)[0] for name in
               ("hard", "mode")]  # fmt: skip
    np.testing.assert_array_equal(answers[0].answer, answers[1].answer)
    (soft,) = purchase("soft", found).draw(np.random.default_rng(0), rows)
    np.testing.assert_array_equal(soft.answer.argmax(1), answers[0].answer[:, 0])


def test_the_figure_is_written_with_its_verdicts(
    run: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labelbits.report import reproduce as report

    monkeypatch.setattr(report, "has_kaleido", lambda: False)
    write(run, tmp_path)
    said = [one.claim for one in verdicts(run, "crowd")]
    assert sum("beyond correcting the mode" in claim for claim in said) == 2
    assert sum("held out" in claim for claim in said) == 4
    page = (tmp_path / "report.html").read_text()
    assert all(claim.split(" (")[0].replace("'", "&#39;") in page for claim in said)


def test_missing_files_are_named_with_where_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LABELBITS_DATA", raising=False)
    with pytest.raises(InputError, match="not part of labelbits: give --data"):
        find()
    write_crowd(tmp_path)
    (tmp_path / FEATURES).unlink()
    with pytest.raises(InputError, match=r"no cifar10_test_features.npz; expected .*pretrained"):
        find(tmp_path)
    monkeypatch.setenv("LABELBITS_DATA", str(tmp_path))
    with pytest.raises(InputError, match=r"no cifar10_test_features.npz"):
        find()
    np.savez(tmp_path / FEATURES, features=np.zeros((3, 2)))
    with pytest.raises(InputError, match="features have 3 rows"):
        people(find(tmp_path))
    np.savez(tmp_path / FEATURES, columns=np.zeros((3, 2)))
    with pytest.raises(InputError, match="holds no array 'features'"):
        people(find(tmp_path))


def test_the_command_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABELBITS_DATA", raising=False)
    found = CliRunner().invoke(
        app, ["reproduce", "crowd", "--quick", "--out", str(tmp_path / "out")]
    )
    assert isinstance(found.exception, InputError)
    assert "--data FOLDER" in str(found.exception)


def test_the_real_crowd_is_read_as_its_owners_say(data: Path) -> None:
    found = people(find(data))
    assert len(found.pool) == 7000
    assert found.human[np.arange(10000), found.gold].mean() == pytest.approx(0.9524, abs=2e-4)
    assert len(found.reports) == 6225
    assert found.report_seconds == pytest.approx(41.0, abs=0.1)
    (mode,) = purchase("mode", found).draw(np.random.default_rng(0), np.arange(10000))
    assert (mode.answer[:, 0] == found.gold).mean() == pytest.approx(0.9921, abs=5e-4)
    assert len(available(find(data))) == 8


def test_every_line_of_the_figure_looks_different(run: pl.DataFrame) -> None:
    from labelbits.report.reproduce_figures import style

    for _, panel in run.group_by("panel"):
        lines = panel["signal"].unique().to_list()
        assert len({style(line) for line in lines}) == len(lines)
