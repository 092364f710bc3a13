"""Is the bound of random answers a bound, for annotators that no channel of ours describes?

    python benchmarks/answers_annotators.py --runs 200 --bound-only
    python benchmarks/answers_annotators.py --runs 200
    python benchmarks/answers_annotators.py --runs 200 --only pair two-kinds --items 100

Each run draws `items` true classes of 5 and simulated annotators, all with a known share of answers
given at random:

- `channel`: the product's own channel, precision 2 in 4 dimensions, all items of one world;
- `even`: mistakes are spread evenly over the other classes: they are all random answers;
- `pair`: two classes are mistaken for each other in 30 % of their answers, and no others are;
- `difficulty`: an item is taken for one wrong class of its own with a chance between 0 and 1
  (mean 20 %), another for each item;
- `two-kinds`: two of ten annotators answer at random, eight do so in 6 % of their answers.

A pilot asks 1, 3 or 5 people about each item, with gold or without. A line a row: in how many runs
the bound by counting (`random_at_most`) holds the share of random answers (meant: at least 95 of
100, for any annotators), in how many a lapse was told and its interval holds (meant: 95 of 100, for
annotators of the channel), and the middle estimates.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from labelbits.annotators.noise.at_random import most_at_random
from labelbits.annotators.noise.class_noise import fit_noise
from labelbits.interface import Batch
from labelbits.signals import make

CLASSES, DIMS, CREW = 5, 4, 10
KINDS = ("channel", "even", "pair", "difficulty", "two-kinds")
PILOTS = ((1, True), (3, False), (5, False), (5, True))


def answers_of(
    kind: str, items: int, people: int, rng: np.random.Generator, accuracy: float = 0.75
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """(answers, annotators (items x people), true class of items, share given at random)."""
    truth = rng.integers(0, CLASSES, items)
    who = np.array([rng.permutation(CREW)[:people] for _ in range(items)])
    lapse = np.full(CREW, 0.1)
    right = np.repeat(truth[:, None], people, axis=1)
    if kind == "channel":
        points, prototypes = (rng.normal(size=(n, DIMS)) for n in (items, CLASSES))
        d2 = ((points[:, None] - prototypes) ** 2).sum(-1)
        truth = d2.argmin(1)
        said = np.argmax(rng.gumbel(size=(items, people, CLASSES)) - 2 * d2[:, None], axis=2)
    elif kind == "even":
        lapse[:] = (1 - accuracy) * CLASSES / (CLASSES - 1)
        said = right
    elif kind == "pair":
        swapped = (right < 2) & (rng.random(right.shape) < 0.3)
        said = np.where(swapped, 1 - right, right)
    elif kind == "difficulty":
        chance = rng.beta(0.5, 2.0, items)[:, None]
        wrong = (truth + rng.integers(1, CLASSES, items)) % CLASSES
        said = np.where(rng.random(right.shape) < chance, wrong[:, None], right)
    else:
        lapse[:] = 0.06
        lapse[:2] = 1.0
        said = right
    at_random = rng.random(right.shape) < lapse[who]
    said = np.where(at_random, rng.integers(0, CLASSES, right.shape), said)
    return said, who, truth, float(lapse[who].mean())


def as_batch(said: np.ndarray, who: np.ndarray) -> Batch:
    """Hard labels (items, people) as a batch."""
    items, people = said.shape
    item = np.repeat(np.arange(items), people)[:, None].astype(np.int32)
    answer = said.reshape(-1, 1).astype(np.int32)
    weight = np.ones(len(item), np.float32)
    return Batch(
        make("hard", DIMS, CLASSES), item, answer, who.reshape(-1).astype(np.int32), weight
    )


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=KINDS)
    parser.add_argument("--bound-only", action="store_true", help="fit no channel: much faster")
    given = parser.parse_args()
    print(
        "| annotators | people an item | gold | random | bound held | median bound | lapse told | "
        "lapse interval held above | at both ends | "
        "median lapse | precision | never random | CPU s |"
    )
    print("|---|---:|---|" + "---:|" * 10)
    for kind in given.only:
        for people, gold in PILOTS:
            bounded = above = held = told = 0
            middle, shares, bounds = [], [], []
            begun = time.process_time()
            for seed in range(given.runs):
                rng = np.random.default_rng([seed, people])
                said, who, truth, share = answers_of(kind, given.items, people, rng)
                known = np.repeat(truth, people) if gold else None
                batch = as_batch(said, who)
                if given.bound_only:
                    true = np.full(said.size, -1) if known is None else known
                    item = batch.items[:, 0]
                    most = most_at_random(
                        batch.signal, batch.answer, item, true, CLASSES, 0, batch.annotator
                    )
                    bounded += share <= (most or 0.0)
                    bounds.append(most)
                    middle.append((np.nan,) * 3)
                    shares.append(share)
                    continue
                noise = fit_noise(batch, CLASSES, DIMS, known, 0)
                assert noise is not None
                above += share <= noise.lapse.high
                held += noise.lapse.low <= share <= noise.lapse.high
                told += noise.lapse.value > 0
                bounded += share <= (noise.random_at_most or 0.0)
                bounds.append(noise.random_at_most)
                never = noise.never_random.value if noise.never_random else np.nan
                middle.append((noise.lapse.value, noise.precision.value, never))
                shares.append(share)
            used = (time.process_time() - begun) / given.runs
            lapse, precision, never = np.median(middle, axis=0)
            cells = (
                *(kind, people, "yes" if gold else "no", f"{np.mean(shares):.2f}", bounded),
                *(f"{np.median(bounds):.2f}", told, above, held, f"{lapse:.3f}"),
                *(f"{precision:.2f}", f"{never:.2f}", f"{used:.2f}"),
            )
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
