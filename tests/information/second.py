"""A second implementation of every channel: plain numpy in float64, nothing shared with the code.

Brute force from the definitions: every answer's probability at every drawn point, every answer
listed. The information is H(mean p) - mean H(p), the plug-in bias of the mean taken away.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, gammaln

Points = np.ndarray


def _d2(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return ((a - b) ** 2).sum(-1)


def _softmax(x: np.ndarray) -> np.ndarray:
    p = np.exp(x - x.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def _pi(z: Points, c: Points, o: dict[str, Any]) -> np.ndarray:
    """(n, K) from one item (n, 1, D) and prototypes (n, K, D)."""
    return _softmax(-o["precision"] * _d2(z, c))


def _counts(m: int, parts: int) -> list[tuple[int, ...]]:
    if parts == 1:
        return [(m,)]
    return [(i, *rest) for i in range(m + 1) for rest in _counts(m - i, parts - 1)]


def _dirichlet_multinomial(parts: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """(n, reports) from reports (r, K) and alpha (n, K)."""
    m, total = parts.sum(1), alpha.sum(1)[:, None]
    each = gammaln(parts + alpha[:, None]) - gammaln(alpha[:, None]) - gammaln(parts + 1)
    return np.exp(gammaln(m + 1) + gammaln(total) - gammaln(m + total) + each.sum(-1))


def hard(z, c, o):
    return _pi(z, c, o)


def complementary(z, c, o):
    return _softmax(o["precision"] * _d2(z, c))


def votes(z, c, o):
    """Here a vote lapses, so the lapse is inside."""
    m, k = o["answers_per_item"], c.shape[1]
    p = (1 - o["lapse"]) * _pi(z, c, o) + o["lapse"] / k
    counts = np.array(_counts(m, k))
    log_p = gammaln(m + 1) - gammaln(counts + 1).sum(1) + np.log(p) @ counts.T
    return np.exp(log_p)


def soft(z, c, o):
    alpha = np.maximum(o["concentration"] * _pi(z, c, o), 1e-6)
    return _dirichlet_multinomial(np.array(_counts(o["grid"], c.shape[1])), alpha)


def sparse_soft(z, c, o):
    pi, t, k = _pi(z, c, o), o["top"], c.shape[1]
    parts = np.array(_counts(o["grid"], t + 1))
    columns = []
    for chosen in itertools.permutations(range(k), t):
        p, left = np.ones(len(pi)), np.ones(len(pi))
        for i, j in enumerate(chosen):
            left = pi[:, [n for n in range(k) if n not in chosen[:i]]].sum(1)
            p = p * pi[:, j] / left
        free = [n for n in range(k) if n not in chosen]
        mass = np.concatenate([pi[:, list(chosen)], pi[:, free].sum(1, keepdims=True)], 1)
        alpha = np.maximum(o["concentration"] * mass, 1e-6)
        columns.append(p[:, None] * _dirichlet_multinomial(parts, alpha))
    return np.concatenate(columns, 1)


def ranking(z, c, o):
    pi, k = _pi(z, c, o), c.shape[1]
    columns = []
    for chosen in itertools.permutations(range(k), o["top"]):
        p = np.ones(len(pi))
        for i, j in enumerate(chosen):
            p = p * pi[:, j] / pi[:, [n for n in range(k) if n not in chosen[:i]]].sum(1)
        columns.append(p)
    return np.stack(columns, 1)


def candidates(z, c, o):
    q = expit(o["precision"] * (o["threshold"] - _d2(z, c)))
    no = expit(-o["precision"] * (o["threshold"] - _d2(z, c)))
    some = -np.expm1(-np.logaddexp(0, o["precision"] * (o["threshold"] - _d2(z, c))).sum(1))
    sets = [s for s in itertools.product((0, 1), repeat=c.shape[1]) if any(s)]
    return np.stack([np.where(s, q, no).prod(1) / some for s in sets], 1)


def verify(z, c, o):
    """Any class carries the same where prototypes are exchangeable; class 0 is asked."""
    p = _pi(z, c, o)
    return np.stack([p[:, 1:].sum(1), p[:, 0]], 1)


def same_class(z, c, o):
    a, b = (_pi(z[:, i : i + 1], c, o) for i in (0, 1))
    same = (a * b).sum(1)
    return np.stack([(a * (b.sum(1, keepdims=True) - b)).sum(1), same], 1)


def triplet(z, c, o):
    x = o["precision"] * (_d2(z[:, 0], z[:, 2]) - _d2(z[:, 0], z[:, 1]))
    return np.stack([expit(x), expit(-x)], 1)


def quadruplet(z, c, o):
    x = o["precision"] * (_d2(z[:, 2], z[:, 3]) - _d2(z[:, 0], z[:, 1]))
    return np.stack([expit(x), expit(-x)], 1)


def odd_one_out(z, c, o):
    kept = np.stack([_d2(z[:, 1], z[:, 2]), _d2(z[:, 0], z[:, 2]), _d2(z[:, 0], z[:, 1])], 1)
    return _softmax(-o["precision"] * kept)


def contrastive(z, c, o):
    return _softmax(-o["precision"] * _d2(z[:, :1], z[:, 1:]))


def rating(z, c, o):
    cuts = np.asarray(o["thresholds"])
    above = expit(o["precision"] * (cuts - _d2(z[:, 0], z[:, 1])[:, None]))
    ends = np.concatenate([np.ones((len(z), 1)), above, np.zeros((len(z), 1))], 1)
    return ends[:, :-1] - ends[:, 1:]


CHANNELS: dict[str, tuple[Callable[..., np.ndarray], int]] = {
    "hard": (hard, 1),
    "complementary": (complementary, 1),
    "votes": (votes, 1),
    "soft": (soft, 1),
    "sparse-soft": (sparse_soft, 1),
    "ranking": (ranking, 1),
    "candidates": (candidates, 1),
    "verify": (verify, 1),
    "same-class": (same_class, 2),
    "triplet": (triplet, 3),
    "quadruplet": (quadruplet, 4),
    "odd-one-out": (odd_one_out, 3),
    "contrastive": (contrastive, 0),
    "rating": (rating, 2),
}


def information(
    name: str,
    dims: int,
    classes: int,
    options: dict[str, Any],
    about: str,
    groups: int,
    n: int,
    seed: int,
) -> tuple[float, float]:
    """(bits, standard error) from `groups` groups of `n` questions each; about="items" each group
    has prototypes of its own, else every question has."""
    channel, arity = CHANNELS[name]
    arity = arity or options["negatives"] + 2
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(groups):
        z = generator.normal(size=(n, arity, dims))
        shape = (1 if about == "items" else n, classes, dims)
        c = np.broadcast_to(generator.normal(size=shape), (n, classes, dims))
        p = channel(z, c, options)
        if name != "votes":
            p = (1 - options["lapse"]) * p + options["lapse"] / p.shape[1]
        mean = p.mean(0)
        bias = (p.var(0, ddof=1)[mean > 0] / mean[mean > 0]).sum() / (2 * n)
        own = np.where(p > 0, p * np.log(np.maximum(p, 1e-300)), 0.0).sum(1).mean()
        marginal = -np.where(mean > 0, mean * np.log(np.maximum(mean, 1e-300)), 0.0).sum()
        values.append((marginal + bias + own) / math.log(2))
    spread = np.std(values, ddof=1) / math.sqrt(groups) * math.sqrt((groups - 1) / (groups - 3))
    return float(np.mean(values)), float(spread)


def random_point(name: str, generator: np.random.Generator) -> tuple[int, int, dict[str, Any]]:
    """(dims, classes, options) at which every answer can be listed."""
    dims = int(generator.integers(1, 7))
    classes = int(generator.integers(2, 6))
    options: dict[str, Any] = {
        "precision": float(np.exp(generator.uniform(math.log(0.05), math.log(8)))),
        "lapse": float(generator.choice([0.0, 0.05, 0.3])),
    }
    if name == "votes":
        options["answers_per_item"] = int(generator.integers(1, 5))
    if name in ("soft", "sparse-soft"):
        options["concentration"] = float(np.exp(generator.uniform(math.log(0.5), math.log(60))))
        options["grid"] = int(generator.integers(2, 6))
    if name == "sparse-soft":
        options["top"] = int(generator.integers(1, 3))
    if name == "ranking":
        options["top"] = int(generator.integers(1, classes + 1))
    if name == "candidates":
        options["threshold"] = float(generator.uniform(0.5, 2 * dims))
    if name == "contrastive":
        options["negatives"] = int(generator.integers(1, 5))
    if name == "rating":
        steps = int(generator.integers(1, 5))
        cuts = np.sort(generator.uniform(0.3, 4 * dims, steps))[::-1]
        options |= {"thresholds": cuts.round(3), "levels": steps + 1}
    return dims, classes, options
