"""Is the bound of random answers to comparisons a bound, whoever answers?

    python benchmarks/answers_pairs.py --runs 200 [--questions 100]

A run simulates answers of ten people to `questions` questions of two outcomes, 2, 3 or 5 people a
question, a known share of them at random:

- `channel`: triplets of 60 items in 2 dims, precision 2, a tenth at random;
- `even`: people see the same unless they answer at random, in 30 % of their answers;
- `hard`: every question has a chance of its own, Beta(1/2, 1/2), that an answer is 1; a tenth is
  random;
- `two kinds`: two people answer at random, eight in 6 % of their answers;
- `sides`: half of the people see it the other way round in 30 % of the questions; a tenth is
  random;
- `apart`: five people who answer at random are asked other questions than the five who never do;
- `coin`: every answer is random.

A line a row: in how many runs the bound holds the share (meant: 190 of 200), the middle of the
bound, of twice the share of pairs that differ at most, and of the bound with nobody's name told.
"""

from __future__ import annotations

import argparse

import numpy as np

from labelbits.annotators.intervals import share
from labelbits.annotators.noise.at_random import most_of_choices

CREW = 10
KINDS = ("channel", "even", "hard", "two kinds", "sides", "apart", "coin")


def answers_of(
    kind: str, questions: int, people: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """(answers, people: (questions, people) each, share given at random)."""
    who = np.array([rng.permutation(CREW)[:people] for _ in range(questions)])
    truth = rng.integers(0, 2, questions)[:, None]
    said = np.repeat(truth, people, axis=1)
    lapse = np.full(CREW, 0.1)
    if kind == "channel":
        points = rng.normal(size=(60, 2))
        a, b, c = points[rng.random((questions, 60)).argsort(1)[:, :3]].swapaxes(0, 1)
        gap = ((a - c) ** 2 - (a - b) ** 2).sum(1)
        said = (rng.random(said.shape) < 1 / (1 + np.exp(-2 * gap))[:, None]).astype(int)
    elif kind == "even":
        lapse[:] = 0.3
    elif kind == "hard":
        said = (rng.random(said.shape) < rng.beta(0.5, 0.5, questions)[:, None]).astype(int)
    elif kind == "two kinds":
        lapse[:], lapse[:2] = 0.06, 1.0
    elif kind == "sides":
        other = (rng.random(questions) < 0.3)[:, None] & (who < CREW // 2)
        said = np.where(other, 1 - said, said)
    elif kind == "apart":
        lapse[:], lapse[: CREW // 2] = 0.0, 1.0
        crew = (rng.random(questions) < 0.5) * (CREW // 2)
        half = [rng.permutation(CREW // 2)[:people] for _ in range(questions)]
        who = crew[:, None] + np.array(half)
    else:
        lapse[:] = 1.0
    at_random = rng.random(said.shape) < lapse[who]
    said = np.where(at_random, rng.integers(0, 2, said.shape), said)
    return said, who, float(lapse[who].mean())


def bounds(said: np.ndarray, who: np.ndarray | None) -> float:
    """The bound of answers (questions, people), by people or of anybody."""
    question = np.repeat(np.arange(len(said)), said.shape[1])
    unknown = np.full(said.size, -1)
    annotator = None if who is None else who.ravel()
    found = most_of_choices(said.ravel(), question, unknown, 2, 0, annotator)
    return float("nan") if found is None else found


def by_agreement(said: np.ndarray) -> float:
    """Twice the share of pairs that differ, at most, at 95 %."""
    ones, n = said.sum(1), said.shape[1]
    same = ones * (ones - 1) + (n - ones) * (n - ones - 1)
    pairs = np.full(len(said), n * (n - 1))
    return min(1.0, 2 * (1 - share(same, pairs, 0.95).low))


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--questions", type=int, default=100)
    given = parser.parse_args()
    print("| people | a question | random | held | bound | by agreement | held, no names | bound |")
    print("|---|" + "---:|" * 7)
    for kind in KINDS:
        for people in (2, 3, 5):
            rows = []
            for seed in range(given.runs):
                rng = np.random.default_rng([seed, people])
                said, who, random = answers_of(kind, given.questions, people, rng)
                rows.append((random, bounds(said, who), by_agreement(said), bounds(said, None)))
            random, named, plain, unnamed = np.array(rows).T
            held, without = np.sum(random <= named), np.sum(random <= unnamed)
            print(
                f"| {kind} | {people} | {random.mean():.2f} | {held} | {np.median(named):.2f} | "
                f"{np.median(plain):.2f} | {without} | {np.median(unnamed):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
