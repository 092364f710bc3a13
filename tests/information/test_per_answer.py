"""Bits of one answer: properties over every signal, and independent ways to the same value."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from labelbits import World, signals
from labelbits.errors import InputError, NotFiniteError
from labelbits.information import (
    answer,
    answer_bound,
    exchangeable,
    grouped,
    orbits,
    per_answer,
)
from labelbits.information.quadrature import quadrature
from labelbits.signals import REGISTRY

WORLD = World(items=20, classes=4, dims=2)
SMALL = {"soft": {"grid": 5}, "sparse-soft": {"grid": 4}}
LN2 = math.log(2)


def make(name: str, world: World = WORLD, **options):
    return signals.make(name, world.dims, world.classes, **{**SMALL.get(name, {}), **options})


def apart(a, b) -> float:
    """How many standard errors lie between two estimates."""
    return abs(a.bits - b.bits) / math.hypot(a.standard_error, b.standard_error, 1e-9)


@pytest.mark.parametrize("about", ["geometry", "items"])
@pytest.mark.parametrize("name", REGISTRY)
def test_within_bounds_and_lapse_never_adds_bits(name, about):
    few, many = (
        per_answer(make(name, lapse=lapse), WORLD, about=about, standard_error=0.02)
        for lapse in (0.1, 0.4)
    )
    for estimate in (few, many):
        assert 0 < estimate.bits < estimate.upper_bound + 4 * estimate.standard_error
        assert estimate.standard_error <= 0.02
        assert not estimate.warnings
        assert estimate.upper_bound_name
    # The gap is far above the errors, so the test would see a lapse that adds bits.
    assert many.bits < few.bits - 4 * math.hypot(few.standard_error, many.standard_error)
    assert few.upper_bound <= (1 - 0.1) * make(name).log_outcomes(4) / LN2 * 3 + 1e-9 or (
        name == "similarity"
    )


@pytest.mark.parametrize("name", ["hard", "triplet", "ranking", "quadruplet", "contrastive"])
def test_precision_never_loses_bits_about_geometry(name):
    """With classes (or items) exchangeable the marginal is fixed, so less noise is more bits."""
    bits = [
        per_answer(make(name, precision=b), WORLD, standard_error=0.01).bits for b in (0.1, 0.5, 4)
    ]
    assert bits[0] < bits[1] - 0.02 < bits[2] - 0.04


def test_precision_can_lose_bits_about_items():
    """A trap: with prototypes given, a noisier answer can tell more. The second prototype is so
    far that a noise-free annotator all but never names it; a noisy one sometimes does."""
    world = World(10, 2, 1, prototypes=np.array([[-1.0], [10.0]]))
    noisy, certain = (
        per_answer(make("hard", world, precision=b), world, about="items").bits
        for b in (0.05, math.inf)
    )
    assert noisy > 10 * certain > 0


@pytest.mark.parametrize("name", ["triplet", "quadruplet", "rating"])
@pytest.mark.parametrize("lapse", [0.0, 0.2])
def test_quadrature_agrees_with_draws(name, lapse):
    world = World(20, 4, 3)
    signal = make(name, world, precision=0.7, lapse=lapse)
    exact, method = quadrature(signal, world, "geometry")  # type: ignore[misc]
    assert method == "quadrature"
    assert exact.standard_error < 1e-6
    drawn = grouped.grouped(signal, world, 0.002, 1, 10**7, given_prototypes=False, n=1024)
    assert abs(drawn.nats - exact.nats) < 4 * drawn.standard_error
    other = make(name, world, precision=0.5, lapse=lapse)  # the comparison has power
    wrong, _ = quadrature(other, world, "geometry")  # type: ignore[misc]
    assert abs(drawn.nats - wrong.nats) > 4 * drawn.standard_error


@pytest.mark.parametrize("lapse", [0.0, 0.2])
def test_similarity_by_quadrature_lies_between_the_nested_bounds(lapse):
    signal = make("similarity", precision=0.3, lapse=lapse)
    exact = per_answer(signal, WORLD)
    assert exact.method == "quadrature"
    drawn = grouped.grouped(signal, WORLD, 0.01, 1, 200_000, given_prototypes=False)
    assert abs(drawn.nats - exact.bits * LN2) < 4 * drawn.standard_error


@pytest.mark.parametrize("name", ["hard", "votes", "candidates", "ranking", "complementary"])
def test_orbits_agree_with_enumeration(name):
    """One way uses the symmetry of the classes, the other does not know of it."""
    signal = make(name, precision=0.8)
    by_symmetry = per_answer(signal, WORLD, standard_error=0.006)
    plain = grouped.grouped(signal, WORLD, 0.006 * LN2, 5, 10**7, given_prototypes=False, n=1024)
    gap = abs(by_symmetry.bits - plain.nats / LN2)
    assert gap < 4 * math.hypot(by_symmetry.standard_error, plain.standard_error / LN2)


@pytest.mark.parametrize("name", ["soft", "sparse-soft"])
def test_soft_answers_three_ways(name, monkeypatch):
    """Orbits of drawn answers, the exact grid, and nested draws give one value."""
    signal = make(name, precision=0.8, concentration=6.0)
    single = exchangeable.single_orbit(signal, 4)
    assert single is False
    by_orbit = orbits.orbits(signal, WORLD, 0.01, 1, 10**7)
    exact = grouped.grouped(signal, WORLD, 0.01, 2, 10**6, given_prototypes=False, n=1024)
    monkeypatch.setattr(grouped, "ENUMERATE", 1)
    nested = grouped.grouped(signal, WORLD, 0.02, 3, 10**5, given_prototypes=False)
    for a, b in ((by_orbit, exact), (exact, nested)):
        assert abs(a.nats - b.nats) < 4 * math.hypot(a.standard_error, b.standard_error)


def test_soft_answers_about_items_two_ways(monkeypatch):
    """One integral a draw, centred on the posterior, and the exact grid of answers."""
    signal = make("soft", precision=0.8, concentration=6.0)
    exact = per_answer(signal, WORLD, about="items", standard_error=0.02)
    monkeypatch.setattr(answer, "ENUMERATE", 1)
    alone = per_answer(signal, WORLD, about="items", standard_error=0.08)
    assert alone.samples < exact.samples
    assert apart(alone, exact) < 4


def test_other_worlds_by_draws_agree_with_the_normal_world():
    """Items drawn from a large normal sample are nearly items of the normal world."""
    points = np.random.default_rng(0).normal(size=(200_000, 2)).astype(np.float32)
    same = World(20, 4, 2, prior="empirical", points=points)
    for name in ("hard", "triplet"):
        a = per_answer(make(name), WORLD, standard_error=0.003)
        b = per_answer(make(name), same, standard_error=0.003)
        assert b.method == "monte-carlo"
        assert apart(a, b) < 4
    cube = World(20, 4, 2, prior="hypercube")
    assert apart(per_answer(make("triplet"), cube), per_answer(make("triplet"), WORLD)) > 4


def test_line_quadrature_agrees_with_draws():
    world = World(10, 3, 1, prototypes=np.array([[-1.0], [0.0], [1.3]]))
    for name in ("hard", "verify", "ranking", "candidates"):
        signal = make(name, world, precision=1.5, lapse=0.1)
        exact = per_answer(signal, world)
        assert exact.method == "quadrature"
        drawn = grouped.grouped(signal, world, 0.004, 1, 4_000_000, given_prototypes=True)
        assert abs(drawn.nats - exact.bits * LN2) < 4 * drawn.standard_error


def test_known_prototypes_make_both_questions_one():
    world = World(10, 3, 2, prototypes=np.array([[-1.0, 0], [0.0, 1], [1.3, 0]]))
    a, b = (
        per_answer(make("hard", world), world, about=about, standard_error=0.004)
        for about in ("geometry", "items")
    )
    assert a.bits == b.bits
    turned = world.prototypes @ np.array([[0.6, 0.8], [-0.8, 0.6]])  # type: ignore[operator]
    rotated = World(10, 3, 2, prototypes=turned[[2, 0, 1]])  # turned and relabelled
    c = per_answer(make("hard", rotated), rotated, standard_error=0.004, seed=1)
    assert apart(a, c) < 4


def test_confusion_costs_bits_and_symmetric_confusion_is_a_lapse():
    world = World(20, 3, 2)
    lapse = 0.3
    matrix = (1 - lapse) * np.eye(3) + lapse / 3
    a = per_answer(make("hard", world, confusion=matrix), world, standard_error=0.003)
    b = per_answer(make("hard", world, lapse=lapse), world, standard_error=0.003)
    assert apart(a, b) < 4
    clean = per_answer(make("hard", world), world, standard_error=0.003)
    assert apart(a, clean) > 4


def test_more_answers_and_richer_questions_carry_more():
    """Data processing: each question contains the one before it."""
    chains = [
        [make("verify"), make("hard"), make("votes", answers_per_item=2), make("votes")],
        [make("hard"), make("ranking", top=2), make("ranking", top=3)],
        [make("sparse-soft", top=1), make("sparse-soft", top=2)],
    ]
    for chain in chains:
        bits = [per_answer(s, WORLD, standard_error=0.006).bits for s in chain]
        assert all(b > a - 0.02 for a, b in itertools.pairwise(bits))


def test_geometry_and_items_differ():
    """Theory's example: D=2, K=5, precision 1: 0.978 bits about both, less about items alone."""
    world = World(20, 5, 2)
    signal = make("hard", world)
    geometry = per_answer(signal, world)
    items = per_answer(signal, world, about="items", standard_error=0.004)
    assert geometry.bits == pytest.approx(0.978, abs=0.004)
    assert items.bits == pytest.approx(0.84, abs=0.015)
    comparison = make("triplet", world)
    a, b = (per_answer(comparison, world, about=x) for x in ("geometry", "items"))
    assert a.bits == b.bits


