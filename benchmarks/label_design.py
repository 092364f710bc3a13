"""The criterion of label designs against simulated classifiers: ratios, beside 1/2 tr(V M^-1).

    python benchmarks/label_design.py [--fits 60]

Each row is a world of `classes` classes and `features` normal features with weights N(0, scale^2):
the excess log loss of classifiers fitted to single votes, over what `excess_loss` says, and over
the variance alone, which design criteria count.
"""

from __future__ import annotations

import argparse

import numpy as np

from labelbits.learning.fits.softmax import fit_softmax
from labelbits.planning.mixtures.excess import Population, excess_loss
from labelbits.threads import one_blas_thread

WORLDS = ((3, 5, 1.0), (3, 5, 2.0), (2, 10, 1.0), (10, 5, 1.0), (4, 20, 0.7))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=60)
    fits = parser.parse_args().fits
    print("classes features scale ridge items  excess (nats)      ratio  variance alone")
    for classes, features, scale in WORLDS:
        generator = np.random.default_rng([classes, features, 1])
        x = np.column_stack([generator.normal(size=(1500, features)), np.ones(1500)])
        z = scale * x @ generator.normal(size=(features + 1, classes))
        p = np.exp(z - z.max(1, keepdims=True))
        one = Population(x, p / p.sum(1, keepdims=True), np.zeros(1500, int), np.ones(1))
        for ridge in (0.01, 0.1):
            for items in (100, 400, 2000):
                mean, error = simulated(one, items, ridge, fits, generator)
                found = excess_loss(one, np.full((1, 1), items), np.ones((1, 1)), items * ridge)
                v = np.tensordot(one.sizes, one.noise, 1)
                inverse = np.linalg.inv(items * v + items * ridge * np.eye(len(v)))
                alone = 0.5 * float(np.sum(v * inverse))
                print(
                    f"{classes:7} {features:8} {scale:5.1f} {ridge:5.2f} {items:5}  "
                    f"{mean:.4f} +- {error:.4f} {mean / found:8.2f} {mean / alone:8.1f}",
                    flush=True,
                )


def simulated(
    one: Population, items: int, ridge: float, fits: int, generator: np.random.Generator
) -> tuple[float, float]:
    """(mean, standard error) of the excess log loss of `fits` classifiers."""
    rows = generator.integers(len(one.features), size=(fits, items))
    votes = (one.probabilities[rows].cumsum(2) > generator.random((fits, items, 1))).argmax(2)
    x = one.features[:, :-1].astype(np.float32)
    targets = np.eye(one.probabilities.shape[1])[votes][:, None]
    fit = fit_softmax(
        x[rows], targets, np.ones((fits, 1, items)), np.full((fits, 1), ridge), max_iterations=400
    )
    gap = np.log(one.probabilities) - fit.log_proba(x)[:, 0].transpose(0, 2, 1)
    each = (one.probabilities * gap).sum(2).mean(1)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(fits))


if __name__ == "__main__":
    with one_blas_thread():
        main()
