"""What a sweep covers: a grid in TOML, checked, hashed, and cut into tasks of one shape."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from labelbits.answers.files.opening import check_file
from labelbits.errors import InputError

#: Changes whenever the same specification would give other numbers.
FORMAT = 1
#: Worlds solved together, at most, and the memory that one batch may take.
LANES = 32
BATCH_BYTES = 2**30
#: Encoders that one task trains, one after the other: little is lost when it is stopped.
ENCODERS = 4
#: What the columns of the grid are called, in the order by which results are sorted.
COLUMNS = (
    "items", "classes", "dims", "prior", "precision", "lapse", "signal", "answers_per_item",
)  # fmt: skip

Whole = Annotated[int, Field(ge=1)]


class Grid(BaseModel):
    """The values of every axis; a sweep takes each combination.

    With `steps`, encoders are trained on features of the items by gradient descent and looked at
    after each of these numbers of steps (`sweeps.encoders`); without, positions are recovered.
    """

    model_config = ConfigDict(extra="forbid")

    items: list[Whole]
    classes: list[Annotated[int, Field(ge=2)]] = [10]
    dims: list[Whole]
    prior: list[str] = ["normal"]
    precision: list[Annotated[float, Field(gt=0)]] = [1.0]
    lapse: list[Annotated[float, Field(ge=0, lt=1)]] = [0.0]
    signals: list[str]
    answers_per_item: list[Whole]
    steps: list[Whole] = []


class Sweep(BaseModel):
    """A sweep file. `seeds` worlds at every point of the grid; `seed` moves them all."""

    model_config = ConfigDict(extra="forbid")

    seeds: Whole = 20
    seed: int = 0
    metrics: list[str] = ["spearman"]
    grid: Grid

    @model_validator(mode="before")
    @classmethod
    def _metrics_in_grid(cls, data: Any) -> Any:
        # Metrics may stand below [grid], where TOML makes them part of it.
        if isinstance(data, dict) and isinstance(data.get("grid"), dict):
            grid = dict(data["grid"])
            if "metrics" in grid and "metrics" not in data:
                return {**data, "metrics": grid.pop("metrics"), "grid": grid}
        return data

    def hash(self) -> str:
        """SHA-256 of what decides the numbers, 64 hexadecimal digits."""
        said = self.model_dump()
        if not self.grid.steps:  # what is named as before they were an axis keeps its name
            del said["grid"]["steps"]
        text = json.dumps({"format": FORMAT, **said}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Task:
    """One batch: worlds `first_seed` .. of one point of the grid. `largest` answers an item are
    asked for somewhere in the sweep, so that points share a compiled program."""

    items: int
    classes: int
    dims: int
    prior: str
    precision: float
    lapse: float
    signal: str
    answers_per_item: int
    first_seed: int
    seeds: int
    seed: int
    metrics: tuple[str, ...]
    largest: int
    steps: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Name of its part file."""
        said = asdict(self)
        if not self.steps:
            del said["steps"]
        text = json.dumps(said, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @property
    def cells(self) -> int:
        """Worlds in the task."""
        return self.seeds

    @property
    def rows(self) -> int:
        """Rows of its table: one a world and metric, and number of steps."""
        return self.seeds * len(self.metrics) * max(1, len(self.steps))

    def where(self) -> str:
        """The point of the grid in words."""
        return (
            f"{self.signal}, items {self.items}, classes {self.classes}, dims {self.dims}, "
            f"answers_per_item {self.answers_per_item}"
        )


def read_sweep(path: Path) -> Sweep:
    """Read and check a sweep file. Raises `InputError` with the file and the key."""
    check_file(Path(path), "a sweep file in TOML")
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as problem:
        raise InputError(f"{path}: not a TOML file ({problem})") from None
    return parse_sweep(data, str(path))


def parse_sweep(data: dict[str, Any], source: str = "sweep") -> Sweep:
    """Check a parsed sweep file."""
    from labelbits.worlds import World

    try:
        sweep = Sweep.model_validate(data)
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        found = "" if first["type"] == "missing" else f", found {first['input']!r}"
        known = ", ".join([*Sweep.model_fields, *(f"grid.{name}" for name in Grid.model_fields)])
        hint = f"; known keys: {known}" if first["type"] == "extra_forbidden" else ""
        raise InputError(f"{source}: {key}: {first['msg'].lower()}{found}{hint}") from None
    known = metrics_of(sweep)
    for name, values in [*sweep.grid, ("metrics", sweep.metrics)]:
        if not values and name != "steps":
            raise InputError(
                f"{source}: {name} is an empty list, so the grid is empty; expected at least one "
                "value"
            )
        if len(set(values)) < len(values):
            raise InputError(f"{source}: {name} = {values} holds a value twice; expected each once")
    for metric in sweep.metrics:
        if metric not in known:
            of = " of encoders (grid.steps)" if sweep.grid.steps else ""
            raise InputError(
                f"{source}: unknown metric {metric!r}{of}; expected: {', '.join(known)}"
            )
    grid = sweep.grid
    for prior in grid.prior:
        if prior == "empirical":
            raise InputError(f"{source}: prior 'empirical' needs features, which a sweep has not")
        World(prior=prior)  # type: ignore[arg-type]
        if grid.steps and prior != "normal":
            raise InputError(
                f"{source}: prior {prior!r} with grid.steps; expected 'normal', the prior of the "
                "worlds that encoders see through features"
            )
    for name, dims, classes, items in itertools.product(
        grid.signals, grid.dims, grid.classes, grid.items
    ):
        for signal in make_signals(name, dims, classes, 1.0, 0.0):
            signal.width(classes)
            if signal.arity > items:
                raise InputError(
                    f"{source}: {signal.name} shows {signal.arity} items and items holds {items}"
                )
    if "bits" in sweep.metrics:
        if any(map(math.isinf, grid.precision)):
            raise InputError(
                f"{source}: metric 'bits' needs a finite precision (noise-free answers have no "
                "Fisher information); leave out one of them"
            )
        for name, dims, items in itertools.product(grid.signals, grid.dims, grid.items):
            _check_bits(name, dims, max(grid.classes), items, source)
    return sweep


def metrics_of(sweep: Sweep) -> tuple[str, ...]:
    """The metrics that the sweep may name."""
    if sweep.grid.steps:
        from labelbits.sweeps.analyses.dynamics import MEASURES

        return MEASURES
    from labelbits.simulation.simulate import METRICS

    return (*METRICS, "bits")


def _check_bits(name: str, dims: int, classes: int, items: int, source: str) -> None:
    """Raise `InputError` where the metric "bits" of comparisons would need too large a matrix."""
    from labelbits.information.fisher import MOST_COORDINATES

    parts = make_signals(name, dims, classes, 1.0, 0.0)
    if all(s.uses_classes and s.arity == 1 for s in parts):
        return
    points = items + (classes if any(s.uses_classes for s in parts) else 0)
    if points * dims > MOST_COORDINATES:
        raise InputError(
            f"{source}: metric 'bits' of {name} with items {items} and dims {dims} has "
            f"{points * dims:,} coordinates; expected at most {MOST_COORDINATES:,}: use fewer "
            "items or leave the metric out"
        )


def make_signals(name: str, dims: int, classes: int, precision: float, lapse: float) -> list[Any]:
    """The signals that "hard+triplet" names, each with this noise."""
    from labelbits import signals

    return [
        signals.make(part.strip(), dims, classes, precision=precision, lapse=lapse)
        for part in name.split("+")
    ]


def lane_bytes(task: Task) -> int:
    """Memory that one world of the task takes, in bytes, about."""
    return _lane_bytes(
        task.signal, task.items, task.classes, task.dims, task.largest, task.lapse == 0
    )


@cache
def _lane_bytes(names: str, items: int, classes: int, dims: int, largest: int, sober: bool) -> int:
    from labelbits.signals.soft import Soft
    from labelbits.simulation.pooling import pool_of
    from labelbits.simulation.solver import EXTRA, MEMORY

    total = 0
    points = items + classes
    for signal in make_signals(names, dims, classes, 1.0, 0.0 if sober else 0.5):
        width = signal.width(classes)
        if pool_of(signal) is not None:
            kept = items * classes * (signal.grid if isinstance(signal, Soft) else 1)
        else:
            permutations = 2 if signal.arity > 1 else 0
            kept = 4 * largest * items * (width + permutations)
        reads = classes * signal.arity if signal.uses_classes else signal.arity
        total += 4 * (kept + 12 * max(256, items) * (reads + signal.arity * dims))
    return total + 4 * (2 * MEMORY + 10) * points * (dims + EXTRA)


def bits_bytes(task: Task) -> int:
    """Memory that the metric "bits" takes, in bytes, about: class signals need an information
    matrix of items by prototypes, comparisons a dense one of all coordinates and its factor."""
    if "bits" not in task.metrics:
        return 0
    parts = make_signals(task.signal, task.dims, task.classes, 1.0, 0.0)
    coordinates = task.items * task.dims
    borders = task.classes * task.dims if any(s.uses_classes for s in parts) else 0
    if all(s.uses_classes and s.arity == 1 for s in parts):
        return 8 * (2 * coordinates * (task.dims + borders) + 2 * borders**2)
    return 2 * 8 * (coordinates + borders) ** 2


def tasks_of(sweep: Sweep) -> list[Task]:
    """The sweep as batches, points of one shape next to each other.

    How many worlds a batch holds depends on the specification alone, so that the same numbers
    come out wherever and however often the sweep is stopped.
    """
    grid, tasks = sweep.grid, []
    largest = max(grid.answers_per_item)
    for items, classes, dims, prior, signal, lapse, precision, answers in itertools.product(
        grid.items, grid.classes, grid.dims, grid.prior, grid.signals, grid.lapse,
        grid.precision, grid.answers_per_item,
    ):  # fmt: skip
        whole = Task(
            items, classes, dims, prior, precision, lapse, signal, answers, 0, sweep.seeds,
            sweep.seed, tuple(sweep.metrics), largest, tuple(sorted(grid.steps)),
        )  # fmt: skip
        lanes = min(sweep.seeds, ENCODERS)
        if not grid.steps:
            lanes = max(1, min(sweep.seeds, LANES, BATCH_BYTES // lane_bytes(whole)))
        for first in range(0, sweep.seeds, lanes):
            count = min(lanes, sweep.seeds - first)
            tasks.append(replace(whole, first_seed=first, seeds=count))
    return tasks


def check_memory(tasks: Sequence[Task], workers: int, available: int) -> None:
    """Raise `InputError` before anything starts if a batch does not fit into memory."""
    each = available / workers
    for task in tasks:
        need = lane_bytes(task) * task.seeds + bits_bytes(task)
        if need > each:
            raise InputError(
                f"the cell {task.where()} needs about {need / 2**30:.3g} GiB; "
                f"{each / 2**30:.3g} GiB are free for each of {workers} workers: "
                "use fewer items, fewer answers, or fewer workers"
            )
