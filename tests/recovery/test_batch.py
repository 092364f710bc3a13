"""Batched simulation: known qualities, reproducibility, pooling, wrong input."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from labelbits import signals
from labelbits.errors import InputError
from labelbits.simulation.pooling import pool_of
from labelbits.simulation.rounds import distances
from labelbits.simulation.simulate import recover_batch, simulate, some_pairs
from labelbits.worlds import World
from tests.drawn import drawn


@pytest.mark.parametrize(("answers", "quality"), [(354, 0.792), (1417, 0.978), (2835, 0.993)])
def test_triplets_reach_the_quality_measured_by_independent_fits(
    answers: int, quality: float
) -> None:
    world = World(items=60, classes=8, dims=2)
    triplet = signals.make("triplet", 2, 8, precision=4.0)
    found = simulate(triplet, world, answers=answers, largest=2840, seeds=20)
    # .03 covers the three worlds that the reference was averaged over.
    assert found.mean("spearman") == pytest.approx(quality, abs=0.03 * (1 - quality) / 0.2 + 0.01)


def test_answers_of_noise_alone_recover_nothing() -> None:
    world = World(items=40, classes=5, dims=2)
    triplet = signals.make("triplet", 2, 5, precision=4.0, lapse=0.999)
    found = simulate(triplet, world, answers=1200, seeds=20)
    assert abs(found.mean("spearman")) < 0.12


def test_same_seed_same_numbers_and_precision_needs_no_new_program() -> None:
    world = World(items=30, classes=4, dims=2)
    hard = signals.make("hard", 2, 4, precision=2.0)
    one = simulate(hard, world, answers=90, seeds=5, metrics=("spearman", "procrustes"))
    two = simulate(hard, world, answers=90, seeds=5, metrics=("spearman", "procrustes"))
    other = simulate(hard, world, answers=90, seeds=5, seed=1)
    for metric in ("spearman", "procrustes"):
        np.testing.assert_array_equal(one.values[metric], two.values[metric])
    assert not np.array_equal(one.values["spearman"], other.values["spearman"])


def test_the_batch_finds_a_posterior_as_good_as_the_truth_starts_with() -> None:
    """The MAP estimate must be no less probable than the truth that made the answers."""
    world = World(items=40, classes=5, dims=2)
    triplet = signals.make("triplet", 2, 5, precision=4.0)
    few = recover_batch([triplet], world, answers=[400], seeds=6)
    truth = 0.5 * np.sum(few.items**2, axis=(1, 2))
    # At the truth each answer costs its entropy, below ln 2; the estimate has to beat even prior
    # plus the mean cost of certain answers.
    assert np.all(few.value < truth + 400 * np.log(2))


def test_answers_at_random_do_not_pull_all_points_to_one() -> None:
    # Taken at their word, the 5 % of answers at random are likeliest where all classes are alike;
    # one of these worlds ended there, with a Spearman of -.12 whatever was asked.
    signal = signals.Soft(precision=1.0, lapse=0.05)
    found = recover_batch([signal], World(120, 4, 2), answers=[480], seeds=12, seed=0)
    spread = found.estimated_items.std(1).max(1)
    assert (spread > 0.1).all()
    alone = simulate(signal, World(120, 4, 2), answers=480, seeds=12, seed=0)
    assert alone.values["spearman"].min() > 0.3


@pytest.mark.parametrize("name", ["hard", "complementary", "votes", "soft"])
def test_pooled_answers_have_the_likelihood_of_the_single_ones(name: str) -> None:
    classes, dims = 4, 2
    signal = signals.make(name, dims, classes, precision=1.3)
    pool = pool_of(signal)
    assert pool is not None
    keys = jax.random.split(jax.random.key(0), 3)
    d2 = jax.random.gamma(keys[0], 2.0, (6, classes))
    answers = jnp.asarray(drawn(signal, keys[1], np.broadcast_to(d2, (5, 6, classes))))
    statistic = pool.statistic(signal, answers, classes).sum(0)

    @jax.jit
    def difference(d2: jax.Array) -> jax.Array:
        single = jnp.sum(signal.log_prob(answers, d2))
        return single - pool.log_likelihood(signal, statistic, d2)

    other = d2 + jax.random.uniform(keys[2], d2.shape)
    here, there = float(difference(d2)), float(difference(other))
    assert here == pytest.approx(there, abs=2e-3)  # equal up to a constant


@pytest.mark.parametrize(
    "name", [n for n in signals.REGISTRY if signals.make(n, 3, 4).arity > 1]
)  # fmt: skip
def test_questions_on_a_cycle_read_the_distances_of_their_own_items(name: str) -> None:
    signal = signals.make(name, 3, 4)
    rng = np.random.default_rng(0)
    x, c = (jnp.asarray(rng.normal(size=(n, 3))) for n in (9, 4))
    cycle = rng.permuted(np.tile(np.arange(9), (2, 1)), axis=1)
    asked = np.stack([np.roll(cycle, -j, axis=1) for j in range(signal.arity)], axis=-1)
    prototypes = c if signal.uses_classes else None

    def one_by_one(x: jax.Array) -> jax.Array:
        return signal.distances(x[asked], prototypes)

    def on_the_cycle(x: jax.Array) -> jax.Array:
        return distances(signal, x, c, jnp.asarray(cycle), jnp.argsort(cycle, axis=1))

    weight = rng.normal(size=jax.eval_shape(one_by_one, x).shape)

    def both(read: Callable[[jax.Array], jax.Array]) -> Callable[..., tuple[jax.Array, jax.Array]]:
        """Distances, and the slope of a weighted sum of them."""

        def weighted(x: jax.Array) -> tuple[jax.Array, jax.Array]:
            found = read(x)
            return jnp.sum(weight * found), found

        return jax.jit(jax.grad(weighted, has_aux=True))

    along = both(on_the_cycle)
    (slope, read), (plain, right) = along(x), both(one_by_one)(x)
    np.testing.assert_allclose(read, right, rtol=1e-5)
    np.testing.assert_allclose(slope, plain, atol=1e-4)
    assert not np.allclose(along(x[::-1])[1], right)


def test_known_prototypes_are_kept_and_help() -> None:
    prototypes = np.asarray(jax.random.normal(jax.random.key(7), (5, 2)))
    known = World(items=40, classes=5, dims=2, prototypes=prototypes)
    hard = signals.make("hard", 2, 5, precision=1.0)
    found = recover_batch([hard], known, answers=[400], seeds=8)
    np.testing.assert_allclose(found.estimated_prototypes[3], prototypes, rtol=1e-6)
    unknown = simulate(hard, World(items=40, classes=5, dims=2), answers=400, seeds=8)
    given = simulate(hard, known, answers=400, seeds=8)
    assert given.mean("spearman") > unknown.mean("spearman")


def test_pairs_are_all_or_a_fixed_sample_of_different_items() -> None:
    assert len(some_pairs(10)[0]) == 45
    a, b = some_pairs(1000)
    assert len(a) == 5000
    assert np.all(a != b)
    np.testing.assert_array_equal(a, some_pairs(1000)[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answers": [1, 2]}, "one of each"),
        ({"answers": -1}, "answers of hard"),
        ({"seeds": 0}, "seeds"),
        ({"metrics": ("beauty",)}, "unknown metric"),
        ({"labelled": 31}, "labelled items"),
    ],
)
def test_wrong_arguments_are_refused(change: dict, message: str) -> None:
    world = World(items=30, classes=4, dims=2)
    arguments = {"answers": 30, "seeds": 2} | change
    with pytest.raises(InputError, match=message):
        simulate(signals.make("hard", 2, 4), world, **arguments)


def test_a_question_needs_enough_items() -> None:
    with pytest.raises(InputError, match="shows 3 items"):
        simulate(signals.make("triplet", 2, 4), World(items=2, dims=2), answers=3, seeds=1)
