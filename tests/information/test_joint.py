"""Bits of many answers: small cases by two routes, large ones with honest warnings."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from labelbits import World, signals
from labelbits.errors import InputError
from labelbits.information import (
    bounds,
    fisher,
    joint,
    joint_bounds,
    marginal,
    per_answer,
    random_questions,
)


def close(a, b, slack: float = 0.0) -> bool:
    return abs(a.bits - b.bits) < 4 * math.hypot(a.standard_error, b.standard_error) + slack


def test_one_answer_is_the_per_answer_value():
    world = World(3, 4, 2)
    hard = signals.Hard()
    one = joint(hard, world, np.zeros((1, 1), int), about="items", standard_error=0.02)
    assert close(one, per_answer(hard, world, about="items", standard_error=0.01))
    triplet = signals.Triplet()
    one = joint(triplet, world, np.array([[0, 1, 2]]))
    assert close(one, per_answer(triplet, world))


def test_three_hard_labels_are_three_votes():
    """Importance sampling of three answers against the exact law of their counts."""
    world = World(1, 4, 2)
    three = joint(signals.Hard(), world, np.zeros((3, 1), int), about="items", standard_error=0.02)
    votes = per_answer(
        signals.Votes(answers_per_item=3), world, about="items", standard_error=0.005
    )
    assert close(three, votes)
    assert three.bits > 1.3 * per_answer(signals.Hard(), world, about="items").bits


def test_items_are_independent_given_prototypes():
    world = World(4, 3, 2)
    once = joint(signals.Hard(), world, np.array([[0]]), about="items", standard_error=0.02)
    all_items = joint(
        signals.Hard(), world, np.arange(4)[:, None], about="items", standard_error=0.05
    )
    assert abs(all_items.bits - 4 * once.bits) < 4 * math.hypot(0.05, 4 * 0.02)


def test_laplace_approaches_importance_sampling():
    world = World(1, 4, 2)
    rows = np.zeros((100, 1), int)
    exact = joint(signals.Hard(), world, rows, about="items", standard_error=0.05)
    laplace = joint(signals.Hard(), world, rows, about="items", how="laplace", worlds=200)
    assert laplace.method == "asymptotic"
    assert abs(exact.bits - laplace.bits) < 4 * math.hypot(0.05, laplace.standard_error) + 0.1


def test_laplace_says_where_it_is_not_valid():
    world = World(30, 4, 2)
    few = joint(signals.Triplet(), world, random_questions(signals.Triplet(), world, 20, 0))
    assert any("outside its valid regime" in w for w in few.warnings)
    many = joint(
        signals.Triplet(precision=4.0),
        world,
        random_questions(signals.Triplet(), world, 4000, 0),
    )
    assert not any("outside" in w for w in many.warnings)
    assert any("averaged over 8 worlds" in w for w in many.warnings)


def test_fisher_information_by_hand():
    """Two prototypes on a line: p = sigma(x), dx/dz = 2 beta (c1 - c0), F = p (1-p) (dx/dz)^2."""
    places = np.array([[-0.5], [1.0]])
    world = World(1, 2, 1, prototypes=places)
    signal = signals.Hard(precision=0.7)
    key = jax.random.key(4)
    bits, _ = fisher.laplace_bits(((signal, np.zeros((9, 1), int)),), world, "items", key)
    z = float(world.sample_items(jax.random.split(key, 3)[0], (1,))[0, 0])
    slope = 2 * 0.7 * 1.5
    p = 1 / (1 + math.exp(-slope * (z - 0.25)))
    assert bits == pytest.approx(0.5 * math.log2(1 + 9 * p * (1 - p) * slope**2), rel=1e-5)


def test_mean_information_of_questions_by_hand():
    """Hard label: F = J' (diag p - p p') J, J the Jacobian of -precision d2."""
    world, signal = World(3, 4, 2), signals.Hard(precision=0.8)
    generator = np.random.default_rng(0)
    z, c = generator.normal(size=(3, 2)), generator.normal(size=(4, 2))
    rows = np.array([[0], [2], [2], [1], [0]])
    total = np.zeros((14, 14))
    for (i,) in rows:
        gap = z[i] - c
        logit = -0.8 * (gap**2).sum(1)
        p = np.exp(logit - np.logaddexp.reduce(logit))
        jacobian = np.zeros((4, 14))
        jacobian[:, 2 * i : 2 * i + 2] = -1.6 * gap
        for k in range(4):
            jacobian[k, 6 + 2 * k : 8 + 2 * k] = 1.6 * gap[k]
        total += jacobian.T @ (np.diag(p) - np.outer(p, p)) @ jacobian
    key = jax.random.key(0)
    found = fisher.question_information(signal, world, jnp.asarray(z), jnp.asarray(c), rows, key)
    np.testing.assert_allclose(found, total / 5, atol=1e-5)
    # Answers that are drawn, not listed, have the same information on average.
    votes = signals.Votes(precision=0.8, answers_per_item=5)  # 56 counts are listed
    many = signals.Votes(precision=0.8, answers_per_item=6)  # 84 are drawn
    five, six = (
        fisher.question_information(s, world, jnp.asarray(z), jnp.asarray(c), rows, key, 4000)
        for s in (votes, many)
    )
    np.testing.assert_allclose(five, total, atol=2e-4)
    np.testing.assert_allclose(six, 6 * total / 5, atol=0.15)


def test_border_and_dense_give_one_determinant():
    """Class signals by Schur complement, and the same matrix whole."""
    world = World(6, 3, 2)
    asks = ((signals.Hard(), np.repeat(np.arange(6), 4)[:, None]),)
    key = jax.random.key(0)
    item_key, prototype_key, draw_key = jax.random.split(key, 3)
    items = world.sample_items(item_key, (6,))
    prototypes = world.sample_prototypes(prototype_key, ())
    bordered = fisher._bordered(asks, world, items, prototypes, 6, draw_key)[0]
    dense = fisher._dense(asks, world, items, prototypes, 18, 6, draw_key)[0]
    assert bordered == pytest.approx(dense, rel=1e-6)
    assert bordered == pytest.approx(fisher.laplace_bits(asks, world, "geometry", key)[0])


def test_mixtures_carry_at_least_what_each_carries():
    world = World(20, 4, 2)
    hard = (signals.Hard(), np.repeat(np.arange(20), 5)[:, None])
    triplet = (signals.Triplet(), random_questions(signals.Triplet(), world, 400, 0))
    both = joint([hard, triplet], world).bits
    each = [joint([ask], world).bits for ask in (hard, triplet)]
    assert max(each) < both < sum(each)


def test_bits_of_a_triplet_fall_as_triplets_are_added():
    """The headline figure: 60 items in the plane, precision 4."""
    world = World(60, 2, 2)
    signal = signals.Triplet(precision=4.0)
    first = marginal(signal, world, 1)
    each = [marginal(signal, world, n, worlds=4).bits for n in (354, 2835, 11341)]
    assert first.method == "quadrature"
    assert first.bits > each[0] > 2 * each[1] > 4 * each[2] > 0


def test_marginal_vote_falls():
    world = World(1, 4, 2)
    first, fourth = (
        marginal(signals.Hard(), world, n, about="items", standard_error=0.02) for n in (1, 4)
    )
    assert first.bits > fourth.bits + 0.1
    assert fourth.bits > 0


def test_joint_stays_below_its_bound():
    world = World(3, 3, 1)
    for signal in (signals.Triplet(), signals.OddOneOut(), signals.Triplet(precision=math.inf)):
        rows = random_questions(signal, world, 5, 0)
        estimate = joint(signal, world, rows, standard_error=0.05)
        # Not cut to its bound: where it reaches it, draws may lie above within their error.
        assert 0 < estimate.bits < estimate.upper_bound + 4 * estimate.standard_error + 1e-6


def test_bounds_name_the_smallest():
    world = World(60, 10, 2)
    every = {b.signal: b for b in bounds(world)}
    assert len(every) == 15
    for bound in every.values():
        assert bound.bits == min(bound.every.values()) == bound.every[bound.name]
    triplet = every["triplet"]
    assert set(triplet.every) == {
        "answers x log2 outcomes",
        "Warren sign patterns",
        "items x log2 (items - 1)!, noise-free",
    }
    assert every["hard"].bits == pytest.approx(60 * math.log2(10))
    assert every["soft"].bits == pytest.approx(60 * math.log2(math.comb(29, 9)))
    assert every["votes"].bits == pytest.approx(60 * math.log2(10))
    # With noise the noise-free bounds do not apply.
    noisy = joint_bounds(signals.Votes(), world, 60)
    assert noisy.bits == pytest.approx(60 * math.log2(math.comb(12, 9)))
    repeated = joint_bounds(signals.Hard(), world, 600)
    assert repeated.name == "items x log2 counts"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((0, 3), int), r"shape \(0, 3\); expected \(n, 3\)"),
        (np.zeros((2, 2), int), r"shape \(2, 2\); expected \(n, 3\)"),
        (np.array([[0, 1, 9]]), "name items 0 to 9; expected whole numbers from 0 to 4"),
        (None, "questions are missing"),
    ],
)
def test_bad_questions(rows, message):
    with pytest.raises(InputError, match=message):
        joint(signals.Triplet(), World(5, 2, 2), rows)


def test_noise_free_answers_have_no_fisher_information():
    world = World(50, 2, 2)
    signal = signals.Triplet(precision=math.inf)
    with pytest.raises(InputError, match="precision of triplet is inf"):
        joint(signal, world, random_questions(signal, world, 500, 0))


@pytest.mark.parametrize(
    ("name", "bits"),
    [("triplet", 1.0), ("rating", math.log2(5)), ("odd-one-out", math.log2(3)), ("quadruplet", 1)],
)
def test_a_noise_free_question_asked_again_tells_nothing(name, bits):
    signal = signals.make(name, 2, 2, precision=math.inf)
    world = World(max(signal.arity, 3), 2, 2)
    row = np.arange(signal.arity)[None]
    thrice = joint(signal, world, np.repeat(row, 3, 0), standard_error=0.02)
    assert thrice.bits == pytest.approx(bits, abs=4 * thrice.standard_error + 1e-6)


def test_repeats_of_every_kind_of_question_are_told_from_new_ones():
    certain = signals.Hard(precision=math.inf)
    world = World(2, 3, 2)
    again = marginal(certain, world, 2, about="items")
    assert (again.bits, again.standard_error) == (0.0, 0.0)
    # Of three classes, the second question about an item asks another one.
    verify = signals.Verify(precision=math.inf)
    assert marginal(verify, world, 2, about="items", standard_error=0.03).bits > 0.2
    assert marginal(verify, world, 4, about="items").bits == 0
    # With noise, an answer is given anew.
    assert marginal(signals.Hard(), world, 2, about="items", standard_error=0.03).bits > 0.15


def test_noisy_triplets_asked_again_by_enumeration():
    """Two answers to one question are two draws of one channel: a vote of two."""
    world, signal = World(3, 2, 2), signals.Triplet()
    twice = joint(signal, world, np.array([[0, 1, 2]] * 2), standard_error=0.004)
    generator = np.random.default_rng(0)
    z = generator.normal(size=(400_000, 3, 2))
    gap = ((z[:, 0] - z[:, 2]) ** 2).sum(1) - ((z[:, 0] - z[:, 1]) ** 2).sum(1)
    p = 1 / (1 + np.exp(-gap))
    both = np.stack([p * p, p * (1 - p), (1 - p) * p, (1 - p) ** 2], 1)
    h = lambda x: -(x * np.log2(np.maximum(x, 1e-300))).sum(-1)  # noqa: E731
    assert abs(twice.bits - (h(both.mean(0)) - h(both).mean())) < 4 * math.hypot(
        twice.standard_error, 0.002
    )


def test_standard_errors_of_joint_bits_are_honest():
    """z over seeds: the case that was five errors off, and averages over a few worlds."""
    rows = np.repeat(np.arange(3), 2)[:, None]
    found = [joint(signals.Hard(), World(3, 2, 1), rows, seed=s) for s in range(60)]
    z = np.array([(e.bits - 1.7839) / e.standard_error for e in found])
    assert 0.75 < z.std() < 1.25
    assert abs(z.mean()) < 4 / math.sqrt(60)
    world = World(5, 2, 1)
    few = [joint(signals.Hard(), world, np.arange(5)[:, None], how="laplace", seed=s)
           for s in range(60)]  # fmt: skip
    bits, error = np.array([(e.bits, e.standard_error) for e in few]).T
    assert 0.75 < ((bits - bits.mean()) / error).std() < 1.25


def test_patterns_that_are_all_as_likely_are_told_by_more_draws_than_there_are():
    """Ten triplets about items of their own: ten times the bits of one. 4,096 draws of 1,024
    patterns fall short by several errors, which no spread between draws shows."""
    signal, world = signals.Triplet(precision=1000.0), World(items=30, classes=2, dims=2)
    one = per_answer(signal, world, standard_error=5e-4)
    found = joint(signal, world, np.arange(30).reshape(10, 3), standard_error=0.01)
    error = math.hypot(found.standard_error, 10 * one.standard_error)
    assert found.bits == pytest.approx(10 * one.bits, abs=3 * error)
    assert not found.warnings
    few = joint(signal, world, np.arange(30).reshape(10, 3), standard_error=0.01, max_samples=4096)
    assert few.bits < 10 * one.bits - 3 * error
    assert "too low" in few.warnings[0]


def test_a_few_answers_of_several_signals():
    """Without noise the odd one of three tells a triplet about them unless the anchor is the odd
    one: log2 3 + 1/3 bits together. Two votes and a label on one item are three labels."""
    world, three = World(3, 3, 2), np.array([[0, 1, 2]])
    odd, triplet = (
        signals.make(name, 2, 3, precision=math.inf) for name in ("odd-one-out", "triplet")
    )
    both = joint([(odd, three), (triplet, three)], world)
    assert both.method == "monte-carlo"
    assert abs(both.bits - (math.log2(3) + 1 / 3)) < 4 * both.standard_error
    assert both.standard_error < 0.02

    noise = {"precision": 1.5, "lapse": 0.1}
    hard = signals.Hard(**noise)
    votes = signals.Votes(answers_per_item=2, **noise)
    one = np.array([[0]])
    together = joint([(votes, one), (hard, one)], world)
    assert close(together, joint(hard, world, np.zeros((3, 1), int)))
    control = joint(hard, world, np.array([[0], [0], [1]]))
    assert not close(together, control)


def test_class_signals_beside_comparisons_about_items_are_not_enumerated():
    """Patterns draw the prototypes anew, which about='items' has given."""
    world = World(4, 3, 2)
    asks = [(signals.Hard(), np.array([[0]])), (signals.Triplet(), np.array([[0, 1, 2]]))]
    given, unknown = joint(asks, world, about="items"), joint(asks, world)
    assert (given.method, unknown.method) == ("asymptotic", "monte-carlo")


def test_pairs_of_items_whose_prototypes_are_given():
    """Known prototypes add no coordinates: 40 answers about four items tell more about their eight
    coordinates than one answer, and no more than they hold."""
    world, same = World(4, 3, 2), signals.make("same-class", 2, 3, precision=2.0)
    pairs = np.array([[i, j] for i in range(4) for j in range(i)])
    few = joint(same, world, pairs, about="items")
    many = joint(same, world, np.repeat(pairs, 6, axis=0), about="items")
    assert 0 < few.bits < many.bits <= 36
