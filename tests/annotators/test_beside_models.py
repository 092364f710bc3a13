"""People beside models: the paper's procedure against a brute-force one, and its error rates."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from labelbits import Answers, InputError
from labelbits.annotators import alternative_annotator_test, people_beside_models
from labelbits.annotators.alternative import benjamini_yekutieli
from labelbits.annotators.beside_models import epsilon_of
from labelbits.annotators.pilot import run_pilot
from labelbits.answers import write_answers
from labelbits.report.pilot import show_pilot

Said = dict[str, dict[Any, Any]]  # annotator -> question -> answer


def table_of(
    said: Said, signal: str, classes: tuple[str, ...] = (), price: dict[str, float] | None = None
) -> Answers:
    """`said` as a table; a question is a tuple of items or one item; models start with `m`."""
    rows = [
        {
            "signal": signal,
            "annotator": who,
            "items": list(question) if isinstance(question, tuple) else [question],
            "answer": json.dumps(answer),
            "annotator_kind": "model" if who.startswith("m") else "person",
            "price": (price or {}).get(who[0]),
        }
        for who, answers in said.items()
        for question, answer in answers.items()
    ]
    table = pl.DataFrame(rows, schema_overrides={"price": pl.Float64})
    items = tuple(dict.fromkeys(item for row in rows for item in row["items"]))
    return Answers(table, items, classes, tuple(said))


def brute(said: Said, model: str, score: Any, epsilon: float) -> dict[str, Any]:
    """The procedure of the paper in loops, from dictionaries."""
    people = [who for who in said if not who.startswith("m")]
    p, ahead, ours, theirs = [], [], [], []
    for left_out in people:
        d, won, of_model, of_person = [], [], [], []
        for question, answer in said[left_out].items():
            others = [said[k][question] for k in people if k != left_out and question in said[k]]
            if not others or question not in said[model]:
                continue
            s_person, s_model = score(answer, others), score(said[model][question], others)
            d.append(float(s_person >= s_model - 1e-9) - float(s_model >= s_person - 1e-9))
            won.append(s_model >= s_person - 1e-9)
            of_model.append(s_model)
            of_person.append(s_person)
        p.append(stats.ttest_1samp(d, epsilon, alternative="less").pvalue)
        ahead.append(np.mean(won))
        ours.append(np.mean(of_model))
        theirs.append(np.mean(of_person))
    m, harmonic = len(p), sum(1 / k for k in range(1, len(p) + 1))
    fallen = [k for k in range(1, m + 1) if sorted(p)[k - 1] <= 0.05 * k / (m * harmonic)]
    return {
        "omega": (max(fallen) if fallen else 0) / m,
        "rho": np.mean(ahead),
        "p": p,
        "model": np.mean(ours),
        "person": np.mean(theirs),
    }


def same(answer: Any, others: list[Any]) -> float:
    return float(np.mean([answer == one for one in others]))


def near(answer: float, others: list[float]) -> float:
    return -float(np.sqrt(np.mean([(answer - one) ** 2 for one in others])))


def crowd(
    items: int, seed: int, right: float = 0.8, model: float = 0.8, people: int = 4, share: float = 1
) -> Said:
    """Class labels; each person answers `share` of the items."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, items)
    said: Said = {}
    for who, accuracy in [*((f"p{k}", right) for k in range(people)), ("m", model)]:
        slip = np.where(rng.random(items) < accuracy, 0, rng.integers(1, 3, items))
        there = np.flatnonzero(rng.random(items) < (share if who != "m" else 0.95))
        said[who] = {f"i{i}": "abc"[(truth[i] + slip[i]) % 3] for i in there}
    return said


def agrees(found: Any, expected: dict[str, Any]) -> None:
    assert found.winning_rate == expected["omega"]
    assert found.advantage.value == pytest.approx(expected["rho"])
    assert [one.p for one in found.people] == pytest.approx(expected["p"])
    assert found.person == pytest.approx(expected["person"])
    assert found.model_score == pytest.approx(expected["model"])


@pytest.mark.parametrize("seed", range(6))
def test_classes_against_brute_force(seed: int) -> None:
    said = crowd(150, seed, model=0.65 + 0.05 * seed, share=0.7)
    (found,) = people_beside_models(table_of(said, "hard", ("a", "b", "c")), epsilon=0.1)
    agrees(found, brute(said, "m", same, 0.1))


def test_comparisons_against_brute_force_wherever_items_stand() -> None:
    """A triplet shown the other way round is the same question with the same answer."""
    rng = np.random.default_rng(4)
    questions = [tuple(f"i{k}" for k in rng.permutation(9)[:3]) for _ in range(60)]
    questions = list({(a, *sorted((b, c))): (a, b, c) for a, b, c in questions}.values())
    first = {q: rng.random() < 0.5 for q in questions}
    said: Said = defaultdict(dict)
    shown: Said = defaultdict(dict)
    for who in ("p0", "p1", "p2", "m"):
        for a, b, c in questions:
            takes_b = first[a, b, c] == (rng.random() < 0.85)
            said[who][a, b, c] = b if takes_b else c
            if rng.random() < 0.5:
                shown[who][a, b, c] = 1 if takes_b else 0
            else:
                shown[who][a, c, b] = 0 if takes_b else 1
    answers = table_of(shown, "triplet")
    (found,) = people_beside_models(answers, epsilon=0.15)
    assert found.items == len(questions)
    agrees(found, brute(said, "m", same, 0.15))


