"""How many answers could be random, by how often two people agree on a question.

Of two answers to a question with K outcomes, neither is random with probability u_i u_j, where
u = 1 - e is the share of a person's answers that are not random. Otherwise they agree by luck, with
probability 1 / K, so that agreement a tells

    E[u_i u_j] >= s = (K a - 1) / (K - 1).

Where everybody meets everybody alike, E[u_i u_j] is at most the square of the mean of u, and
e <= 1 - sqrt(s). Where people who answer at random meet each other, it can be as much as the mean
itself, and e <= 1 - s. In between, let w be each person's share of the answers and P the shares of
meetings W_ij scaled by 1 / sqrt(w_i w_j). Its largest eigenvalue is 1, at sqrt(w); with the second,
l >= 0, and u^2 <= u,

    s <= E[u_i u_j] <= m^2 + l (m - m^2),    m = sum w_i u_i,

the smallest such m leaves e <= 1 - m (the spectral bound of expander mixing; Alon and Chung 1988,
Discrete Mathematics 72).
"""

from __future__ import annotations

import math

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import eigsh

from labelbits.annotators.intervals import share

#: People with fewer answers than this are taken together: too few tell whom they meet.
FEW = 10
#: People up to which all eigenvalues are found.
DENSE = 300


def crews(annotator: np.ndarray) -> np.ndarray:
    """(n,) numbers from 0: who answered, everybody with `FEW` answers or fewer as one."""
    _, who, count = np.unique(annotator, return_inverse=True, return_counts=True)
    return np.unique(np.where(count[who] < FEW, -1, who), return_inverse=True)[1].reshape(-1)


def most_by_agreement(
    answer: np.ndarray, question: np.ndarray, crew: np.ndarray, outcomes: int, level: float
) -> float:
    """Largest share of random answers that agreement allows, its upper end at `level`.

    `answer` (n,) are choices of one of `outcomes` to questions (n,), from 0, by `crew` (n,), from
    0. Answers alone on their question tell nothing, and count as random.
    """
    counts = np.zeros((question.max() + 1, outcomes))
    np.add.at(counts, (question, answer), 1.0)
    size = counts.sum(1)
    shared = size > 1
    same = (counts * (counts - 1)).sum(1)[shared] / (size[shared] - 1)
    agreed = share(same, size[shared], level).low
    s = max(0.0, (outcomes * agreed - 1) / (outcomes - 1))
    told = shared[question]
    second = _second(question[told], crew[told], size[question[told]])
    m = s if second > 1 - 1e-9 else _root(1 - second, second, s)
    return 1 - m * float(told.mean())


def _root(a: float, b: float, s: float) -> float:
    """m >= 0 at which a m^2 + b m = s."""
    return (math.sqrt(b * b + 4 * a * s) - b) / (2 * a)


def _second(question: np.ndarray, crew: np.ndarray, size: np.ndarray) -> float:
    """Second largest eigenvalue of who meets whom, at least 0: 0 where all meet alike, 1 where two
    groups never meet."""
    people = crew.max() + 1
    if people == 1:
        return 0.0
    places = np.unique(question, return_inverse=True)[1].reshape(-1)
    shape = (places.max() + 1, people)
    there = scipy.sparse.csr_matrix((1 / np.sqrt(size - 1), (places, crew)), shape=shape)
    answers = np.bincount(crew, minlength=people)
    meetings = (there.T @ there).tocsr()
    # No answer meets itself.
    meetings -= scipy.sparse.diags(np.bincount(crew, 1 / (size - 1), minlength=people))
    scale = scipy.sparse.diags(1 / np.sqrt(answers))
    meetings = scale @ meetings @ scale
    if people <= DENSE:
        found = np.linalg.eigvalsh(meetings.toarray())
    else:
        found = np.sort(eigsh(meetings, k=2, which="LA", v0=np.ones(people))[0])
    return float(np.clip(found[-2], 0.0, 1.0))
