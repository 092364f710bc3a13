"""Intervals hold for more people like those of a pilot: annotators are unlike each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from labelbits.annotators.agreement import (
    agree_on_choice,
    agree_on_number,
    agree_on_probabilities,
)
from labelbits.annotators.confusion import confuse
from labelbits.annotators.noise.class_noise import fit_noise
from labelbits.annotators.noise.maximum import UNLIKE
from labelbits.annotators.times import fit_times
from labelbits.annotators.unlike import FALSE_ALARM, are_unlike
from labelbits.interface import Batch, Z
from labelbits.quantity import Quantity
from tests.annotators.crowds import as_batch

K, PEOPLE, ITEMS, EACH, PILOTS = 4, 12, 100, 3, 50
#: Three in ten are careless: shares of right answers, spreads of numbers.
CARELESS, RIGHT, SPREAD = 0.3, (0.95, 0.45), (0.4, 2.0)
TRUE = (1 - CARELESS) * RIGHT[0] + CARELESS * RIGHT[1]
#: Two of them agree: both right, or both wrong in one way.
SAME = TRUE**2 + (1 - TRUE) ** 2 / (K - 1)
PACE, WITHIN, LOG_TIME = 0.5, 0.4, 1.2


class Made:
    """A pilot by people drawn from two kinds: who answered what, and who is careless."""

    def __init__(self, seed: int, careless: float = CARELESS) -> None:
        self.rng = np.random.default_rng([seed, 16])
        self.question = np.repeat(np.arange(ITEMS), EACH)
        self.who = np.concatenate([self.rng.permutation(PEOPLE)[:EACH] for _ in range(ITEMS)])
        self.kind = (self.rng.random(PEOPLE) < careless)[self.who].astype(int)
        self.truth = self.rng.integers(0, K, ITEMS)[self.question]
        right = self.rng.random(len(self.who)) < np.array(RIGHT)[self.kind]
        other = (self.truth + self.rng.integers(1, K, len(self.who))) % K
        self.said = np.where(right, self.truth, other)
        self.first = np.ones(len(self.who), bool)


def accuracy(made: Made, who: np.ndarray | None) -> Quantity:
    names = [str(k) for k in range(K)]
    found = confuse(made.said, made.truth, made.question, names, "gold", who=who)
    assert found is not None
    return found.accuracy


def agreement(made: Made, who: np.ndarray | None) -> Quantity:
    who = np.zeros(len(made.who), int) if who is None else who
    found = agree_on_choice(made.question, made.said, who, made.first, 0).between
    assert found is not None
    return found


def alpha(made: Made, who: np.ndarray | None) -> Quantity:
    who = np.zeros(len(made.who), int) if who is None else who
    found = agree_on_choice(made.question, made.said, who, made.first, 0).alpha
    assert found is not None
    return found


def numbers(made: Made, who: np.ndarray | None) -> Quantity:
    who = np.zeros(len(made.who), int) if who is None else who
    noise = np.array(SPREAD)[made.kind] * made.rng.normal(size=len(made.who))
    value = made.rng.normal(size=ITEMS)[made.question] + noise
    found = agree_on_number(made.question, value, who, made.first, 0).between
    assert found is not None
    return found


def seconds(made: Made, who: np.ndarray | None) -> Quantity:
    pace = PACE * made.rng.normal(size=PEOPLE)[made.who]
    times = np.exp(LOG_TIME + pace + WITHIN * made.rng.normal(size=len(made.who)))
    found = fit_times(times, np.zeros(len(times), int) if who is None else who)
    assert found is not None
    return Quantity.within(found.mean, found.mean * found.mean_error, 0.0, np.inf)


def _correlation() -> float:
    """Of a number with the mean of two others', over many people of both kinds."""
    rng = np.random.default_rng(0)
    spread = np.where(rng.random((200_000, EACH)) < CARELESS, SPREAD[1], SPREAD[0])
    x = rng.normal(size=(200_000, 1)) + spread * rng.normal(size=spread.shape)
    return float(np.corrcoef(x[:, 0], x[:, 1:].mean(1))[0, 1])


FIGURES: dict[str, tuple[Callable[[Made, np.ndarray | None], Quantity], float]] = {
    "accuracy": (accuracy, TRUE),
    "agreement": (agreement, SAME),
    "alpha": (alpha, 1 - (1 - SAME) / (1 - 1 / K)),
    "numbers": (numbers, _correlation()),
    "seconds": (seconds, float(np.exp(LOG_TIME + (PACE**2 + WITHIN**2) / 2))),
}


