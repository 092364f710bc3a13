"""Models of who is right: majority, Dawid-Skene, GLAD, MACE, on labels as numbers.

Each is expectation-maximisation over the labels that items really have; probabilities are
multiplied as logarithms, so that many answers of one item do not underflow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse
from scipy import optimize, special

#: Steps of Dawid-Skene, GLAD and MACE at most, and the gain in nats that ends the first two, an
#: answer (GLAD: an answer and class). MACE's likelihood rises late, after steps that gain little,
#: so it takes all of its own.
STEPS = {"dawid-skene": 100, "glad": 50, "mace": 50}
GAIN = 1e-5
#: The least share of a confusion's column: an answer never given so far is not impossible.
LEAST = 1e-10
#: GLAD: ability and log of easiness are N(1, 1); its maximisation takes so many steps of
#: conjugate gradients, down to such a gradient.
GLAD_MEAN, GLAD_STEPS, GLAD_GRADIENT = 1.0, 25, 1e-2
#: MACE: the Beta prior of spamming, the Dirichlet prior of what spammers answer, and random starts.
MACE_SPAMMING, MACE_ANSWERS, MACE_STARTS = 0.5, 10.0, 10


class Labels(NamedTuple):
    """Hard labels as numbers: `item`, `annotator` and `label`, each (answers,), and the names.

    `classes` are those that were given, in their declared order.
    """

    item: np.ndarray
    annotator: np.ndarray
    label: np.ndarray
    items: tuple[str, ...]
    annotators: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Numbers of items, annotators and classes."""
        return len(self.items), len(self.annotators), len(self.classes)


class Found(NamedTuple):
    """`probability` (items, classes) and, where the model has them, the annotators' noise.

    `skill` (annotators,), `confusion` (annotators, true class, class said).
    """

    probability: np.ndarray
    skill: np.ndarray | None = None
    confusion: np.ndarray | None = None


def numbered(
    items: Sequence[str], annotators: Sequence[str], labels: Sequence[str], classes: Sequence[str]
) -> Labels:
    """The answers with numbers for names: items and annotators in the order they come in."""
    item_names, annotator_names = tuple(dict.fromkeys(items)), tuple(dict.fromkeys(annotators))
    given = set(labels)
    class_names = tuple(name for name in classes if name in given)

    def numbers(values: Sequence[str], names: tuple[str, ...]) -> np.ndarray:
        place = {name: number for number, name in enumerate(names)}
        return np.array([place[value] for value in values])

    return Labels(
        numbers(items, item_names), numbers(annotators, annotator_names),
        numbers(labels, class_names), item_names, annotator_names, class_names,
    )  # fmt: skip


def _votes(labels: Labels, weight: np.ndarray | None = None) -> np.ndarray:
    """Sums of `weight` (answers,), or of ones, by item and label: (items, classes)."""
    items, _, classes = labels.sizes
    cell = labels.item * classes + labels.label
    return np.bincount(cell, weight, items * classes).reshape(items, classes)