def test_same_seed_same_bytes():
    one, two, other = (
        per_answer(make("ranking"), WORLD, standard_error=0.01, seed=s) for s in (3, 3, 4)
    )
    assert one == two
    assert one.bits != other.bits


@pytest.mark.parametrize(
    ("name", "error"),
    [("soft", 0.02), ("ranking", 0.02), ("odd-one-out", 0.02), ("same-class", 0.02)],
)
def test_standard_error_is_honest(name, error):
    """Independent seeds spread by the error that each reports."""
    runs = [per_answer(make(name), WORLD, standard_error=error, seed=s) for s in range(30)]
    spread = np.std([r.bits for r in runs], ddof=1)
    claimed = np.mean([r.standard_error for r in runs])
    assert 0.6 < spread / claimed < 1.5


def test_sample_limit_is_said():
    estimate = per_answer(make("same-class"), WORLD, standard_error=1e-7, max_samples=10_000)
    assert estimate.standard_error > 1e-7
    assert any("raise max_samples" in w for w in estimate.warnings)


def test_noise_free_is_exact():
    for name in ("triplet", "quadruplet"):
        estimate = per_answer(make(name, precision=math.inf), WORLD)
        assert (estimate.bits, estimate.standard_error, estimate.method) == (1.0, 0.0, "exact")
    hard = per_answer(make("hard", precision=math.inf), WORLD)
    assert hard.bits == pytest.approx(2, abs=1e-6)


