"""Bits of reports about many classes: what needs no drawing, and how few draws the rest takes."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from labelbits import World, signals
from labelbits.information import per_answer
from labelbits.information.orbits import orbits
from labelbits.information.reported import Law, reported
from labelbits.information.share import class_share
from labelbits.signals.dirichlet import count_parts, part_laws


@pytest.mark.parametrize(("concentration", "precision"), [(10.0, 1.0)])
def test_the_entropy_of_a_report_is_known_without_drawing(
    concentration: float, precision: float
) -> None:
    """Mean entropy of drawn worlds, and how many classes get n parts, within 4 errors."""
    classes, dims, m = 80, 3, 20
    world = World(items=10, classes=classes, dims=dims)
    signal = signals.Soft(precision=precision, concentration=concentration, grid=m)
    share = class_share(dims, classes, precision)
    assert share is not None
    law = Law.of(share, classes, concentration, m)
    d2 = world.sample_class_distances(jax.random.key(0), (4096,))
    entropy, masses = part_laws(signal.alpha(d2), m, pooled=True)
    drawn = np.concatenate([np.asarray(entropy)[:, None], np.asarray(masses).T], axis=1)
    error = drawn.std(0) / np.sqrt(len(drawn))
    exact = np.concatenate([[law.entropy], law.classes])
    off = (drawn.mean(0) - exact) / error
    assert np.abs(off).max() < 4
    # Negative control: the law of a world with one class fewer is told from it.
    other = class_share(dims, classes - 8, precision)
    assert other is not None
    wrong = Law.of(other, classes - 8, concentration, m)
    assert abs(drawn.mean(0)[0] - wrong.entropy) > 4 * error[0]
    # The counts of drawn reports have that mean too.
    report = signal.draw_report(jax.random.key(1), d2)
    counts = np.asarray(count_parts(report, m).sum(-1)).T
    spread = np.maximum(counts.std(0), 1e-2) / np.sqrt(len(counts))
    assert np.abs((counts.mean(0) - law.classes) / spread).max() < 4.5


@pytest.mark.parametrize("lapse", [0.0, 0.15])
def test_bits_are_those_of_the_sum_over_all_classes(lapse: float) -> None:
    world, target = World(items=10, classes=70, dims=3), 0.03
    signal = signals.Soft(precision=1.5, lapse=lapse, grid=10)
    fast = reported(signal, world, target, 1, 10**6)
    slow = orbits(signal, world, target, 2, 10**6)
    assert fast is not None
    error = np.hypot(fast.standard_error, slow.standard_error)
    assert abs(fast.nats - slow.nats) < 4 * error
    other = reported(
        signals.Soft(precision=1.5, lapse=lapse + 0.05, grid=10), world, target, 1, 10**6
    )
    assert other is not None
    assert abs(other.nats - slow.nats) > 4 * error  # negative control
    again = reported(signal, world, target, 1, 10**6)
    assert again == fast


def test_controls_that_hardly_vary_do_not_undo_the_others() -> None:
    """Slopes fitted to controls that one draw of the first chunk had were thousands; a hundredth
    of a bit at 1,000 classes then took 112,640 draws."""
    world = World(items=10, classes=1000, dims=5)
    found = per_answer(signals.SparseSoft(), world, standard_error=0.01, seed=1)
    assert found.standard_error <= 0.01
    assert found.samples < 15_000
    assert abs(found.bits - 6.6455) < 4 * np.hypot(found.standard_error, 0.0068)


def test_the_means_of_controls_are_known_beyond_their_kinks() -> None:
    """10 votes, integrated with 60 radii on a lattice five times finer: 4.03713 bits. Control means
    summed over the lattice as it is gave 4.03743."""
    world = World(items=10, classes=10, dims=5)
    found = per_answer(signals.Votes(), world, standard_error=3e-5, seed=0)
    assert found.standard_error <= 3e-5
    assert abs(found.bits - 4.03713) < 1.2e-4