@pytest.mark.parametrize("model", [0.6, 4.0])
def test_ratings_against_brute_force(model: float) -> None:
    rng = np.random.default_rng(5)
    pairs = [(f"i{a}", f"i{b}") for a in range(12) for b in range(a)]
    truth = {pair: rng.uniform(1, 7) for pair in pairs}
    said: Said = {
        who: {p: int(np.clip(round(truth[p] + rng.normal() * noise), 1, 7)) for p in pairs}
        for who, noise in (("p0", 0.8), ("p1", 0.8), ("p2", 0.8), ("m", model))
    }
    (found,) = people_beside_models(table_of(said, "rating"), epsilon=0.2)
    agrees(found, brute(said, "m", near, 0.2))
    assert found.verdict == ("yes" if model == 0.6 else "no")


def test_probabilities_are_compared_by_total_variation() -> None:
    rng = np.random.default_rng(6)
    said: Said = {
        who: {f"i{i}": dict(zip("abc", rng.dirichlet(np.ones(3)), strict=True)) for i in range(40)}
        for who in ("p0", "p1", "p2", "m")
    }

    def alike(answer: dict[str, float], others: list[dict[str, float]]) -> float:
        apart = [0.5 * sum(abs(answer[k] - one[k]) for k in "abc") for one in others]
        return 1 - float(np.mean(apart))

    (found,) = people_beside_models(table_of(said, "soft", ("a", "b", "c")), epsilon=0.1)
    agrees(found, brute(said, "m", alike, 0.1))


def test_a_model_like_people_passes_and_a_worse_one_does_not() -> None:
    classes = ("a", "b", "c")
    (like,) = people_beside_models(table_of(crowd(400, 0), "hard", classes), epsilon=0.15)
    (worse,) = people_beside_models(
        table_of(crowd(400, 0, model=0.4), "hard", classes), epsilon=0.1
    )
    assert (like.verdict, like.winning_rate, like.more_items) == ("yes", 1.0, 0)
    assert (worse.verdict, worse.winning_rate) == ("no", 0.0)
    assert worse.passes_from > 0.15 > like.passes_from
    assert like.advantage.low > worse.advantage.high


def test_people_with_few_items_are_joined() -> None:
    """Forty people with twelve items each are tested as groups of at least thirty items."""
    said = crowd(160, 3, people=40, share=0.075)
    found = people_beside_models(table_of(said, "hard", ("a", "b", "c")), epsilon=0.2)[0]
    assert all(one.items >= 30 for one in found.people)
    assert 8 <= len(found.people) <= 16
    assert "people joined" in found.people[0].annotator


def test_gold_is_the_reference_where_nobody_answers_the_same_item() -> None:
    rng = np.random.default_rng(8)
    truth = {f"i{i}": "abc"[rng.integers(3)] for i in range(120)}
    said: Said = {"p0": {}, "p1": {}, "m": {}}
    for i, (item, name) in enumerate(truth.items()):
        said[f"p{i % 2}"][item] = name if rng.random() < 0.9 else "a"
        said["m"][item] = "b"
    answers = table_of(said, "hard", ("a", "b", "c"))
    (found,) = people_beside_models(answers, epsilon=0.1, gold=truth)
    assert found.against == "gold"
    assert found.verdict == "no"
    assert found.model_score == pytest.approx(np.mean([n == "b" for n in truth.values()]), abs=0.02)
    assert people_beside_models(answers, epsilon=0.1) == []  # nothing to compare with


def test_false_approvals_stay_below_five_percent() -> None:
    """Every person is ahead by exactly epsilon: the paper's null hypothesis holds at its edge."""
    rng = np.random.default_rng(9)
    runs, approved, at_zero = 300, 0, 0
    for _ in range(runs):
        d = [rng.choice([-1, 0, 1], 80, p=[0.15, 0.6, 0.25]) for _ in range(4)]
        approved += alternative_annotator_test(d, 0.1).verdict == "yes"
        at_zero += alternative_annotator_test(d, 0.4).verdict == "yes"
    assert approved <= 0.05 * runs + 3 * np.sqrt(0.05 * 0.95 * runs)
    assert at_zero > 0.9 * runs  # negative control: a lenient epsilon approves


