"""One task of a sweep with `steps` as an axis: encoders trained on answers, looked at on the way.

An encoder sees x = g(z) + noise of its items, g random and smooth, and is trained once, to the most
steps of the grid; its learning rate falls to 0 there. A look after fewer steps is one on that way.
Looks are as far apart as all steps of the grid allow (their greatest common divisor), so that the
blocks of steps in between, and all encoders of one shape, share one compiled program.
"""

from __future__ import annotations

import math
import time
import warnings

import polars as pl

from labelbits.learning.encoders import Progress, SignalEncoder
from labelbits.simulation.observed import ObservedWorld
from labelbits.sweeps.analyses.dynamics import BATCH, COMPONENTS, Judge
from labelbits.sweeps.spec import Task, make_signals
from labelbits.sweeps.store import SCHEMA, STEPS

#: Width of the hidden layer.
HIDDEN = 64


def run_encoders(task: Task) -> pl.DataFrame:
    """Train the encoders of a task: a row for each world, number of steps and metric."""
    rows = []
    for seed in range(task.seed + task.first_seed, task.seed + task.first_seed + task.seeds):
        begun = time.perf_counter()
        looks = _looks(task, seed)
        seconds = (time.perf_counter() - begun) / len(looks)
        rows += [
            (
                task.items, task.classes, task.dims, task.prior, task.precision, task.lapse,
                task.signal, task.answers_per_item, seed, metric, float(measured[metric]), seconds,
                step,
            )
            for step, measured in looks.items()
            for metric in task.metrics
        ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA | STEPS, orient="row")


def _looks(task: Task, seed: int) -> dict[int, dict[str, float]]:
    """What is measured of the encoder of one world, by steps."""
    observed = ObservedWorld(task.classes, task.dims, columns=max(32, task.dims), seed=seed)
    prototypes, others = observed.prototypes(0), observed.prototypes(1)
    z = observed.items(task.items, 0)
    judge = Judge(observed, prototypes, others)
    signals = make_signals(task.signal, task.dims, task.classes, task.precision, task.lapse)
    count = task.answers_per_item * task.items
    answers = [observed.answers(s, z, prototypes, count, seed=i) for i, s in enumerate(signals)]
    found: dict[int, dict[str, float]] = {}

    def look(progress: Progress) -> None:
        if progress.step in task.steps:
            found[progress.step] = judge(progress)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few answers on purpose
        SignalEncoder(
            COMPONENTS, hidden=(HIDDEN,), steps=max(task.steps), batch_size=BATCH, patience=None,
            evaluate_every=math.gcd(*task.steps), random_state=seed, classes=task.classes,
        ).fit(answers, features=observed.features(z, 0), callback=look)  # fmt: skip
    return found
