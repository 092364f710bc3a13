"""How many votes an image needs, by what is judged: CIFAR-10H, some 50 votes an image.

    python benchmarks/votes_each.py [--plans]

First the labels themselves: what `metrics.repeats` says from few votes on a pilot's images, beside
what m real votes on 5,000 other images tell of the rest of the votes on them. With `--plans` what a
plan says for each metric: all votes on 250 images are held, 250 more can be had for 60 USD at .02 a
vote (half a minute each).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from labelbits.metrics.entropy import posterior_entropy, shared_prior
from labelbits.metrics.repeats import answers_each
from labelbits.planning import plan
from learning_data import cifar10h, data_folder

#: (images of a pilot, votes on each).
PILOTS = ((250, 50), (1000, 10), (300, 5), (300, 3))
SHOWN = (1, 2, 3, 5, 10, 20, 25)
PLAN = """
[dataset]
features = "features.npz"
counts = "counts.npz"
most_items = 250
[goal]
metric = "{metric}"
[budget]
amount = {money}
[[signal]]
kind = "votes"
price = 0.02
"""


def some(counts: np.ndarray, votes: int, rng: np.random.Generator) -> np.ndarray:
    """So many of the votes on each image, without replacement; all where there are not so many."""
    return np.stack([rng.multivariate_hypergeometric(c, min(votes, c.sum())) for c in counts])


def real(counts: np.ndarray, votes: int, rng: np.random.Generator) -> tuple[float, float, float]:
    """(share right, nats of KL lacking, correlation of entropies) of so many real votes: against
    the most frequent class, the shares and the entropy of all the other votes on the image."""
    seen = some(counts, votes, rng)
    rest = counts - seen
    prior = shared_prior(counts)
    assert prior is not None
    right = (seen + rng.random(seen.shape) / 2).argmax(1) == rest.argmax(1)
    q = (seen + prior) / (votes + prior.sum())
    p = rest / rest.sum(1, keepdims=True)
    # Shares of the rest have an entropy too low: so much more would be lacking to p itself.
    known = posterior_entropy(rest.astype(float), prior)
    lacking = -(p * np.log(q)).sum(1).mean() - known.mean()
    told = posterior_entropy(seen.astype(float), prior)
    return float(right.mean()), float(lacking), float(np.corrcoef(told, known)[0, 1])


def plans() -> None:
    """What plans say."""
    folder = data_folder()
    features = np.load(folder / "cifar10_test_features.npz")["features"][:500, :100]
    file = np.load(folder / "cifar10h_counts.npz")
    counts = file["counts"][:500].astype(int)
    counts[250:] = 0
    with tempfile.TemporaryDirectory() as where:
        np.savez(Path(where) / "features.npz", features=features.astype(np.float32))
        np.savez(Path(where) / "counts.npz", counts=counts)
        for metric in ("accuracy", "cross-entropy", "disagreement"):
            path = Path(where) / f"{metric}.toml"
            path.write_text(PLAN.format(metric=metric, money=60), encoding="utf-8")
            made = plan(path, seed=0)
            print(f"\n{metric}: {made.recommendation['sentence']}")
            for one in made.recommendation["next"]["purchases"]:
                print(f"  {one['family']}: {one['items']} images, {one['cost']:.2f} USD, "
                      f"{one['quality']:.3f}")  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", action="store_true")
    arguments = parser.parse_args()
    data, rng = cifar10h(), np.random.default_rng(5)
    counts = (data.votes[..., None] == np.arange(10)).sum(1)
    print(
        "| votes | right: real | said | lacking, nats: real | said | entropy known: real | said |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|")
    said = answers_each(counts[:5000], 0)
    assert said is not None
    for m in SHOWN:
        i = said.answers.index(m)
        right, lacking, entropy = real(counts[5000:], m, rng)
        print(f"| {m} | {100 * right:.1f} % | {100 * said.right[i]:.1f} % | {lacking:.3f} | "
              f"{said.lacking[i]:.3f} | {entropy:.2f} | {said.entropy[i]:.2f} |")  # fmt: skip
    print(
        "\n| pilot: images | votes | class | distribution | entropy |\n|---:|---:|---:|---:|---:|"
    )
    for images, votes in PILOTS:
        found = [
            answers_each(some(counts[rng.permutation(len(counts))[:images]], votes, rng), seed)
            for seed in range(3)
        ]
        needed = [one.enough() for one in found if one is not None]
        told = [" / ".join(str(one[what]) for one in needed)
                for what in ("class", "distribution", "entropy")]  # fmt: skip
        print(f"| {images} | {votes} | {' | '.join(told)} |")
    if arguments.plans:
        plans()


if __name__ == "__main__":
    main()