def test_more_items_settle_it() -> None:
    """New pilots of the size that an open one asks for are settled in about 80 of 100."""
    rng = np.random.default_rng(10)
    chances = [0.12, 0.7, 0.18]
    base = np.repeat([-1, 0, 1], np.array([12, 70, 18]))  # 100 items with exactly these shares
    found = alternative_annotator_test([base] * 3, 0.1)
    assert found.verdict == "open"
    size = round(100 * found.times)

    def settled(items: int) -> float:
        drawn = [[rng.choice([-1, 0, 1], items, p=chances) for _ in range(3)] for _ in range(200)]
        return float(np.mean([alternative_annotator_test(d, 0.1).verdict != "open" for d in drawn]))

    assert settled(size) > 0.7
    assert settled(100) < 0.6  # negative control: the pilot's own size seldom settles it
    assert alternative_annotator_test([base] * 3, 0.06).times is None  # no number of items would


def test_no_difference_at_all_is_tested_exactly() -> None:
    never = np.zeros(40)
    assert alternative_annotator_test([never], 0.1).p[0] == pytest.approx(0.9**40)
    assert alternative_annotator_test([never - 1], 0.1).p[0] == pytest.approx(0.45**40)
    assert alternative_annotator_test([never], 0.01).verdict == "open"  # 40 ties show too little
    assert alternative_annotator_test([never], -0.1).p[0] == 1.0


def test_benjamini_yekutieli_known_values() -> None:
    # Limits k x .05 / (4 x 25 / 12) = .006, .012, .018, .024: the third carries the second.
    assert benjamini_yekutieli(np.array([0.0179, 0.005, 0.5, 0.017])).tolist() == [1, 1, 0, 1]
    assert benjamini_yekutieli(np.array([0.0181, 0.005, 0.5, 0.017])).tolist() == [0, 1, 0, 0]


def test_epsilon_of_two_prices() -> None:
    assert epsilon_of(0.10, 0.0)[0] == pytest.approx(0.2)
    assert epsilon_of(0.10, 0.05)[0] == pytest.approx(0.1)
    assert epsilon_of(0.10, 0.10)[0] == 0
    assert epsilon_of(0.05, 0.10)[0] == pytest.approx(-0.1)
    assert epsilon_of(None, 0.10)[0] == 0.1
    said = crowd(60, 1)
    priced = table_of(said, "hard", ("a", "b", "c"), {"p": 0.08, "m": 0.02})
    assert people_beside_models(priced)[0].epsilon == pytest.approx(0.15)
    with pytest.raises(InputError, match="epsilon is 2; expected"):
        people_beside_models(priced, epsilon=2)


def pandalm(data: Path) -> tuple[Answers, Said]:
    table = pl.read_parquet(data / "pandalm_preferences.parquet")
    names = {1: "first", 2: "second", 0: "tie"}
    columns = {"annotator1": "p1", "annotator2": "p2", "annotator3": "p3"}
    columns |= {"judge_gpt35": "m gpt-3.5", "judge_pandalm7b": "m pandalm-7b"}
    said = {
        who: {f"q{i}": names[v] for i, v in zip(table["idx"], table[column], strict=True) if v >= 0}
        for column, who in columns.items()
    }
    return table_of(said, "hard", tuple(names.values())), said


def test_two_judges_beside_three_people(data: Path, tmp_path: Path) -> None:
    """Published preferences: neither judge may label, whatever a person is paid."""
    answers, said = pandalm(data)
    found = {one.model: one for one in people_beside_models(answers, epsilon=0.1)}
    for model, one in found.items():
        expected = brute(said, model, same, 0.1)
        agrees(one, expected)
        assert (one.verdict, one.winning_rate, len(one.people)) == ("no", 0.0, 3)
        # Even a free model is not shown to be good enough: prices allow 0.2 at most.
        assert one.passes_from > 0.2
    assert found["m gpt-3.5"].unanswered == 25
    assert found["m gpt-3.5"].items == 974
    assert found["m gpt-3.5"].model_score == pytest.approx(0.706, abs=0.001)
    assert found["m gpt-3.5"].person == pytest.approx(0.922, abs=0.001)
    # A third person in a judge's place passes: the procedure can say yes.
    third = answers.table.filter(pl.col("annotator") == "p3").with_columns(
        pl.lit("m third").alias("annotator"), pl.lit("model").alias("annotator_kind")
    )
    rows = answers.table.filter(pl.col("annotator").is_in(["p1", "p2"]))
    swapped = Answers(
        pl.concat([rows, third]), answers.items, answers.classes, ("p1", "p2", "m third")
    )
    (one,) = people_beside_models(swapped, epsilon=0.1)
    assert (one.verdict, one.winning_rate) == ("yes", 1.0)


def test_pilot_prints_and_writes_the_verdict(tmp_path: Path, capsys) -> None:
    said = crowd(120, 2, model=0.7, people=3)
    path = write_answers(table_of(said, "hard", ("a", "b", "c")), tmp_path / "a.parquet")
    result = run_pilot([Path(path)], epsilon=0.1)
    show_pilot(result)
    text = " ".join(capsys.readouterr().out.split())
    (one,) = result.to_dict()["people_beside_models"]
    assert one["verdict"] == "open"
    assert "may it label? not shown, at epsilon 0.1" in text
    assert f"about {one['more_items']:,} more items" in text
    assert json.loads(json.dumps(one)) == one
