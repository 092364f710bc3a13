"""Entropy of people's answers from few votes."""

import numpy as np
import pytest
from scipy.special import entr

from labelbits.metrics.entropy import mean_entropy


def plug_in(counts):
    return entr(counts / counts.sum(1, keepdims=True)).sum(1).mean()


@pytest.mark.parametrize("votes", [3, 5, 10])
@pytest.mark.parametrize("kind", ["even", "skewed", "two kinds"])
def test_few_votes_are_not_taken_for_agreement(kind, votes):
    rng = np.random.default_rng(3)
    if kind == "even":
        p = rng.dirichlet(np.ones(5), size=3000)
    elif kind == "skewed":
        p = rng.dirichlet([3, 0.5, 0.3, 0.2], size=3000)
    else:  # half of the items are clear, half are not
        p = np.concatenate([rng.dirichlet([20, 0.2, 0.2], 1500), rng.dirichlet([2, 2, 2], 1500)])
    true = entr(p).sum(1).mean()
    counts = rng.multinomial(votes, p)
    found = mean_entropy(counts)
    assert found is not None
    assert abs(found.value - true) < 3 * found.error
    assert abs(found.value - true) < 0.01 + 0.4 / votes
    # Negative control: the shares of the votes themselves claim far too much agreement.
    assert true - plug_in(counts) > 1.5 * abs(found.value - true)


def test_unanimous_votes_and_single_ones():
    sure = mean_entropy(np.tile([20, 0, 0], (200, 1)) + np.array([0, 0, 0]))
    assert sure is not None
    assert sure.value < 0.02
    assert mean_entropy(np.eye(3)[[0, 1, 2, 0]]) is None
