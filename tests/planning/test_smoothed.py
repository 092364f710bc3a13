"""Agreement from few held-out answers: less luck than a count, no bias, an error that holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from labelbits.interface import Answers
from labelbits.planning.comparisons.held import Held, held_answers
from labelbits.planning.comparisons.others import OTHERS, other_questions
from labelbits.planning.comparisons.smoothed import Smoothed, smoothed
from labelbits.planning.comparisons.twins import asking_of, different
from labelbits.recovery.held_out import Predictions

ANSWERS, DRAWS, SURE = 400, 300, 0.7


def foretold(seed: int, outcomes: int = 2, each: int = 1, harder: float = 0.0) -> Predictions:
    """Held-out answers where a fit is too sure; a share `harder` of them is near to call."""
    generator = np.random.default_rng(seed)
    odds = np.repeat(np.abs(generator.normal(scale=2, size=ANSWERS // each)), each)
    odds[: int(harder * ANSWERS)] *= 0.1
    guess = np.log(outcomes - 1)
    right = (generator.random(ANSWERS) < expit(SURE * odds - guess)).astype(float)
    rows, none = np.arange(ANSWERS), np.full(ANSWERS, np.nan)
    many = np.full(ANSWERS, float(outcomes))
    return Predictions(rows, rows // each, right, none, many, expit(odds - guess))


def truth(outcomes: int) -> float:
    odds = np.abs(np.random.default_rng(0).normal(scale=2, size=200_000))
    return float(expit(SURE * odds - np.log(outcomes - 1)).mean())


def found(told: Predictions, others: Predictions | None = None) -> Smoothed:
    one = smoothed(told, others)
    assert one is not None
    return one


@pytest.mark.parametrize(
    ("outcomes", "each", "others", "most"), [(2, 1, 0, 0.9), (3, 1, 4, 0.85), (2, 4, 4, 0.75)]
)
def test_it_errs_less_than_a_count_and_knows_by_how_much(
    outcomes: int, each: int, others: int, most: float
):
    """`others`: so many times as many other questions; `most`: the share of a count's error."""
    smooth, count, z, true = [], [], [], truth(outcomes)
    for seed in range(DRAWS):
        told = foretold(seed, outcomes, each)
        parts = [foretold(10_000 + others * seed + k, outcomes) for k in range(others)]
        more = None
        if parts:
            more = replace(
                parts[0],
                row=np.arange(others * ANSWERS),
                question=np.arange(others * ANSWERS),
                outcomes=np.concatenate([p.outcomes for p in parts]),
                most=np.concatenate([p.most for p in parts]),
            )
        count.append(told.right.mean() - true)
        one = smoothed(told, more)
        if one is None:  # by luck no number fits
            continue
        assert one.others == bool(others)
        smooth.append(one.value - true)
        z.append((one.value - true) / one.error)
    assert len(smooth) > 0.98 * DRAWS
    assert abs(np.mean(smooth)) < 4 * np.std(smooth) / np.sqrt(DRAWS)
    assert np.std(smooth) < most * np.std(count)
    # The variance of z is 1 within four standard errors of a variance.
    assert np.mean(np.square(z)) == pytest.approx(1, abs=4 * np.sqrt(2 / DRAWS))


def test_a_fit_that_is_equally_sure_of_everything_leaves_the_count():
    told = foretold(1)
    one = found(replace(told, most=np.full(ANSWERS, 0.9)))
    right = told.right.mean()
    assert one.value == pytest.approx(right, abs=1e-4)
    assert one.error == pytest.approx(np.sqrt(right * (1 - right) / ANSWERS), rel=1e-2)


def test_questions_that_were_asked_in_another_way_stand_for_themselves():
    """A sampler that asks what is near to call: other questions would be taken for too much."""
    hard, usual = foretold(1, harder=0.7), foretold(2)
    assert found(hard, usual) == found(hard)
    assert found(foretold(3), usual).others


def test_a_fit_that_is_sure_of_coins_and_right_elsewhere_is_counted():
    """No one number corrects it: smoothed, it would be taken for worse than it is."""
    told = foretold(1)
    sure = told.most > np.median(told.most)
    right = np.where(sure, np.arange(ANSWERS) % 2, np.arange(ANSWERS) % 10 > 0).astype(float)
    assert smoothed(replace(told, right=right)) is None


def test_spaces_that_tell_no_probability_are_counted():
    told = foretold(1)
    assert smoothed(replace(told, most=np.full(ANSWERS, np.nan))) is None


def asked(items: int, answers: int, seed: int, head: int | None = None) -> Held:
    """Triplets about random items, or all with one head."""
    generator = np.random.default_rng(seed)
    always = () if head is None else ((0, head),)
    shown = different(answers, items, 3, generator, always)
    names = tuple(f"item {i}" for i in range(items))
    table = pl.DataFrame(
        {
            "signal": ["triplet"] * answers,
            "annotator": ["one"] * answers,
            "items": np.array(names)[shown].tolist(),
            "answer": generator.integers(0, 2, answers).astype(str),
        }
    ).with_columns(classes=pl.lit([], dtype=pl.List(pl.String)))
    return held_answers(Answers(table, names, (), ("one",)), {}, None, np.full(items, -1))


def test_other_questions_are_asked_as_the_pilot_asks_its_own():
    held = asked(60, 200, 1)
    (batch,) = other_questions(held, held.tested, 0)
    assert len(batch) == OTHERS
    assert len(np.unique(batch.items[:, 0])) == 60
    # Preferences are triplets whose head is the ideal item: so are other ones.
    ideal = asked(300, 200, 2, head=7)
    (batch,) = other_questions(ideal, ideal.tested, 0)
    assert np.all(batch.items[:, 0] == 7)
    assert not np.any(batch.items[:, 1:] == 7)
    asking = asking_of(ideal, ("triplet", ""), batch.signal, 0)
    assert np.all(asking.draw(50, np.random.default_rng(0))[:, 0] == 7)


def test_there_are_no_other_questions_where_there_are_few_or_a_pool_comes_again():
    few = asked(12, 200, 3)
    assert other_questions(few, few.tested, 0) == []
    once = asked(60, 50, 4)
    again = replace(once.answers, table=pl.concat([once.answers.table] * 4))
    pool = held_answers(again, {}, None, once.classes)
    assert other_questions(pool, pool.tested, 0) == []
