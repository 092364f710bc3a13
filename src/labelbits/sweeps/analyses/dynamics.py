"""How representations grow while encoders train: against steps, and against bits seen."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labelbits import information, signals
from labelbits.interface import Batch
from labelbits.learning.encoders import Progress, SignalEncoder
from labelbits.learning.encoders.probes import (
    distance_alignment,
    effective_dimension,
    few_shots,
    linear_probe,
)
from labelbits.simulation.observed import ObservedWorld
from labelbits.sweeps.analyses.piece import Raw, Size
from labelbits.worlds import World

#: Distance by which items of the shifted prior lie off the others, and shots a class.
SHIFT, SHOTS = 1.5, 4
#: Items that every look is judged on, and those that probes are trained on.
TESTED, PROBED = 200, 200
#: What is measured at a look, in the order of the figure's panels.
MEASURES = (
    "alignment", "alignment within classes", "alignment between classes", "probe, trained classes",
    "probe, other classes", "few shots, other classes", "probe, shifted prior", "held-out bits",
    "effective dimension",
)  # fmt: skip
#: Axes along which one number moves and the others stay.
AXES = ("labels", "classes", "dimensions", "precision", "negatives")


@dataclass(frozen=True)
class Setting:
    """One point: a mixture of signals and the world that it is about."""

    signal: str
    answers: int
    classes: int
    dims: int
    precision: float

    def signals(self) -> list[signals.Hard]:
        """The signals of the mixture; "contrastive 4" is one with four negatives."""
        made = []
        for part in self.signal.split("+"):
            name, _, negatives = part.partition(" ")
            options = {"negatives": int(negatives)} if negatives else {}
            made.append(
                signals.make(name, self.dims, self.classes, precision=self.precision, **options)
            )
        return made


def dynamics(subject: str, size: Size) -> Iterator[Raw]:
    """All looks of the base setting of signal `subject`, and ends along every axis."""
    base = Setting(subject, size.encoder_answers, size.classes, size.dims, size.encoder_precision)
    yield from _looks(base, size)
    yield from _ends(base, size)


def _looks(setting: Setting, size: Size) -> Iterator[Raw]:
    each = [
        information.per_answer(
            signal, World(50, setting.classes, setting.dims), seed=0, standard_error=0.01
        ).bits
        for signal in setting.signals()
    ]
    bits = float(np.mean(each))
    yield "bits an answer", setting.signal, 0.0, None, bits, 0.0, "theory"
    for world in range(size.encoder_seeds):
        looks = list(_train(setting, size, world))
        for step, seen, measured in looks:
            for name, value in measured.items():
                yield f"{name}, by steps", setting.signal, step, world, value, None, "simulation"
            name = MEASURES[0]
            at = bits * seen
            yield f"{name}, by bits seen", setting.signal, at, world, measured[name], None, \
                "simulation"  # fmt: skip
        yield from _summary(setting.signal, world, looks)


def _summary(
    signal: str, world: int, looks: list[tuple[int, int, dict[str, float]]]
) -> Iterator[Raw]:
    """Steps to 90 % of the last alignment, and what training to the end lost of the best look."""
    steps = np.array([step for step, _, _ in looks], float)
    for name in (MEASURES[0], MEASURES[1], "held-out bits"):
        course = np.array([measured[name] for _, _, measured in looks])
        lost = float(np.nanmax(course) - course[-1])
        yield f"lost at the end: {name}", signal, 0.0, world, lost, None, "simulation"
    course = np.array([measured[MEASURES[0]] for _, _, measured in looks])
    reached = np.flatnonzero(course >= 0.9 * course[-1])
    at = float(steps[reached[0]]) if len(reached) else float("nan")
    yield "steps to 90 %", signal, 0.0, world, at, None, "simulation"


def _ends(base: Setting, size: Size) -> Iterator[Raw]:
    """The last alignment of encoders as one number moves."""
    points: dict[str, list[tuple[float, Setting]]] = {
        "labels": [(n, _with(base, answers=n)) for n in size.encoder_axis_answers],
        "classes": [(k, _with(base, classes=k)) for k in size.encoder_axis_classes],
        "dimensions": [(d, _with(base, dims=d)) for d in size.encoder_axis_dims],
        "precision": [(b, _with(base, precision=b)) for b in size.encoder_axis_precision],
        "negatives": [],
    }
    if base.signal == "contrastive 4":
        points["negatives"] = [
            (m, _with(base, signal=f"contrastive {m}")) for m in size.encoder_axis_negatives
        ]
    for axis in AXES:
        for x, setting in points[axis]:
            for world in range(size.encoder_seeds):
                *_, (_, _, last) = _train(setting, size, world, looks=1)
                for name in MEASURES[:2]:
                    panel = f"{name} at the end, by {axis}"
                    yield panel, base.signal, x, world, last[name], None, "simulation"


def _with(base: Setting, **changes: float | str) -> Setting:
    return Setting(**{**base.__dict__, **changes})  # pyright: ignore[reportArgumentType]


def _train(
    setting: Setting, size: Size, world: int, looks: int = 12
) -> Iterator[tuple[int, int, dict[str, float]]]:
    """(step, answers seen, what is measured) at about `looks` steps, evenly in ln(step)."""
    observed = ObservedWorld(setting.classes, setting.dims, seed=world)
    prototypes, others = observed.prototypes(0), observed.prototypes(1)
    z = observed.items(size.encoder_items, 0)
    x = observed.features(z, 0)
    judge = Judge(observed, prototypes, others)
    parts = setting.signals()
    batches: list[Batch] = [
        observed.answers(signal, z, prototypes, setting.answers // len(parts), seed=i)
        for i, signal in enumerate(parts)
    ]
    block = size.encoder_look if looks > 1 else size.encoder_steps
    count = -(-size.encoder_steps // block)
    wanted = {round(n) for n in np.geomspace(1, count, looks)} if looks > 1 else {count}
    found: list[tuple[int, int, dict[str, float]]] = []

    def look(progress: Progress) -> None:
        if -(-progress.step // block) in wanted:
            seen = min(progress.step * BATCH, setting.answers)
            found.append((progress.step, seen, judge(progress)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few answers on purpose: one look each step
        SignalEncoder(
            COMPONENTS, hidden=(64,), steps=size.encoder_steps, batch_size=BATCH,
            evaluate_every=block, patience=None, random_state=world, classes=setting.classes,
        ).fit(batches, features=x, callback=look)  # fmt: skip
    yield from found


#: Dimensions of the encoders, more than those of the worlds, and answers a step.
COMPONENTS, BATCH = 8, 16


class Judge:
    """Measures an encoder on items of `observed` that it never saw: `MEASURES`. `prototypes` are
    those of the classes that were labelled, `others` those of classes that never were."""

    def __init__(self, observed: ObservedWorld, prototypes: np.ndarray, others: np.ndarray) -> None:
        self.z = observed.items(TESTED + PROBED, 1)
        self.x = observed.features(self.z, 1)
        self.shifted = observed.items(TESTED, 2, shift=SHIFT)
        self.x_shifted = observed.features(self.shifted, 2)
        self.own, self.other, self.moved = (
            ((points[:, None] - centres) ** 2).sum(2).argmin(1)
            for points, centres in (
                (self.z, prototypes), (self.z, others), (self.shifted, prototypes)
            )
        )  # fmt: skip

    def __call__(self, progress: Progress) -> dict[str, float]:
        z, moved = progress.transform(self.x), progress.transform(self.x_shifted)
        test, train = slice(0, TESTED), slice(TESTED, None)
        true, own, other = self.z[test], self.own, self.other
        values = (
            distance_alignment(z[test], true),
            distance_alignment(z[test], true, own[test], within=True),
            distance_alignment(z[test], true, own[test], within=False),
            linear_probe(z[train], own[train], z[test], own[test]),
            linear_probe(z[train], other[train], z[test], other[test]),
            few_shots(z[train], other[train], z[test], other[test], SHOTS, seed=0),
            linear_probe(z[train], own[train], moved, self.moved),
            progress.held_out_bits,
            effective_dimension(z[test]),
        )
        return dict(zip(MEASURES, values, strict=True))
