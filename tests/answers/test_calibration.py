"""Calibration finds what was put in, with honest intervals, and does not find what is not there."""

from __future__ import annotations

import json

import jax
import numpy as np
import polars as pl
import pytest
from scipy import stats

from labelbits import Answers, InputError, World
from labelbits.annotators import aggregate, calibrate
from labelbits.annotators.agreement import agree_on_choice, agree_on_probabilities
from labelbits.annotators.intervals import proportion, share, share_by
from labelbits.annotators.prices import measured_price, paid_for
from labelbits.annotators.times import fit_times
from labelbits.answers import ModelPrice
from labelbits.quantity import Quantity
from labelbits.signals import Hard, make
from tests.drawn import answered, drawn

CLASSES = tuple("abcd")


def crowd(
    items: int = 300, people: int = 5, precision: float = 2.0, lapse: float = 0.1, seed: int = 0
) -> tuple[Answers, dict[str, str], np.ndarray]:
    """Hard labels of a simulated crowd, the nearest class of each item, and the answers (n,)."""
    keys = jax.random.split(jax.random.key(seed), 3)
    world = World(items=items, classes=4, dims=3)
    d2 = world.sample_class_distances(keys[0], (items,))
    signal = Hard(precision=precision, lapse=lapse)
    said = drawn(signal, keys[1], np.repeat(d2, people, axis=0))[:, 0]
    table = pl.DataFrame(
        {
            "signal": "hard",
            "annotator": [f"w{i % people}" for i in range(items * people)],
            "items": [[str(i // people)] for i in range(items * people)],
            "answer": [json.dumps(CLASSES[k]) for k in said],
            "seconds": np.random.default_rng(seed).lognormal(1.0, 0.5, items * people),
        }
    )
    names = tuple(str(i) for i in range(items))
    gold = {str(i): CLASSES[k] for i, k in enumerate(np.asarray(d2).argmin(1))}
    return Answers(table, names, CLASSES, tuple(f"w{i}" for i in range(people))), gold, said


@pytest.mark.parametrize("with_gold", [True, False])
def test_precision_and_lapse_are_recovered(with_gold: bool) -> None:
    answers, gold, _ = crowd()
    noise = calibrate(answers, gold if with_gold else None, dims=3)["hard"].noise
    assert noise.precision.low < 2.0 < noise.precision.high
    assert noise.lapse.low <= 0.1 <= noise.lapse.high
    # A careful crowd is told from a careless one: the negative control.
    careful, gold, _ = crowd(precision=8.0, lapse=0.0)
    better = calibrate(careful, gold if with_gold else None, dims=3)["hard"].noise
    assert better.precision.low > noise.precision.value
    assert better.lapse.high < noise.lapse.value


def test_one_answer_an_item_without_gold_says_nothing_about_noise() -> None:
    answers, _, _ = crowd(people=1)
    found = calibrate(answers)["hard"]
    assert found.noise is None
    assert found.confusion is None
    assert found.agreement.between is None


def test_confusion_against_gold_and_against_the_others() -> None:
    answers, gold, said = crowd(lapse=0.3)
    with_gold = calibrate(answers, gold)["hard"].confusion
    right = np.mean([CLASSES[k] == gold[str(i // 5)] for i, k in enumerate(said)])
    assert with_gold.accuracy.value == pytest.approx(right)
    assert with_gold.accuracy.low < right < with_gold.accuracy.high
    np.testing.assert_allclose(with_gold.matrix.sum(1), 1)
    assert np.all(with_gold.low < with_gold.matrix)
    assert np.all(with_gold.matrix < with_gold.high)
    assert calibrate(answers)["hard"].confusion.against == "the others' majority"


def test_gold_rows_of_the_table_are_truth_and_no_answers() -> None:
    answers, gold, _ = crowd(items=40)
    extra = pl.DataFrame(
        {"signal": "hard", "annotator": "boss", "items": [[i] for i in gold],
         "answer": [json.dumps(name) for name in gold.values()], "gold": True}
    )  # fmt: skip
    table = pl.concat([answers.table, extra], how="diagonal")
    marked = Answers(table, answers.items, CLASSES, (*answers.annotators, "boss"))
    found, expected = calibrate(marked)["hard"], calibrate(answers, gold)["hard"]
    assert found.answers == expected.answers
    assert found.confusion.against == "gold"
    assert found.confusion.accuracy == expected.confusion.accuracy


def test_gold_that_names_an_unknown_class_is_refused() -> None:
    answers, _, _ = crowd(items=10)
    with pytest.raises(InputError, match="unknown class 'cow' of item '3'"):
        calibrate(answers, {"3": "cow"})
    with pytest.raises(InputError, match="expected 10 class numbers"):
        calibrate(answers, np.zeros(3, dtype=int))


def test_same_seed_same_result() -> None:
    answers, gold, _ = crowd(items=60)
    assert json.dumps(calibrate(answers, gold).to_dict()) == json.dumps(
        calibrate(answers, gold).to_dict()
    )


def test_spammers_are_flagged_with_evidence_and_honest_people_are_not() -> None:
    answers, _, _ = crowd(items=200, people=6, lapse=0.02)
    rng = np.random.default_rng(1)
    rows = answers.table.to_dicts()
    for row in rows:
        if row["annotator"] == "w0":
            row["answer"] = json.dumps(CLASSES[rng.integers(4)])
        if row["annotator"] == "w1":
            row["answer"], row["seconds"] = '"a"', row["seconds"] / 10
    table = pl.DataFrame(rows)
    flagged = calibrate(Answers(table, answers.items, CLASSES, answers.annotators))["hard"].flagged
    assert [record.annotator for record in flagged] == ["w0", "w1"]
    assert "chance gives" in flagged[0].evidence[0]
    words = " ".join(flagged[1].evidence)
    assert "gives one answer in 200 of 200" in words
    assert "s for an answer; the others take" in words
    assert calibrate(answers)["hard"].flagged == ()


@pytest.mark.parametrize("method", ["majority", "dawid-skene", "glad", "mace"])
def test_consensus_is_better_than_one_annotator(method) -> None:
    answers, gold, said = crowd(items=120, people=7, precision=4.0, lapse=0.25)
    found = aggregate(answers, method)
    agreed = np.mean([found.label[item] == name for item, name in gold.items()])
    alone = np.mean([CLASSES[k] == gold[str(i // 7)] for i, k in enumerate(said)])
    assert agreed > alone + 0.05
    np.testing.assert_allclose(found.probability.sum(1), 1, atol=1e-6)
    if method == "dawid-skene":
        for square in found.confusion.values():
            np.testing.assert_allclose(square.sum(1), 1, atol=1e-6)
    if method != "majority":
        assert set(found.skill) == set(answers.annotators)


def test_times_fit_what_was_drawn() -> None:
    rng = np.random.default_rng(0)
    times = rng.lognormal(1.2, 0.6, 4000)
    times[:5] = [4000, 5000, -1, 0, 0.01]
    found = fit_times(times, np.arange(4000) % 40)
    assert (found.dropped, found.too_short) == (4, 1)
    assert found.mu.low < 1.2 < found.mu.high
    assert found.sigma.low < 0.6 < found.sigma.high
    assert found.learning.low < 1 < found.learning.high  # nobody learns here
    place = np.arange(4000) // 40
    faster = fit_times(times[5:] * (place[5:] + 1) ** -0.3, (np.arange(4000) % 40)[5:])
    assert faster.learning.low < 2**-0.3 < faster.learning.high
    assert fit_times(np.array([np.nan, 3.0]), np.zeros(2)) is None


def test_one_answer_costs_what_was_paid_or_else_its_mean_time() -> None:
    times = fit_times(np.array([2.0, 4.0, 6.0, 8.0, 10.0, 4000.0]), np.zeros(6))
    by_time = measured_price(None, times, 30.0, 0.02)
    assert by_time.amount == pytest.approx(6 * 30 / 3600 + 0.02)
    # Student's interval of five times, as a normal one of that width.
    plain = np.std([2, 4, 6, 8, 10], ddof=1) / 6 / 5**0.5
    assert by_time.log_sd == pytest.approx(plain * stats.t.ppf(0.95, 4) / stats.norm.ppf(0.95))
    assert "1 dropped" in by_time.source
    paid = paid_for(np.array([0.0, 0.1, 0.1, 0.2, 0.1, 0.1]))
    assert measured_price(paid, times, 30.0).amount == pytest.approx(0.12)
    assert measured_price(paid_for(np.array([0.1, 0.2])), None, 30.0) is None  # two are no measure


def test_jeffreys_interval_known_value() -> None:
    # Brown, Cai, DasGupta (2001), table 5: n = 10, x = 3.
    found = proportion(3, 10, level=0.95)
    assert (round(found.low, 3), round(found.high, 3)) == (0.093, 0.606)
    assert proportion(0, 10).low == 0.0
    assert proportion(10, 10).high == 1.0


@pytest.mark.parametrize(("units", "size", "mean", "rho"), [(30, 5, 0.9, 0.3), (10, 5, 0.8, 0.3)])
def test_shares_of_answers_that_come_in_units(
    units: int, size: int, mean: float, rho: float
) -> None:
    """Beta-binomial units with a correlation of rho within: 90 of 100 intervals hold the mean."""
    rng = np.random.default_rng(0)
    a, b = (part * (1 - rho) / rho for part in (mean, 1 - mean))
    held = alone = 0
    for _ in range(600):
        right = rng.random((units, size)) < rng.beta(a, b, units)[:, None]
        own = np.repeat(np.arange(units), size)
        found = share_by(right.ravel().astype(float), own)
        held += found.low <= mean <= found.high
        naive = share_by(right.ravel().astype(float), np.arange(units * size))
        alone += naive.low <= mean <= naive.high
    error = np.sqrt(0.9 * 0.1 / 600)
    assert abs(held / 600 - 0.9) < 4 * error
    assert alone / 600 < 0.9 - 8 * error  # the negative control: answers as if independent


def test_a_share_of_one_unit_is_nearly_unknown() -> None:
    found = share(np.array([4.0]), np.array([4.0]))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low < 0.23


def test_agreement_by_hand() -> None:
    question = np.array([0, 0, 0, 1, 1, 2, 2])
    who = np.array([0, 1, 2, 0, 1, 0, 0])
    answer = np.array([5, 5, 6, 7, 7, 5, 6])
    first = np.array([1, 1, 1, 1, 1, 1, 0], dtype=bool)
    found = agree_on_choice(question, answer, who, first, seed=0)
    assert found.between.value == pytest.approx(2 / 4)  # 1 of 3 pairs, 1 of 1
    assert found.repeat.value == 0.0
    report = np.array([[1, 0], [0, 1], [0.5, 0.5]])
    same = agree_on_probabilities(
        np.zeros(3, int), report, report.argmax(1), np.arange(3), np.ones(3, bool)
    )
    assert same.between.value == pytest.approx((1 + 0.5 + 0.5) / 3)


def test_a_language_model_is_measured_against_people() -> None:
    answers, gold, _ = crowd(items=150, people=5, precision=6.0, lapse=0.02)
    rng = np.random.default_rng(2)
    said = [name if rng.random() < 0.8 else CLASSES[rng.integers(4)] for name in gold.values()]
    model = pl.DataFrame(
        {"signal": "hard", "annotator": "m-1", "items": [[i] for i in gold],
         "answer": [json.dumps(name) for name in said], "price": 0.002, "annotator_kind": "model"}
    )  # fmt: skip
    table = pl.concat([answers.table, model], how="diagonal")
    found = calibrate(Answers(table, answers.items, CLASSES, (*answers.annotators, "m-1")))
    assert found["hard"].annotators == 5  # the model is no sixth person
    one = found.models["m-1"]["hard"]
    assert one.confusion.against == "people's majority"
    assert one.noise.source == "people's majority"
    known = calibrate(Answers(table, answers.items, CLASSES, (*answers.annotators, "m-1")), gold)
    assert known.models["m-1"]["hard"].confusion.against == "gold"
    assert one.confusion.accuracy.low < 0.85 < one.confusion.accuracy.high
    assert one.price == pytest.approx(0.002)
    assert one.noise is not None
    assert one.random == ""
    assert found.of("hard") is found.of("votes") is found["hard"]
    assert found.of("hard", "m-1") is one
    assert found.of("triplet", "m-1") is found.of("hard", "m-2") is None
    assert list(found.by_annotators()) == [None, "m-1"]
    assert ModelPrice(0.001, 3.0, 15.0).of(1000, 100) == pytest.approx(0.0055)
    with pytest.raises(InputError, match="expected a price of 0 or more"):
        ModelPrice(-1.0)


def compared(
    name: str, items: int, questions: int, people: int, seed: int, precision: float = 2.0
) -> Answers:
    """Answers of `people` to each of `questions` about items of N(0, I_2), lapse 0.1."""
    signal = make(name, 2, 2, precision=precision, lapse=0.1)
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(items, 2)).astype(np.float32)
    shown = np.stack([rng.permutation(items)[: signal.arity] for _ in range(questions)])
    shown = np.repeat(shown, people, axis=0)
    codes = answered(signal, jax.random.key(seed), points[shown])
    names = tuple(str(i) for i in range(items))
    table = pl.DataFrame(
        {
            "signal": name,
            "annotator": [f"w{i % 7}" for i in range(len(shown))],
            "items": [[names[i] for i in row] for row in shown],
            "answer": [json.dumps(signal.decode(code, ())[0]) for code in codes],
        }
    )
    return Answers(table, names, (), tuple(f"w{i}" for i in range(7)))


def test_repeats_tell_the_noise_of_comparisons() -> None:
    found = calibrate(compared("odd-one-out", 900, 300, 5, seed=2), dims=2)["odd-one-out"].noise
    assert found.source == "several people's answers to one question"
    assert found.precision.low < 2.0 < found.precision.high
    assert found.lapse.low < 0.1 < found.lapse.high < 0.25
    once = calibrate(compared("triplet", 900, 300, 1, seed=2), dims=2)["triplet"].noise
    assert once is None  # nothing is repeated and no item is asked about often


def held(found: Quantity, true: float) -> bool:
    """Does an interval of 95 % hold it? One drawn data set in ten is missed by those of 90 %."""
    stretch = 1.96 / 1.645
    below, above = (stretch * abs(found.value - end) for end in (found.low, found.high))
    return found.value - below < true < found.value + above


def test_positions_tell_the_noise_of_comparisons() -> None:
    found = calibrate(compared("triplet", 25, 700, 1, seed=4), dims=2)["triplet"].noise
    assert found.source == "recovered embedding"
    assert found.precision.low < 2.0 < found.precision.high
    assert held(found.lapse, 0.1)
    assert found.lapse.high < 0.3
    # Careless people are told from careful ones: the negative control.
    worse = compared("triplet", 25, 700, 1, seed=4, precision=0.1)
    assert calibrate(worse, dims=2)["triplet"].noise.precision.high < found.precision.low


def by_model(answers: Answers, table: pl.DataFrame) -> Answers:
    """The answers with those of a language model beside them."""
    own = table.with_columns(annotator=pl.lit("m-1"), annotator_kind=pl.lit("model"))
    both = pl.concat([answers.table, own], how="diagonal")
    return Answers(both, answers.items, answers.classes, (*answers.annotators, "m-1"))


def test_a_model_that_compares_is_measured_by_where_people_put_the_items() -> None:
    people = compared("triplet", 25, 700, 1, seed=4)
    alike = compared("triplet", 25, 400, 1, seed=4, precision=1.0)  # of the same items
    found = calibrate(by_model(people, alike.table), dims=2)
    one = found.of("triplet", "m-1")
    assert one.noise.source == "where people's answers put the items"
    assert held(one.noise.precision, 1.0)
    assert one.noise.precision.high < 2.2  # an end by draws: 2.0 by other ones
    assert one.random == ""
    # People's figures are what they are without it.
    assert found["triplet"].noise == calibrate(people, dims=2)["triplet"].noise
    # The negative control: a coin has no precision, whatever people's is.
    coin = np.random.default_rng(0).integers(0, 2, 400)
    tossed = alike.table.with_columns(answer=pl.Series([str(c) for c in coin]))
    coined = calibrate(by_model(people, tossed), dims=2).of("triplet", "m-1")
    assert coined.noise is None
    assert "says nothing of its 387 answers" in coined.random  # 13 are repeats


def test_a_model_that_guesses_classes_is_called_random() -> None:
    answers, gold, _ = crowd(items=150, people=5, precision=6.0, lapse=0.02)
    guess = np.random.default_rng(2).integers(0, 4, len(gold))
    own = pl.DataFrame(
        {"signal": "hard", "items": [[i] for i in gold],
         "answer": [json.dumps(CLASSES[k]) for k in guess]}
    )  # fmt: skip
    found = calibrate(by_model(answers, own), only=("confusion",)).of("hard", "m-1")
    assert "answers that know nothing of the items" in found.random
    always = own.with_columns(answer=pl.lit('"a"'))
    assert calibrate(by_model(answers, always), only=("confusion",)).of("hard", "m-1").random


def test_repeats_are_nobody_elses_answers() -> None:
    answers, _, _ = crowd(items=80, people=4)
    twice = answers.table.with_columns(repeat=pl.lit(True))
    named = pl.concat([answers.table, twice], how="diagonal")
    unnamed = pl.concat([answers.table, answers.table])
    once = calibrate(answers)["hard"]
    for table in (named, unnamed):
        found = calibrate(Answers(table, answers.items, CLASSES, answers.annotators))["hard"]
        assert (found.answers, found.repeats) == (640, 320)
        assert found.agreement.repeat.value == 1.0
        for same in ("noise", "confusion"):
            assert str(getattr(found, same)) == str(getattr(once, same))
        assert found.agreement.between == once.agreement.between
    # Answers of which nobody knows who gave them are not taken for one person's.
    nobody = answers.table.with_columns(annotator=pl.lit("unknown"))
    assert calibrate(Answers(nobody, answers.items, CLASSES, ("unknown",)))["hard"].repeats == 0


def test_gold_in_any_form_is_one_gold(tmp_path):
    """A file, a frame, names or numbers: `pilot` and `plan` take them, and so does `calibrate`."""
    answers, nearest, _ = crowd(items=60)
    table = pl.DataFrame({"item": list(nearest), "class": list(nearest.values())})
    table.write_csv(tmp_path / "gold.csv")
    names = [nearest[item] for item in answers.items]
    forms = {
        "names": names,
        "numbers": [CLASSES.index(name) for name in names],
        "polars": table,
        "pandas": table.to_pandas(),
        "path": tmp_path / "gold.csv",
        "text": str(tmp_path / "gold.csv"),
    }

    def right(gold) -> float:
        found = calibrate(answers, gold, only=("confusion",)).signals["hard"].confusion
        assert found is not None
        assert found.against == "gold"
        return found.accuracy.value

    expected = right(nearest)
    for form, gold in forms.items():
        assert right(gold) == expected, form
    some = right([None, *names[1:]])
    assert some != right(names[1:] + names[:1])
    with pytest.raises(InputError, match="expected 60 class numbers"):
        calibrate(answers, names[:5])


def test_a_pilot_of_no_dimensions_is_refused():
    answers, _, _ = crowd(items=20)
    with pytest.raises(InputError, match="dims is 0; expected a whole number of at least 1"):
        calibrate(answers, dims=0)
