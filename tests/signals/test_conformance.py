"""One test of every property over every registered signal: a new signal is tested by its name."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from labelbits import signals
from labelbits.compilation import compiled_briefly
from labelbits.interface import Signal
from labelbits.signals import REGISTRY
from labelbits.signals.base import traced
from tests.drawn import drawn

CLASSES, DIMS = 4, 2


def once(function):
    """Compiled with little optimisation: most programs here run once."""
    return compiled_briefly(function, 0)


#: Options that keep lists of answers short.
SMALL = {"soft": {"grid": 5}, "sparse-soft": {"grid": 4}}
VARIANTS = [(name, {}) for name in REGISTRY] + [
    ("sparse-soft", {"impossible": True, "top": 1}),
    ("ranking", {"top": 4}),
    ("contrastive", {"negatives": 1}),
    ("rating", {"levels": 2}),
]
CONFUSION = np.array([[0.7, 0.1, 0.1, 0.1], [0.2, 0.6, 0.1, 0.1], [0, 0, 1, 0], [0, 0.5, 0, 0.5]])


def make(name: str, **options) -> Signal:
    return signals.make(name, DIMS, CLASSES, **{**SMALL.get(name, {}), **options})


def points(signal: Signal, n: int, seed: int = 0):
    generator = np.random.default_rng(seed)
    items = generator.normal(size=(n, signal.arity, DIMS))
    return jnp.asarray(items), jnp.asarray(generator.normal(size=(n, CLASSES, DIMS)))


def read(signal: Signal, n: int, seed: int = 0):
    """Distances (n, ...) of n questions."""
    items, prototypes = points(signal, n, seed)
    return signal.distances(items, prototypes if signal.uses_classes else None)


def table(signal: Signal, d2, question: int = 0) -> np.ndarray:
    """P of every answer at each d2, through log_prob alone."""
    d2 = np.asarray(d2)
    # Few sizes: one program serves most properties of a signal.
    wide = np.repeat(d2[:1], 8 if len(d2) <= 8 else 64, axis=0)
    wide[: len(d2)] = d2
    found = probabilities(traced(signal), signal.enumerate(CLASSES, question), wide)
    return np.asarray(found, dtype=np.float64)[: len(d2)]


@once
def probabilities(signal: Signal, answers, d2):
    """P of `answers` at each d2, (n, answers)."""
    return jnp.exp(jax.vmap(lambda one: signal.log_prob(answers, one[None]))(d2))


@once
def log_prob(signal: Signal, answer, d2):
    return signal.log_prob(answer, d2)


def has_orbits(name: str, options: dict) -> bool:
    """Does the signal group answers that exchangeable classes make equally likely?"""
    signal = make(name, **options)
    return signal.orbit(np.asarray(signal.enumerate(CLASSES)), CLASSES) is not None


def over(variants: list) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "options"), variants, ids=str)


LISTED = [one for one in VARIANTS if one[0] != "similarity"]
OF_CLASSES = [one for one in LISTED if REGISTRY[one[0]].uses_classes]
listed = over(LISTED)
listed_classes = over(OF_CLASSES)
listed_orbits = over([one for one in OF_CLASSES if has_orbits(*one)])
every = over(VARIANTS)


@listed
@pytest.mark.parametrize("lapse", [0.0, 0.2])
def test_likelihood_sums_to_one(name, options, lapse):
    for precision in (0.3, 2.0, float("inf")):
        signal = make(name, precision=precision, lapse=lapse, **options)
        d2 = read(signal, 6)
        for question in range(signal.questions(CLASSES)):
            p = table(signal, d2, question)
            np.testing.assert_allclose(p.sum(1), 1, atol=2e-5)
            assert (p >= 0).all()


@listed
def test_number_of_outcomes_is_the_length_of_the_list(name, options):
    signal = make(name, **options)
    answers = signal.enumerate(CLASSES)
    assert len(np.unique(answers, axis=0)) == len(answers)
    assert len(answers) == pytest.approx(signal.outcomes(CLASSES))
    assert answers.shape[1] == signal.width(CLASSES)
    assert signal.log_outcomes(CLASSES) == pytest.approx(np.log(len(answers)))


@listed
def test_all_answers_at_once_agree_with_one_by_one(name, options):
    signal = make(name, lapse=0.1, **options)
    d2 = read(signal, 5)
    listed = jnp.asarray(signal.enumerate(CLASSES))
    at_once = np.exp(np.asarray(once(signal.log_prob_all)(d2, listed)))
    np.testing.assert_allclose(at_once, table(signal, d2), atol=1e-5)


def test_similarity_integrates_to_one():
    signal = make("similarity", lapse=0.2, precision=3.0)
    d2 = jnp.array([2.5])
    report = jnp.linspace(-5, float(signal.largest) + 5, 50_001)
    density = np.asarray(jnp.exp(signal.log_prob(report[:, None], d2[None])), dtype=np.float64)
    total = integrate.trapezoid(density, np.asarray(report, dtype=np.float64))
    assert total == pytest.approx(1, abs=1e-3)


def chi_square(signal: Signal, truth: Signal, d2, question: int) -> float:
    """p-value of draws from `signal` against the likelihood of `truth`."""
    n = 20_000
    many = jnp.broadcast_to(d2, (n, *d2.shape))
    said = drawn(signal, jax.random.key(3), many, question)
    answers = np.asarray(signal.enumerate(CLASSES, question))
    places = {tuple(row): i for i, row in enumerate(answers.tolist())}
    counts = np.bincount([places[tuple(row)] for row in said.tolist()], minlength=len(answers))
    expected = table(truth, d2[None], question)[0] * n
    order = np.argsort(expected)
    # Rare answers are counted together until five are expected.
    cell = np.minimum.accumulate((np.cumsum(expected[order]) // 5).astype(int)[::-1])[::-1]
    observed, wanted = np.bincount(cell, counts[order]), np.bincount(cell, expected[order])
    keep = wanted > 0
    assert observed[~keep].sum() == 0
    return stats.chisquare(observed[keep], wanted[keep] * n / wanted[keep].sum()).pvalue


@listed
def test_samples_match_the_likelihood(name, options):
    signal = make(name, precision=0.6, lapse=0.15, **options)
    d2 = read(signal, 1, seed=5)[0]
    question = signal.questions(CLASSES) - 1
    assert chi_square(signal, signal, d2, question) > 1e-4
    # The test has power: answers of a noisier annotator do not pass.
    other = make(name, precision=0.6, lapse=0.6, **options)
    assert chi_square(other, signal, d2, question) < 1e-6


def test_samples_of_similarity_match():
    signal = make("similarity", precision=2.0, lapse=0.3)
    said = drawn(signal, jax.random.key(1), jnp.full((20_000, 1), 3.0))[:, 0]
    largest = float(signal.largest)

    def cdf(lapse):
        return lambda x: (
            (1 - lapse) * stats.norm.cdf(x, 3, 2**-0.5) + lapse * np.clip(x / largest, 0, 1)
        )

    assert stats.kstest(said, cdf(0.3)).pvalue > 1e-4
    assert stats.kstest(said, cdf(0.1)).pvalue < 1e-6


@listed
def test_entropy_shortcut_is_the_entropy(name, options):
    signal = make(name, precision=0.7, **options)
    d2 = read(signal, 4)
    p = table(signal, d2)
    exact = -np.sum(np.where(p > 0, p * np.log(np.maximum(p, 1e-300)), 0), axis=1)
    closed = once(signal.entropy)(d2)
    if closed is not None:
        np.testing.assert_allclose(closed, exact, atol=2e-4)
    n = 4000
    many = jnp.broadcast_to(d2[0], (n, *d2[0].shape))
    sample = once(signal.sample_with_entropy)
    h = np.asarray(sample(jax.random.key(0), many)[1], dtype=np.float64)
    assert abs(h.mean() - exact[0]) <= 4 * h.std() / np.sqrt(n) + 2e-4


@listed_classes
def test_relabelling_classes_changes_nothing(name, options):
    signal = make(name, lapse=0.1, **options)
    d2 = read(signal, 3)
    renamed = d2[..., np.array([2, 0, 3, 1])]
    both = [
        np.sort(np.concatenate([table(signal, x, q) for q in range(signal.questions(CLASSES))], 1))
        for x in (d2, renamed)
    ]
    np.testing.assert_allclose(*both, atol=1e-5)


#: (new order of the question's items, where each answer goes): the same question, told otherwise.
RENAMED = {
    "same-class": [((1, 0), lambda a: a)],
    "triplet": [((0, 2, 1), lambda a: 1 - a)],
    "quadruplet": [
        ((1, 0, 2, 3), lambda a: a),
        ((0, 1, 3, 2), lambda a: a),
        ((2, 3, 0, 1), lambda a: 1 - a),
    ],
    "odd-one-out": [
        (order, lambda a, order=order: order.index(a)) for order in itertools.permutations(range(3))
    ],
    "rating": [((1, 0), lambda a: a)],
    "similarity": [((1, 0), lambda a: a)],
}


def renamings(signal: Signal):
    if signal.name == "contrastive":
        others = range(1, signal.arity)
        return [
            ((0, *order), lambda a, order=order: order.index(a + 1))
            for order in itertools.permutations(others)
        ][:30]
    return RENAMED.get(signal.name, [])


@every
def test_relabelling_items_changes_nothing(name, options):
    signal = make(name, lapse=0.1, **options)
    assert bool(renamings(signal)) == (signal.arity > 1)
    if signal.arity == 1:
        return
    items, prototypes = points(signal, 4)
    given = prototypes if signal.uses_classes else None
    if name == "similarity":
        answers = np.array([[0.5], [3.0], [11.0]], dtype=np.float32)
    else:
        answers = np.asarray(signal.enumerate(CLASSES))
    for order, move in renamings(signal):
        d2 = signal.distances(items, given)
        renamed = signal.distances(items[:, np.array(order)], given)
        for answer in answers:
            there = np.array([move(answer[0].item())], dtype=answers.dtype)
            np.testing.assert_allclose(
                log_prob(traced(signal), answer, d2),
                log_prob(traced(signal), there, renamed),
                atol=1e-4,
            )


@every
def test_controls_have_mean_zero(name, options):
    """What `information` regresses out must not move its values, with and without a lapse."""
    n = 20_000
    for lapse in (0.0, 0.3):
        signal = make(name, precision=0.7, lapse=lapse, **options)
        d2 = read(signal, 1)[0]
        answer, entropy, controls = once(signal.sample_with_controls)(
            jax.random.key(2), jnp.broadcast_to(d2, (n, *d2.shape))
        )
        assert answer.shape == (n, signal.width(CLASSES))
        assert entropy.shape == (n,)
        controls = np.asarray(controls, dtype=np.float64)
        spread = controls.std(0)
        moved = np.abs(controls.mean(0)) / np.maximum(spread / np.sqrt(n), 1e-5)
        assert np.all(moved < 4.5)
        # The check has power: the same functions at another noise have another mean.
        if controls.shape[1] and lapse == 0:
            other = make(name, precision=0.1, **options)
            wrong = once(signal_controls)(signal, other, d2, n)
            wrong = np.asarray(wrong, dtype=np.float64)
            assert (np.abs(wrong.mean(0)) / np.maximum(wrong.std(0) / np.sqrt(n), 1e-5)).max() > 6


def signal_controls(signal: Signal, other: Signal, d2, n: int):
    """Controls of `other` at answers drawn from `signal`, for signals that report."""
    many = jnp.broadcast_to(d2, (n, *d2.shape))
    answer = signal.sample(jax.random.key(4), many)
    if hasattr(other, "explain"):
        return other.explain(answer, many)[1]
    # The first control of votes: how many classes got one vote.
    own = other.sample_with_controls(jax.random.key(4), many)
    return own[2] + (answer == 1).sum(-1, keepdims=True) - (own[0] == 1).sum(-1, keepdims=True)


@listed_orbits
def test_answers_of_one_orbit_are_equally_likely(name, options):
    """Average over all renamings of the classes (or candidates): one value an orbit."""
    signal = make(name, lapse=0.1, **options)
    answers = np.asarray(signal.enumerate(CLASSES))
    orbit = signal.orbit(answers, CLASSES)
    d2 = read(signal, 1)
    orders = list(itertools.permutations(range(CLASSES)))
    mean = np.mean([table(signal, d2[..., list(order)])[0] for order in orders], axis=0)
    _, group = np.unique(orbit[0], axis=0, return_inverse=True)
    group = group.reshape(-1)
    for g in range(group.max() + 1):
        inside = mean[group == g]
        np.testing.assert_allclose(inside, inside[0], rtol=1e-3, atol=1e-7)
        np.testing.assert_allclose(np.exp(orbit[1][group == g]), len(inside), rtol=1e-6)


@every
def test_moving_the_world_changes_nothing(name, options):
    signal = make(name, **options)
    items, prototypes = points(signal, 5)
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(DIMS, DIMS)))
    given = prototypes if signal.uses_classes else None
    moved = None if given is None else given @ turn + 3.0
    np.testing.assert_allclose(
        signal.distances(items @ turn + 3.0, moved), signal.distances(items, given), rtol=1e-3
    )


@listed
def test_coarsening_an_answer_never_adds_bits(name, options):
    signal = make(name, precision=0.8, lapse=0.05, **options)
    p = table(signal, read(signal, 40))

    def information(p: np.ndarray) -> float:
        safe = lambda x: np.where(x > 0, x * np.log2(np.maximum(x, 1e-300)), 0)  # noqa: E731
        return float(safe(p).sum(1).mean() - safe(p.mean(0)).sum())

    whole = information(p)
    generator = np.random.default_rng(0)
    for _ in range(10):
        groups = generator.integers(0, max(2, p.shape[1] // 2), p.shape[1])
        merged = np.stack([p[:, groups == g].sum(1) for g in range(groups.max() + 1)], axis=1)
        assert information(merged) <= whole + 1e-6
    # Splitting one answer by what the points are adds bits: the inequality is not empty.
    half = p[:, :1] * (np.arange(len(p)) % 2)[:, None]
    split = np.concatenate([half, p[:, :1] - half, p[:, 1:]], axis=1)
    assert information(split) > whole


@pytest.mark.parametrize(
    ("name", "options"), [v for v in VARIANTS if REGISTRY[v[0]].uses_classes and
                          v[0] != "candidates"], ids=str
)  # fmt: skip
def test_confusion_matrix(name, options):
    signal = make(name, precision=0.6, confusion=CONFUSION, **options)
    d2 = read(signal, 3)
    np.testing.assert_allclose(table(signal, d2).sum(1), 1, atol=2e-5)
    same = make(name, precision=0.6, confusion=np.eye(CLASSES), **options)
    plain = make(name, precision=0.6, **options)
    np.testing.assert_allclose(table(same, d2), table(plain, d2), atol=1e-4)
    assert np.abs(table(signal, d2) - table(plain, d2)).max() > 1e-3


@every
def test_gradients_flow_through_points_and_noise(name, options):
    signal = make(name, lapse=0.1, **options)
    d2 = read(signal, 8)
    # As many as are drawn above, so that one program serves both.
    many = np.resize(d2, (20_000, *d2.shape[1:]))
    answer = jnp.asarray(drawn(signal, jax.random.key(0), many)[: len(d2)])
    slope = once(jax.grad(lambda x: signal.log_prob(answer, x).sum()))(d2)
    assert np.isfinite(slope).all()
    assert np.abs(slope).max() > 0
