"""Twins begin where the pilot was measured, in as many dimensions as held-out answers allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelbits.planning.comparisons.dimensions import Richness, weights_of
from labelbits.planning.comparisons.forecast import Factor, Rise, Twin, forecast
from labelbits.planning.comparisons.held import Held, held_answers
from labelbits.planning.comparisons.measured import Measured, measured
from labelbits.planning.comparisons.twins import Tested as On
from labelbits.planning.comparisons.twins import choices, different, learn, twins_agreement
from labelbits.recovery import Fitter
from labelbits.recovery.held_out.worlds import PossibleWorld, plausible_worlds
from tests.recovery.asked import answers as table_of
from tests.recovery.asked import asked

ITEMS, PILOT = 24, 150
Z = np.random.default_rng(3).normal(size=(ITEMS, 1))


@pytest.fixture(scope="module")
def held() -> Held:
    world = Z, np.zeros((2, 1))
    answers = table_of(ITEMS, 2, asked(world, "triplet", PILOT, 1, precision=2.0, lapse=0.1))
    return held_answers(answers, {}, None, np.full(ITEMS, -1))


def test_few_answers_of_a_twin_are_learned_and_judged_as_the_pilot_is(held: Held):
    """A fit of the pilot's own answers that knew the noise and foretold by its mode did worse in
    the same worlds than the pilot's own fit: all that it lacked was taken for what answers add."""
    pilot = Fitter(2)(held.answers)
    batches = held.batches(np.arange(len(held)))
    shown = different(400, ITEMS, 3, np.random.default_rng(4))
    new = replace(
        batches[0], items=shown, answer=np.zeros((400, 1), np.int32),
        annotator=np.zeros(400, np.int32), weight=np.ones(400, np.float32),
    )  # fmt: skip
    tested = On([new], {}, held.classes, 1)
    own, again, told = [], [], []
    for world in plausible_worlds(pilot, 4):
        own.append(twins_agreement(pilot, world, tested))
        again.append(twins_agreement(learn(world, held, batches, {}), world, tested))
        shown = np.concatenate([batch.items for batch in batches])
        second = np.concatenate([batch.answer[:, 0] for batch in batches]) == 1
        shown = np.where(second[:, None], shown[:, [0, 2, 1]], shown)
        mode = world.learner({}, n_init=1, random_state=0).fit(shown, n_objects=ITEMS)
        told.append(twins_agreement(mode, world, tested))
    assert np.mean(again) == pytest.approx(np.mean(own), abs=0.02)
    assert np.mean(told) < np.mean(own) - 0.02
    # By the draws, and not by the places alone.
    chances = pilot.predict_proba(held.answers)["triplet"]
    assert np.array_equal(choices(pilot, batches[0]), chances.argmax(1))


def test_dimensions_that_foretell_surely_worse_are_ruled_out():
    """What foretells best with few answers does not tell how many dimensions there are."""
    generator = np.random.default_rng(0)
    luck = generator.normal(-0.8, 0.3, 300)
    near = luck - 0.01 + generator.normal(0, 0.3, 300)
    worse = luck - 0.1 + generator.normal(0, 0.1, 300)
    assert weights_of(np.stack([luck, near, worse])).tolist() == [0.5, 0.5, 0]
    assert weights_of(np.stack([luck, near, near])).tolist() == [0.5, 0.25, 0.25]
    assert weights_of(np.stack([luck, worse])).tolist() == [1, 0]


def test_worlds_in_more_dimensions_start_at_what_their_own_fits_were_measured_at(held: Held):
    told = Measured(
        ("triplet", ""), np.array([200.0, 400.0]), np.array([0.65, 0.7]), np.full(2, 1e-4), 0.05,
        0.01, [],
    )  # fmt: skip
    (world,) = plausible_worlds(Fitter(1)(held.answers), 1)
    curve = np.array([[0.6, 0.7, 0.8]])

    def at(shift: float) -> np.ndarray:
        twin = Twin(0, None, world, 1.0, shift)
        rise = Rise(np.array([400.0, 800.0, 1600.0]), curve, np.array([0.6]), (twin,))
        return forecast(told, rise, "agreement", np.nan, Factor(1.0, 1e-6), 1600, 0).draws.mean(0)

    np.testing.assert_allclose(at(0.0), [0.7, 0.8, 0.9], atol=1e-3)
    # Fits in more dimensions that are worse by .15 now are taken once they are better.
    np.testing.assert_allclose(at(-0.15), [0.7, 0.7, 0.75], atol=1e-3)


def test_what_was_measured_names_its_dimensions(held: Held):
    found = measured(held, ("triplet", ""), "agreement", Fitter(1), 1, 0, lambda done: None)
    assert len(found.richness) == 3
    assert sum(one.weight for one in found.richness) == pytest.approx(1)
    assert found.richness[0].shift == 0
    assert all(isinstance(one, Richness) for one in found.richness)
    assert found.richness[0].weight >= 0.5
    assert isinstance(plausible_worlds(found.parts[0].richer[1], 1)[0], PossibleWorld)
    assert found.parts[0].richer[1].embedding_.shape == (ITEMS, 4)