def _by(number: np.ndarray, weight: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(number, weight, size)


def majority(labels: Labels) -> Found:
    """Shares of the labels that each item got."""
    votes = _votes(labels)
    return Found(votes / votes.sum(1, keepdims=True))


def dawid_skene(labels: Labels, steps: int = STEPS["dawid-skene"], gain: float = GAIN) -> Found:
    """Dawid and Skene (1979), Applied Statistics 28, 20-28: a confusion of each annotator.

    P(label k | true class c) = e_w[c, k] and P(c) = p_c: with q_i the posterior of item i's class,

        e_w[c, k] ~ sum of q_i[c] over items that w called k,    p = mean q,
        q_i[c] ~ p_c prod e_w[c, k] over the item's answers,

    from the majority's shares on, until the likelihood gains less than `gain` nats an answer.
    """
    items, annotators, classes = labels.sizes
    said = labels.annotator * classes + labels.label
    # Row (annotator, label), column item: how often it was said.
    counts = scipy.sparse.csr_array(
        (np.ones(len(said)), (said, labels.item)), shape=(annotators * classes, items)
    )

    def maximised(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        confusion = np.maximum((counts @ q).reshape(annotators, classes, classes), LEAST)
        return q.mean(0), confusion / confusion.sum(1, keepdims=True)

    prior, confusion = maximised(majority(labels).probability)
    before = -np.inf
    posterior = np.empty((items, classes))
    for _ in range(steps):
        log = counts.T @ np.log(confusion).reshape(-1, classes)
        log += np.log(np.maximum(prior, LEAST))
        likelihood = np.asarray(special.logsumexp(log, axis=1, keepdims=True))
        posterior = np.exp(log - likelihood)
        prior, confusion = maximised(posterior)
        now = float(likelihood.sum()) / len(said)
        if now - before < gain:
            break
        before = now
    confusion = confusion.transpose(0, 2, 1)  # true class first
    return Found(posterior, np.einsum("wcc,c->w", confusion, prior), confusion)


def glad(labels: Labels, steps: int = STEPS["glad"], gain: float = GAIN) -> Found:
    """Whitehill et al. (2009), NeurIPS 22: abilities of annotators and difficulties of items.

    P(right) = sigma(a_w exp(b_i)), wrong labels equally likely, a and b with priors N(1, 1). Given
    q the posterior of the classes, and q_n that of what answer n says, a and b climb

        Q = sum_n q_n ln sigma + (1 - q_n) (ln(1 - sigma) - ln(K - 1)) + ln priors

    by conjugate gradients, until a round gains less than `gain` nats an answer
    and class.
    """
    items, annotators, classes = labels.sizes
    if classes == 1:
        return Found(np.ones((items, 1)), np.full(annotators, special.expit(GLAD_MEAN)))
    wrong = np.log(classes - 1)

    def skill_of(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        ability, ease = x[:annotators][labels.annotator], np.exp(x[annotators:])[labels.item]
        return ability, ease, ability * ease

    def posterior(x: np.ndarray) -> np.ndarray:
        _, _, skill = skill_of(x)
        right, other = special.log_expit(skill), special.log_expit(-skill) - wrong
        log = _by(labels.item, other, items)[:, None] + _votes(labels, right - other)
        return special.softmax(log, axis=1)

    def loss(x: np.ndarray, said: np.ndarray) -> float:
        _, _, skill = skill_of(x)
        right, other = special.log_expit(skill), special.log_expit(-skill) - wrong
        prior = -0.5 * np.sum((x - GLAD_MEAN) ** 2) - 0.5 * len(x) * np.log(2 * np.pi)
        return -float(np.sum(said * right + (1 - said) * other) + prior)

    def slope(x: np.ndarray, said: np.ndarray) -> np.ndarray:
        ability, ease, skill = skill_of(x)
        over = (said - special.expit(skill)) * ease
        found = np.concatenate(
            [_by(labels.annotator, over, annotators), _by(labels.item, over * ability, items)]
        )
        return x - GLAD_MEAN - found

    x = np.full(annotators + items, GLAD_MEAN)
    q = posterior(x)
    before = -np.inf
    for _ in range(steps):
        q = posterior(x)
        x, now = _climbed(loss, slope, x, q[labels.item, labels.label])
        if now / (len(labels.item) * classes) - before < gain:
            break
        before = now / (len(labels.item) * classes)
    return Found(q, special.expit(x[:annotators]))


def _climbed(
    loss: Callable[..., float], slope: Callable[..., np.ndarray], x: np.ndarray, said: np.ndarray
) -> tuple[np.ndarray, float]:
    """One maximisation of GLAD: where it ends, and Q there."""
    options = {"maxiter": GLAD_STEPS}
    found = optimize.minimize(
        loss, x, (said,), method="CG", jac=slope, tol=GLAD_GRADIENT, options=options
    )
    return found.x, -float(found.fun)


def mace(
    labels: Labels, seed: int = 0, steps: int = STEPS["mace"], starts: int = MACE_STARTS
) -> Found:
    """Hovy et al. (2013), NAACL-HLT, 1120-1130: annotators who know, or answer without looking.

    Annotator w spams with probability s_w and then says k with probability t_w[k]; otherwise w
    says the true class, all of which are equally likely. Variational Bayes with priors Beta on s
    and Dirichlet on t; of `starts` random starts the likeliest end is kept.
    """
    generator = np.random.default_rng([seed, 29])
    _, annotators, classes = labels.sizes
    best: tuple[float, np.ndarray, np.ndarray] | None = None
    for _ in range(starts):
        state = generator.uniform(1, 2.5, (annotators, 2 + classes))
        spamming = state[:, :2] / state[:, :2].sum(1, keepdims=True)
        strategy = state[:, 2:] / state[:, 2:].sum(1, keepdims=True)
        end = mace_from(labels, spamming, strategy, steps)
        if best is None or end[0] > best[0]:
            best = end
    assert best is not None
    return Found(best[1], best[2])


def mace_from(
    labels: Labels, spamming: np.ndarray, strategy: np.ndarray, steps: int
) -> tuple[float, np.ndarray, np.ndarray]:
    """From one start: ln likelihood, posterior (items, classes), knowing (annotators,).

    `spamming` (annotators, 2) holds s and 1 - s, `strategy` (annotators, classes) t.
    """
    items, annotators, classes = labels.sizes
    cell = labels.annotator * classes + labels.label

    def expected() -> tuple[float, np.ndarray, np.ndarray]:
        """ln likelihood, posterior, and P(knew) of each answer."""
        blind = spamming[labels.annotator, 0] * strategy[labels.annotator, labels.label]
        knew = spamming[labels.annotator, 1]
        log = _by(labels.item, np.log(blind), items)[:, None]
        log = log + _votes(labels, np.log1p(knew / blind)) - np.log(classes)
        likelihood = np.asarray(special.logsumexp(log, axis=1, keepdims=True))
        posterior = np.exp(log - likelihood)
        said = posterior[labels.item, labels.label]
        return float(likelihood.sum()), posterior, said * knew / (blind + knew)

    likelihood, posterior, knew = expected()
    for _ in range(steps):
        kinds = np.stack(
            [_by(labels.annotator, 1 - knew, annotators), _by(labels.annotator, knew, annotators)],
            axis=1,
        )
        blind = _by(cell, 1 - knew, annotators * classes).reshape(annotators, classes)
        spamming = _geometric_mean(kinds + MACE_SPAMMING)
        strategy = _geometric_mean(blind + MACE_ANSWERS)
        likelihood, posterior, knew = expected()
    return likelihood, posterior, spamming[:, 1] / spamming.sum(1)


def _geometric_mean(counts: np.ndarray) -> np.ndarray:
    """exp E[ln share] under the Dirichlet of `counts`, by rows (they sum to less than 1)."""
    return np.exp(special.digamma(counts) - special.digamma(counts.sum(1, keepdims=True)))
