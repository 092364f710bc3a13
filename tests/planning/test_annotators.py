"""Who answers: people, language models, others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from labelbits.app.drafts import vocabulary
from labelbits.errors import InputError
from labelbits.interface import Batch
from labelbits.planning import read_plan
from labelbits.planning.evidence.annotators import voices_of
from labelbits.planning.evidence.answer_source import answer_probabilities
from labelbits.planning.evidence.answers_held import Pilot
from labelbits.planning.evidence.loading import Evidence, load_evidence
from labelbits.planning.families import build_families
from labelbits.planning.spec.annotator_kinds import ANNOTATOR_KINDS, AnnotatorKind, KnownBy, Named
from labelbits.planning.spec.asked import SignalPlan
from labelbits.planning.spec.planfile import PlanFile
from labelbits.signals import make
from tests.planning.conftest import BASE, blobs

Write = Callable[..., Path]
MODEL = """
[[signal]]
kind = "hard"
annotators = "model"
"""


def planned(write_plan: Write, tmp_path: Path, more: str) -> tuple[PlanFile, Evidence]:
    """The blobs, with a language model that is right on 60 % of 300 items."""
    gold = blobs()["gold"][:300]
    rng = np.random.default_rng(1)
    said = np.where(rng.random(300) < 0.6, gold, rng.integers(0, 4, 300))
    pl.DataFrame(
        {
            "model": ["small"] * 300,
            "task": [str(i) for i in range(300)],
            "label": [str(k) for k in said],
            "price": [0.002] * 300,
        }
    ).write_csv(tmp_path / "model.csv")
    text = BASE.replace("[budget]", 'pilot = ["model.csv"]\n[budget]') + more
    plan = read_plan(write_plan(text))
    return plan, load_evidence(plan, 0)


def test_a_models_answers_are_no_peoples_votes(write_plan: Write, tmp_path: Path) -> None:
    plan, evidence = planned(write_plan, tmp_path, MODEL)
    assert evidence.counts.sum() == 4000
    crowd, _ = answer_probabilities(evidence)
    voices = voices_of(plan.signal[2], evidence, crowd, 3)
    assert voices.evidence.counts.sum() == 300
    # Right on 60 % + 40 % / 4 of the items it answered, and as often on those it did not.
    gold = blobs()["gold"]
    unseen = voices.probabilities[np.arange(300, 400), gold[300:]].mean()
    assert unseen == pytest.approx(0.7, abs=0.06)
    assert crowd[np.arange(400), gold].mean() > 0.8


def test_peoples_mistakes_are_not_counted_against_a_model() -> None:
    # Always right, among people of whom each errs once in five: no answer of the model is wrong.
    truth = np.arange(60) % 3
    votes = np.full((60, 3), 0.0)
    votes[np.arange(60), truth] = 4
    votes[np.arange(60), (truth + 1) % 3] = 1
    votes[0] = [2, 2, 0]  # a tie, where the model's answer proves nothing
    asks = make("hard", 2, 3)
    batch = Batch(asks, np.arange(60)[:, None], truth[:, None], np.zeros(60, int), np.ones(60))
    evidence = Evidence(
        np.zeros((60, 2)), votes, None, ("a", "b", "c"), pilot=Pilot(models={("m", "hard"): batch})
    )
    asked = SignalPlan(kind="hard", annotators="model")
    voices = voices_of(asked, evidence, votes / votes.sum(1, keepdims=True), 1)
    assert "100.0 % of 59 as gold or most people say" in voices.source
    assert voices.probabilities[np.arange(1, 60), truth[1:]].min() > 0.95
    nobody = replace(evidence, counts=np.zeros((60, 3)))
    with pytest.raises(InputError, match="add people's answers or gold on some of the same"):
        voices_of(asked, nobody, np.full((60, 3), 1 / 3), 1)


def test_a_models_price_comes_from_the_pilot_or_from_tokens(
    write_plan: Write, tmp_path: Path
) -> None:
    plan, evidence = planned(write_plan, tmp_path, MODEL)
    families, _ = build_families(plan, 2, 4, evidence.pilot)
    assert families[-1].name == "hard by model"
    assert families[-1].annotators == "model"
    assert families[-1].price.amount == pytest.approx(0.002)
    tokens = MODEL + "input_tokens = 500\noutput_tokens = 10\ninput_price = 2\noutput_price = 8\n"
    plan, evidence = planned(write_plan, tmp_path, tokens)
    families, _ = build_families(plan, 2, 4, evidence.pilot)
    assert families[-1].price.amount == pytest.approx((500 * 2 + 10 * 8) / 1e6)


def test_an_expert_without_answers_is_right_but_for_the_lapse(write_plan: Write) -> None:
    expert = MODEL.replace("model", "expert") + "lapse = 0.02\nprice = 0.5\n"
    plan = read_plan(write_plan(BASE + expert))
    evidence = load_evidence(plan, 0)
    crowd, _ = answer_probabilities(evidence)
    voices = voices_of(plan.signal[2], evidence, crowd, 3)
    gold = blobs()["gold"]
    np.testing.assert_allclose(voices.probabilities[np.arange(400), gold], 0.98 + 0.02 / 4)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('model = "large"\n', "model is 'large'; the pilot's models that gave hard answers: small"),
        ('kind = "soft"\nprice = 1\n', "only hard labels of language models"),
    ],
)
def test_what_is_not_in_the_pilot_is_refused(
    write_plan: Write, tmp_path: Path, more: str, says: str
) -> None:
    text = MODEL + more
    if "kind" in more:
        text = MODEL.replace('kind = "hard"', 'kind = "sparse-soft"') + "price = 1\n"
        says = "sparse-soft by model"
    plan, evidence = planned(write_plan, tmp_path, text)
    crowd, _ = answer_probabilities(evidence)
    with pytest.raises(InputError, match=says):
        voices_of(plan.signal[2], evidence, crowd, 3)


def test_a_model_without_price_is_refused(write_plan: Write) -> None:
    plan = read_plan(write_plan(BASE + MODEL + "lapse = 0.1\n"))
    with pytest.raises(InputError, match="no price; add price"):
        build_families(plan, 2, 4, load_evidence(plan, 0).pilot)


def test_a_kind_of_annotators_is_one_entry(
    write_plan: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labelling programs: known by the plan's lapse, and paid as the entry says."""
    programs = AnnotatorKind(
        "program",
        "a labelling program",
        KnownBy.LAPSE,
        "a program",
        "no price; add price = what one run costs",
        Named("annotators", "Its name"),
    )
    text = BASE + MODEL.replace("model", "program") + "lapse = 0.3\n"
    plan = read_plan(write_plan(text))
    evidence = load_evidence(plan, 0)
    with pytest.raises(InputError, match=r"hard by program\): neither price nor seconds"):
        build_families(plan, 2, 4, evidence.pilot)
    monkeypatch.setitem(ANNOTATOR_KINDS, "program", programs)
    with pytest.raises(
        InputError, match=r"hard by a program\): no price; add price = what one run"
    ):
        build_families(plan, 2, 4, evidence.pilot)
    plan = read_plan(write_plan(text + "price = 0.001\n"))
    families, _ = build_families(plan, 2, 4, evidence.pilot)
    assert (families[-1].name, families[-1].known_by) == ("hard by program", KnownBy.LAPSE)
    offered = {one["name"]: one for one in vocabulary()["annotators"]}
    assert offered["program"] == {
        "name": "program",
        "title": "a labelling program",
        "needs_price": True,
        "named": {"key": "annotators", "label": "Its name", "help": ""},
    }


def test_a_named_model_answers_whatever_else_is_said() -> None:
    assert SignalPlan(kind="hard", model="small").known_by is KnownBy.MODEL
    assert SignalPlan(kind="hard", annotators="nurses").known_by is KnownBy.LAPSE
    assert SignalPlan(kind="hard").known_by is KnownBy.PEOPLE
