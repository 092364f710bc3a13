"""Who knows on which items people disagree: a classifier, and votes on the items themselves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import entr

from labelbits.errors import InputError
from labelbits.metrics import METRICS
from labelbits.metrics.disagreement import disagreement_values, known_by_votes
from labelbits.metrics.repeats import answers_each
from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.evidence.trial import design_trial
from labelbits.planning.spec.planfile import Goal


def people(items: int, strength: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(strength * np.array([0.5, 0.3, 0.2]), size=items)


def test_it_is_the_correlation_of_the_two_entropies_and_its_spread_is_its_error() -> None:
    rng = np.random.default_rng(0)
    found, claimed = [], []
    for seed in range(300):
        p = people(200, 2.0, seed)
        said = 0.6 * p + 0.4 * rng.dirichlet(np.ones(3), size=200)
        value = disagreement_values(np.log(said).T, p)
        wanted = np.corrcoef(entr(said).sum(1), entr(p).sum(1))[0, 1]
        assert value.mean() == pytest.approx(wanted, abs=1e-9)
        found.append(value.mean())
        claimed.append(value.std() / np.sqrt(200))
    # The standard deviation of 300 draws is known to 4 %.
    assert np.mean(claimed) == pytest.approx(np.std(found), rel=0.15)
    # Negative control: the error of a correlation of nothing is another one.
    assert np.std(found) != pytest.approx(1 / np.sqrt(200), rel=0.15)


def test_who_is_equally_sure_of_all_items_foretells_nothing() -> None:
    p = people(50, 2.0, 1)
    constant = np.log(np.broadcast_to(np.array([0.5, 0.3, 0.2])[:, None], (3, 50)))
    assert not disagreement_values(constant, p).any()
    assert not disagreement_values(np.log(p).T, np.eye(3)[p.argmax(1)]).any()


@pytest.mark.parametrize("votes", [2, 5, 20])
def test_what_few_votes_tell_of_the_entropy_is_known_from_them_alone(votes: int) -> None:
    rng = np.random.default_rng(votes)
    p = people(3000, 1.5, votes)
    counts = rng.multinomial(votes, p)
    told = entr(counts / votes).sum(1)
    true = np.corrcoef(told, entr(p).sum(1))[0, 1]
    found = known_by_votes(counts)
    assert found is not None
    assert found[0] == pytest.approx(true, abs=0.05)
    assert abs(found[0] - true) < 2 * found[1]
    # Negative control: no votes tell all of it.
    assert abs(1 - true) > 2 * 0.05
    assert known_by_votes(np.eye(3, dtype=int)) is None


def test_how_many_answers_an_item_needs_depends_on_what_is_judged() -> None:
    p = people(4000, 0.4, 9)
    rng = np.random.default_rng(9)
    found = answers_each(rng.multinomial(10, p), 0)
    assert found is not None
    for i, m in enumerate(found.answers):
        if m in (1, 3, 10):
            votes = rng.multinomial(m, p) + 0.5 * rng.random(p.shape)
            right = (votes.argmax(1) == p.argmax(1)).mean()
            assert found.right[i] == pytest.approx(right, abs=0.03), m
    assert np.all(np.diff(found.lacking) < 0)
    needed = found.enough()
    one, many, most = (needed[what] for what in ("class", "distribution", "entropy"))
    assert None not in (one, many, most)
    assert (many or 0) < (most or 0)
    # Items that are all as hard: three votes on each cannot tell, and both ends are known.
    even = np.where(np.eye(3, dtype=bool)[np.arange(600) % 3], 0.8, 0.1)
    three = answers_each(np.stack([rng.multinomial(3, one) for one in even]), 0)
    assert three is not None
    right = {m: (rng.multinomial(m, even[0], size=20_000) + 0.5 * rng.random((20_000, 3))).argmax(1)
             for m in (three.if_alike or 0, (three.if_alike or 0) - 1)}  # fmt: skip
    enough, less = ((one == 0).mean() for one in right.values())
    assert enough > 0.975
    assert less < 0.985
    assert (three.enough()["class"] or 1000) > (three.if_alike or 0)
    # People who agree leave nothing to ask twice about.
    alike = answers_each(np.tile([12, 0, 0], (60, 1)) + np.tile([0, 0, 0], (60, 1)), 0)
    assert alike is not None
    assert alike.enough()["class"] == 1


def test_gold_alone_does_not_tell_whether_people_disagree() -> None:
    counts = np.eye(2, dtype=int)[np.arange(120) % 2]
    evidence = Evidence(np.random.default_rng(0).normal(size=(120, 3)), counts,
                        np.arange(120) % 2, ("a", "b"))  # fmt: skip
    goal = Goal(metric="disagreement", test_fraction=0.2, target=None)
    with pytest.raises(InputError, match="0 items have two or more"):
        design_trial(evidence, goal, 0, 10)
    assert design_trial(evidence, goal.model_copy(update={"metric": "accuracy"}), 0, 10).sizes
    assert METRICS["disagreement"].only_people