def test_infinite_information_is_an_error_that_says_why():
    with pytest.raises(NotFiniteError, match="infinitely many bits"):
        per_answer(make("similarity", precision=math.inf), WORLD)


@pytest.mark.any_types
def test_arguments():
    with pytest.raises(InputError, match="about is 'all'; expected geometry or items"):
        per_answer(make("hard"), WORLD, about="all")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="standard_error is 0"):
        per_answer(make("hard"), WORLD, standard_error=0)


def test_bounds_on_one_answer():
    world = World(10, 10, 2, prototypes=np.random.default_rng(0).normal(size=(10, 2)))
    full = make("ranking", world, top=10)
    assert answer_bound(full, world, "items") == (
        pytest.approx(9.8392, abs=1e-4),
        "log2 Q(K, D) orderings",
    )
    assert answer_bound(full, World(10, 10, 2), "geometry")[1] == "log2 outcomes"


def test_many_classes_and_dimensions():
    world = World(10, 200, 64)
    for name in ("hard", "soft", "ranking", "votes", "candidates"):
        estimate = per_answer(make(name, world), world, standard_error=0.1, max_samples=2_000)
        assert 0 < estimate.bits <= estimate.upper_bound < math.inf


def test_groups_of_fewer_draws_than_answers_find_what_large_groups_find(monkeypatch):
    """Orders of four, sharply seen: 24 answers, of which 8 draws show few."""
    signal, world = signals.Ranking(top=4, precision=20.0), World(100, classes=4, dims=2)
    small, large = (
        grouped.grouped(signal, world, 0.04, seed, 1_000_000, given_prototypes=True, n=n)
        for seed, n in ((1, 8), (2, 512))
    )
    error = math.hypot(small.standard_error, large.standard_error)
    assert small.nats == pytest.approx(large.nats, abs=4 * error)
    # Negative control: groups that say nothing of what they lack.
    monkeypatch.setattr(grouped, "lacks", lambda gap, error: False)
    short = grouped.grouped(signal, world, 0.04, 1, 1_000_000, given_prototypes=True, n=8)
    assert short.nats < large.nats - 4 * error
