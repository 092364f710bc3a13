"""Noise of class answers from annotators of every kind, not only of the product's own channel."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import pytest

from labelbits.annotators import calibrate
from labelbits.annotators.confusion import confuse
from labelbits.annotators.noise.at_random import most_at_random
from labelbits.annotators.noise.class_noise import fit_noise
from labelbits.annotators.noise.maximum import maximise
from labelbits.annotators.noise.symmetric import symmetric_likelihood
from labelbits.answers import read_answers
from labelbits.signals import make
from labelbits.worlds import World
from tests.annotators.crowds import KINDS, K, as_batch, crowd, right_in

GRID = np.array([0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95])


def chance_of_right() -> Callable[[float], tuple[float, float]]:
    """P(the answer is the nearest of K prototypes) in N(0, I_4), and its error: plain numpy."""
    rng = np.random.default_rng(7)
    d2 = ((rng.normal(size=(60_000, 1, 4)) - rng.normal(size=(60_000, K, 4))) ** 2).sum(-1)
    d2 -= d2.min(1, keepdims=True)

    def at(precision: float) -> tuple[float, float]:
        right = 1 / np.exp(-precision * d2).sum(1)
        return float(right.mean()), float(right.std() / np.sqrt(len(right)))

    return at


def test_precision_rises_with_accuracy_and_is_the_most_likely() -> None:
    """One answer an item and gold tell one number: the precision that is right that often."""
    found, chance = [], chance_of_right()
    for accuracy in GRID:
        said, truth = right_in(accuracy)
        noise = fit_noise(as_batch(said), K, 4, truth)
        assert noise is not None
        assert noise.assumes.startswith("no lapse, which these answers cannot tell")
        assert noise.never_random == noise.precision
        assert noise.lapse.low == noise.lapse.value == 0
        assert noise.precision.low < noise.precision.value < noise.precision.high
        found.append(noise.precision.value)
        # The most likely precision of a binomial is where its mean is the share seen: 4,096
        # sampled worlds know that mean to .004 (a standard deviation of .25 over worlds).
        mean, error = chance(found[-1])
        assert abs(mean - accuracy) < 4 * np.hypot(error, 0.004)
    assert np.all(np.diff(found) > 0)
    # Negative control: the precision of the next accuracy is told from this one's.
    assert abs(chance(found[3])[0] - GRID[5]) > 4 * 0.004


@pytest.mark.parametrize("gold", [True, False])
def test_several_answers_an_item_tell_random_answers_from_low_precision(gold: bool) -> None:
    """Evenly spread mistakes are random answers, and several answers to an item tell so."""
    never, lapses = [], []
    for accuracy in (0.55, 0.7, 0.85):
        said, truth = right_in(accuracy, people=5)
        noise = fit_noise(as_batch(said), K, 4, np.repeat(truth, 5) if gold else None)
        share = (1 - accuracy) * K / (K - 1)
        assert noise.lapse.low < share < noise.lapse.high
        assert noise.lapse.low > 0.5 * share
        assert noise.random_at_most > share
        never.append(noise.never_random.value)
        lapses.append(noise.lapse.value)
    assert np.all(np.diff(never) > 0)  # precision if nothing is random still orders annotators
    assert np.all(np.diff(lapses) < 0)


@pytest.mark.parametrize("people", [1, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_the_bound_of_random_answers_is_a_bound(kind: str, people: int) -> None:
    """It holds the share of random answers in 95 of 100 runs, whoever answers."""
    runs, held, plain = 100, 0, 0
    hard = make("hard", 4, K)
    for seed in range(runs):
        said, truth, share = crowd(kind, 150, people, np.random.default_rng([seed, people]))
        known = np.repeat(truth, people) if people == 1 else np.full(said.size, -1)
        item = np.repeat(np.arange(len(said)), people)
        most = most_at_random(hard, said.reshape(-1, 1), item, known, K)
        held += share <= most
        plain += share <= np.mean(said != truth[:, None]) * K / (K - 1)
    assert held >= 0.95 * runs - 3 * np.sqrt(runs * 0.95 * 0.05)
    if kind == "even":  # negative control: the share of mistakes alone is no bound
        assert plain < 0.95 * runs - 3 * np.sqrt(runs * 0.95 * 0.05)


def test_the_bound_leaves_out_what_random_answers_do_not_explain() -> None:
    """A pair of classes that people mistake for each other does not count as answers at random."""
    said, truth, share = crowd("pair", 2000, 1, np.random.default_rng(3))
    most = most_at_random(make("hard", 4, K), said, np.arange(2000), truth, K)
    mistakes = np.mean(said[:, 0] != truth) * K / (K - 1)
    assert share < most < 0.75 * mistakes
    noise = fit_noise(as_batch(said), K, 4, truth)
    assert noise.lapse.high == noise.random_at_most == pytest.approx(most, abs=0.01)


@pytest.mark.parametrize("people", [1, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_no_lapse_is_believed_beyond_the_bound(kind: str, people: int) -> None:
    """Mistakes that do not follow distances look like lapses: counting them knows more."""
    said, truth, _ = crowd(kind, 1500 // people, people, np.random.default_rng(5))
    noise = fit_noise(as_batch(said), K, 4, np.repeat(truth, people))
    assert noise is not None
    assert noise.random_at_most is not None
    assert noise.lapse.low <= noise.lapse.value <= noise.lapse.high <= noise.random_at_most
    if (kind, people) == ("pair", 1):  # negative control: the channel alone believes more
        score = symmetric_likelihood(*_scored(said, truth))
        free = maximise(score, False, 4, K, len(said), said.size, "gold", 0.0, None)
        assert free is not None
        assert free.lapse.high > noise.random_at_most


def test_the_pair_that_mistakes_are_about_is_named() -> None:
    for kind, named in (("pair", ("c0", "c1")), ("even", None), ("difficulty", None)):
        said, truth, _ = crowd(kind, 400, 4, np.random.default_rng(6))
        item = np.repeat(np.arange(400), 4)
        names = [f"c{k}" for k in range(K)]
        found = confuse(said.ravel(), np.repeat(truth, 4), item, names, "gold")
        assert found is not None
        assert (None if found.pair is None else found.pair[:2]) == named
        assert (found.to_dict()["confused"] is None) == (named is None)


def _scored(said: np.ndarray, truth: np.ndarray) -> tuple:
    """What `fit_noise` hands to the likelihood of hard labels."""
    world = World(items=1, classes=K, dims=4)
    d2 = np.asarray(world.sample_class_distances(jax.random.key(0), (4096,)))
    item = np.repeat(np.arange(len(said)), said.shape[1])
    return make("hard", 4, K), d2, said.ravel(), item, truth


@pytest.mark.parametrize(
    ("name", "said", "chance"),
    [
        ("complementary", lambda truth, wrong: np.where(wrong, truth, (truth + 1) % K), 1 / K),
        ("ranking", lambda truth, wrong: np.where(wrong, (truth + 1) % K, truth), None),
    ],
)
def test_the_bound_of_other_answers(name: str, said, chance: float | None) -> None:
    truth = np.arange(400) % K
    wrong = np.random.default_rng(0).random(400) < 0.1
    answer = said(truth, wrong)[:, None]
    if name == "ranking":  # the right class first, then any two
        answer = np.concatenate([answer, (answer + 1) % K, (answer + 2) % K], axis=1)
    most = most_at_random(make(name, 4, K), answer, np.arange(400), truth, K)
    share = wrong.mean()
    if chance is not None:
        assert share / chance < most < 1.6 * share / chance
    else:  # always the next class: two classes only, which nobody names at random
        assert most < share


def test_pilot_says_what_tells_random_answers_apart(tmp_path) -> None:
    said, truth = right_in(0.7)
    rows = [f"i{i},w,c{k}" for i, k in enumerate(said[:, 0])]
    path = tmp_path / "answers.csv"
    path.write_text("item,annotator,label\n" + "\n".join(rows) + "\n")
    answers = read_answers(path)
    found = calibrate(answers, {f"i{i}": f"c{k}" for i, k in enumerate(truth)})["hard"]
    assert found.noise.assumes
    assert found.advice == "5 people about each item would tell them apart"
    assert found.to_dict()["noise"]["random_at_most"] == found.noise.lapse.high