@pytest.mark.parametrize("name", FIGURES)
def test_intervals_cover_what_more_such_people_would_answer(name: str) -> None:
    figure, true = FIGURES[name]
    held, blind = [], []
    for seed in range(PILOTS):
        for covers, told in ((held, True), (blind, False)):
            made = Made(seed)
            found = figure(made, made.who if told else None)
            covers.append(found.low <= true <= found.high)
    error = np.sqrt(0.9 * 0.1 / PILOTS)
    assert np.mean(held) > 0.9 - 4 * error
    assert np.mean(blind) < 0.9 - 4 * error  # the control: answers as if by one kind of people


def test_people_who_are_alike_widen_nothing() -> None:
    ratios = []
    for seed in range(30):
        made = Made(seed, careless=0.0)
        told, blind = accuracy(made, made.who), accuracy(made, None)
        ratios.append((told.high - told.low) / (blind.high - blind.low))
    assert np.median(ratios) < 1.1
    made = Made(1)
    told, blind = accuracy(made, made.who), accuracy(made, None)
    assert told.high - told.low > 2 * (blind.high - blind.low)


def test_reports_of_unlike_people() -> None:
    widths = []
    for seed in range(20):
        made = Made(seed)
        middle = made.rng.dirichlet(np.ones(K), ITEMS)[made.question]
        sure = np.array((30.0, 2.0))[made.kind]
        report = np.array(
            [made.rng.dirichlet(c * p + 0.05) for c, p in zip(sure, middle, strict=True)]
        )
        top = report.argmax(1)
        told, blind = (
            agree_on_probabilities(made.question, report, top, who, made.first).between
            for who in (made.who, np.zeros(len(made.who), int))
        )
        assert told is not None
        assert blind is not None
        assert told.value == blind.value
        widths.append((told.high - told.low) / (blind.high - blind.low))
    assert np.median(widths) > 1.5


#: Lapse of everybody, precision of four in five and of the others.
LAPSE, PRECISIONS = 0.1, (3.0, 0.5)


def of_two_precisions(seed: int) -> Batch:
    """200 items in a standard normal world, five of ten people about each."""
    rng = np.random.default_rng([seed, 18])
    items, people, classes, dims = 200, 10, 5, 3
    apart = rng.normal(size=(items, 1, dims)) - rng.normal(size=(classes, dims))
    who = np.array([rng.permutation(people)[:5] for _ in range(items)])
    precision = np.where(who < people // 5, PRECISIONS[1], PRECISIONS[0])
    channel = special.softmax(-precision[..., None] * (apart**2).sum(-1)[:, None], axis=-1)
    channel = (1 - LAPSE) * channel + LAPSE / classes
    said = (channel.cumsum(-1) > rng.random(who.shape)[..., None]).argmax(-1)
    return replace(as_batch(said), annotator=who.reshape(-1).astype(np.int32))


def test_low_precision_of_some_is_not_told_as_lapses_of_all() -> None:
    held, blind = [], []
    for seed in range(8):
        batch = of_two_precisions(seed)
        for covers, own in (
            (held, batch),
            (blind, replace(batch, annotator=np.zeros_like(batch.annotator))),
        ):
            found = fit_noise(own, 5, 3)
            assert found is not None
            covers.append(found.lapse.low <= LAPSE <= found.lapse.high)
            assert own is batch or found.assumes != UNLIKE
    assert np.mean(held) > 0.9 - 4 * np.sqrt(0.9 * 0.1 / 8)
    assert sum(held) > sum(blind)  # the control: nobody told apart


def test_people_who_are_alike_are_seldom_said_not_to_be() -> None:
    alarms = sum(
        are_unlike(made.said == made.truth, made.question, made.who)
        for made in (Made(seed, careless=0.0) for seed in range(200))
    )
    assert alarms <= 200 * FALSE_ALARM + 4 * np.sqrt(200 * FALSE_ALARM)
    made = Made(1)
    assert are_unlike(made.said == made.truth, made.question, made.who)


def test_one_annotator_s_times_are_hers() -> None:
    times = np.exp(np.random.default_rng(0).normal(size=50))
    found = fit_times(times, np.zeros(50, int))
    assert found is not None
    plain = times.std(ddof=1) / times.mean() / np.sqrt(50)
    assert plain < found.mean_error < 1.02 * plain * 1.6766 / Z
