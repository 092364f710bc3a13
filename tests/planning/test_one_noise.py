"""Noise of answers about classes: `pilot`, `plan` and `recover` print one, and mixtures too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import labelbits as lb
from labelbits.annotators.recovering import recover
from labelbits.cli import app
from labelbits.planning import plan, read_plan
from labelbits.planning.evidence.answers_held import encode_pilot, read_pilot
from labelbits.planning.evidence.noise import noise_of
from labelbits.signals import Hard, Triplet
from tests.drawn import answered

ITEMS, CLASSES, PEOPLE, QUESTIONS = 60, 4, 3, 400
NAMES = list("abcd")
PLAN = """
[dataset]
items = 60
classes = 4
dims = 2
pilot = ["{file}"]
[goal]
metric = "alignment"
[budget]
amount = 4
wage_per_hour = 12
"""
ASKED = '[[signal]]\nkind = "{kind}"\nseconds = 4\n'


def rows(kind: str, shown: np.ndarray, said: np.ndarray) -> list[dict[str, Any]]:
    about = kind == "hard"
    return [
        {
            "signal": kind,
            "annotator": f"w{i % PEOPLE}",
            "items": [str(k) for k in row],
            "classes": NAMES if about else None,
            "answer": json.dumps(NAMES[code]) if about else str(code),
            "gold": False,
        }
        for i, (row, code) in enumerate(zip(shown, said[:, 0].tolist(), strict=True))
    ]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Hard labels of three people, the truth of some items in rows of gold, and triplets."""
    made = tmp_path_factory.mktemp("noise")
    rng = np.random.default_rng(1)
    points = rng.standard_normal((ITEMS, 2)).astype(np.float32)
    prototypes = rng.standard_normal((CLASSES, 2)).astype(np.float32)
    shown = np.repeat(np.arange(ITEMS), PEOPLE)[:, None]
    signal = Hard(precision=1.0, lapse=0.05)
    hard = rows("hard", shown, answered(signal, jax.random.key(1), points[shown], prototypes))
    nearest = ((points[:, None] - prototypes) ** 2).sum(-1).argmin(1)
    gold = rows("hard", np.arange(20)[:, None], nearest[:20, None])
    hard += [{**row, "gold": True} for row in gold]
    asked = np.stack([rng.choice(ITEMS, 3, replace=False) for _ in range(QUESTIONS)])
    asked = np.repeat(asked, PEOPLE, axis=0)
    signal = Triplet(precision=2.0, lapse=0.05)
    triplets = rows("triplet", asked, answered(signal, jax.random.key(2), points[asked]))
    found = {}
    for name, table in {"hard": hard, "mixture": hard + triplets}.items():
        found[name] = made / f"{name}.parquet"
        pl.DataFrame(table, infer_schema_length=None).write_parquet(found[name])
    return found


def command(*words: str) -> str:
    found = CliRunner().invoke(app, [*words])
    assert found.exit_code == 0, found.output
    return found.stdout


def planned(file: Path, kinds: list[str], whole: bool) -> dict[str, tuple[float, float, str, str]]:
    """(precision, lapse, their sources) of each kind in a plan from this pilot: `whole`, or as far
    as its simulations, which take minutes for a mixture."""
    wanted = file.with_suffix(".toml")
    wanted.write_text(PLAN.format(file=file.name) + "".join(ASKED.format(kind=k) for k in kinds))
    if not whole:
        read = read_plan(wanted)
        pilot = encode_pilot(read_pilot(read, None, 0), None, None).calibrated(2, 0)
        return {
            kind: (one.precision, one.lapse, one.precision_source, one.lapse_source)
            for kind, one in zip(kinds, noise_of(read, pilot), strict=True)
        }
    told = {one["name"]: one for one in plan(wanted).to_dict()["assumptions"]}
    found = {}
    for kind in kinds:
        precision, lapse = (told[f"{what} of {kind}"] for what in ("precision", "lapse"))
        found[kind] = (precision["value"], lapse["value"], precision["source"], lapse["source"])
    return found


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("name", "kinds"), [("hard", ["hard"]), ("mixture", ["hard", "triplet"])])
def test_pilot_plan_and_recover_print_one_noise(
    files: dict[str, Path], name: str, kinds: list[str]
) -> None:
    file = files[name]
    pilot = json.loads(command("pilot", str(file), "--dims", "2", "--json"))["signals"]
    words = ("recover", str(file), "--dims", "2", "--no-held-out", "--json")
    recovered = json.loads(command(*words))
    of_plan = planned(file, kinds, whole=name == "hard")
    assert set(recovered["noise"]) == set(pilot) == set(kinds)
    for kind in kinds:
        assert recovered["noise"][kind] == pilot[kind]["noise"]
        precision, lapse = (
            recovered[what] if len(kinds) == 1 else recovered[what][kind]
            for what in ("precision", "lapse")
        )
        assert precision == pilot[kind]["precision"]["value"]
        assert lapse == pilot[kind]["lapse"]["value"]
        assert of_plan[kind][:2] == pytest.approx((precision, lapse))
        assert all(source.startswith("the pilot") for source in of_plan[kind][2:])
    # Rows of gold are read by all three.
    assert "gold" in pilot["hard"]["noise"]["source"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_recover_prints_the_lines_of_pilot_and_python_says_the_same(files: dict[str, Path]) -> None:
    file = str(files["hard"])
    found = recover(lb.read_answers(file), 2, 0, lambda said: None)
    (measured,) = [lb.calibrate(lb.read_answers(file), dims=2)["hard"].noise]
    assert measured is not None
    assert (found.precision, found.lapse) == (measured.precision.value, measured.lapse.value)
    # The fit bends to its answers: its own parameters are another thing, and so differ.
    assert found.embedding.precision_ != pytest.approx(measured.precision.value, rel=0.02)
    pilot = " ".join(command("pilot", file, "--dims", "2").split())
    shown = command("recover", file, "--dims", "2", "--no-held-out")
    for label in ("lapse", "precision"):
        (line,) = [one for one in shown.splitlines() if one.startswith(label)]
        assert " ".join(line.split()) in pilot


def test_noise_that_no_answer_tells_is_not_told_by_the_fit(
    files: dict[str, Path], tmp_path: Path
) -> None:
    table = pl.read_parquet(files["hard"]).filter(~pl.col("gold"), pl.col("annotator") == "w0")
    table.write_parquet(tmp_path / "one.parquet")
    words = [str(tmp_path / "one.parquet"), "--dims", "2"]
    pilot = json.loads(command("pilot", *words, "--json"))["signals"]["hard"]
    recovered = json.loads(command("recover", *words, "--no-held-out", "--json"))
    assert pilot["noise"] is recovered["noise"]["hard"] is None
    assert recovered["precision"] is recovered["lapse"] is None
    assert f"cannot tell: {pilot['advice']}" in command("recover", *words, "--no-held-out")


def test_the_noise_of_few_comparisons_is_called_the_fit_s(
    files: dict[str, Path], tmp_path: Path
) -> None:
    few = pl.read_parquet(files["mixture"]).filter(pl.col("signal") == "triplet")
    few.gather_every(PEOPLE).head(100).write_parquet(tmp_path / "few.parquet")
    shown = command("recover", str(tmp_path / "few.parquet"), "--dims", "2", "--no-held-out")
    assert "these answers cannot tell: " in shown
    assert "the fit itself took precision " in shown
