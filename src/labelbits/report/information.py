"""Tables and JSON of the commands `bits` and `bounds`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from labelbits.interface import Estimate, Signal, World
from labelbits.speech import cell, say


def bits_json(signal: Signal, estimate: Estimate) -> dict[str, Any]:
    """What `labelbits bits --json` prints."""
    return {
        "signal": signal.name,
        "bits": estimate.bits,
        "standard_error": estimate.standard_error,
        "method": estimate.method,
        "about": estimate.about,
        "upper_bound": estimate.upper_bound,
        "outcomes": estimate.outcomes,
    }


def settings(signal: Signal) -> str:
    """The signal's own options in use, as name=value."""
    shown = []
    for name in signal.options:
        value = getattr(signal, name, None)
        if value is not None:
            numbers = np.ndim(value) > 0
            short = isinstance(value, float) and not numbers
            text = ", ".join(f"{v:.3g}" for v in np.ravel(value)) if numbers else f"{value}"
            text = f"{value:.4g}" if short else text
            shown.append(f"{name}={text}")
    return ", ".join(shown)


def _table(left: Sequence[str], right: Sequence[str]) -> Table:
    """A plain table that keeps whole words at 80 columns: the first column is text, those in
    `right` are numbers, what follows is text again."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(left[0], no_wrap=True)
    for heading in right:
        table.add_column(heading, justify="right")
    for heading in left[1:]:
        table.add_column(heading)
    return table


def _print_names(what: str, named: Sequence[tuple[str, str]]) -> None:
    """Which bound holds for which signals, a line a bound."""
    signals: dict[str, list[str]] = {}
    for name, signal in named:
        signals.setdefault(name, []).append(signal)
    for name, those in signals.items():
        whose = f" ({', '.join(those)})" if len(signals) > 1 else ""
        say(Console(), f"{what}: {name}{whose}.")


def print_bits(
    rows: Sequence[tuple[Signal, Estimate]], world: World, precision: float | None = None
) -> None:
    """One line a signal: bits, error, bound, outcomes, method; then the options in use."""
    first, about = rows[0][0], rows[0][1].about
    meaning = {
        "geometry": "items and prototypes both unknown",
        "items": "prototypes given",
    }[about]
    console = Console()
    say(
        console,
        f"Bits of one answer about {about}: {meaning}. {world.classes} classes, {world.dims} dims, "
        f"precision {precision or first.precision:g}, lapse {first.lapse:g}.",
        "bold",
    )
    headings = ("bits", "standard error", "at most", "outcomes")
    table = _table(("signal", "method"), headings)
    for signal, estimate in rows:
        table.add_row(
            cell(signal.name),
            f"{estimate.bits:.4f}",
            f"{estimate.standard_error:.1g}" if estimate.standard_error else "0",
            f"{estimate.upper_bound:.4g}",
            f"{estimate.outcomes:.6g}" if math.isfinite(estimate.outcomes) else "a number",
            estimate.method,
        )
    console.print(table)
    _print_names("At most", [(one.upper_bound_name, signal.name) for signal, one in rows])
    for signal, estimate in rows:
        if options := settings(signal):
            say(console, f"{signal.name}: {options}", "dim")
        for warning in estimate.warnings:
            say(console, f"{signal.name}: {warning}", "yellow")


def print_assumed(
    precision: float,
    assumed: Mapping[str, Sequence[str]],
    others: Sequence[tuple[str, str, Estimate]],
) -> None:
    """What makes signals comparable: the annotator, what was assumed of each signal, and its bits
    where that is assumed otherwise."""
    console = Console()
    say(
        console,
        f"All rows are the same annotator, who perceives each squared distance with an error of "
        f"standard deviation {math.pi / math.sqrt(6) / precision:.3g} (precision {precision:g}). "
        "Each channel follows from that, but for what is assumed here:",
    )
    for name, lines in assumed.items():
        if lines:
            say(console, f"{name}: {'; '.join(lines)}.")
    for name, label, estimate in others:
        say(
            console,
            f"{name}: {estimate.bits:.4f} +- {estimate.standard_error:.1g} bits with {label}.",
        )


def bounds_json(world: World) -> dict[str, Any]:
    """What `labelbits bounds --json` prints: for each signal all bounds in bits on one answer and
    on one answer to every question, the smallest named; the error those bits leave at least."""
    from labelbits import information, signals

    rows = []
    for bound in information.bounds(world):
        noise = 1.0 if bound.signal == "similarity" else math.inf
        signal = signals.make(bound.signal, world.dims, world.classes, precision=noise)
        one, name = information.answer_bound(signal, world, "geometry")
        rows.append(
            {
                "signal": bound.signal,
                "per_answer": one,
                "per_answer_bound": name,
                "questions": bound.answers,
                "bits": bound.bits,
                "bound": bound.name,
                "every": bound.every,
                "least_error": information.error_limit(bound.bits, world.items, world.dims)
                / (world.items * world.dims),
            }
        )
    return {
        "items": world.items,
        "classes": world.classes,
        "dims": world.dims,
        "log2_orderings": information.log2_orderings(world.classes, world.dims),
        "signals": rows,
    }


def print_bounds(found: dict[str, Any]) -> None:
    """One line a signal."""
    console = Console()
    say(
        console,
        f"Most bits of noise-free answers: {found['items']:,} items, {found['classes']:,} classes, "
        f"{found['dims']} dims.",
        "bold",
    )
    headings = ("one answer", "questions", "all questions", "least error")
    table = _table(("signal",), headings)
    for row in found["signals"]:
        table.add_row(
            cell(row["signal"]),
            f"{row['per_answer']:.4g}",
            f"{row['questions']:,.0f}" if row["questions"] < 1e10 else f"{row['questions']:.3g}",
            f"{row['bits']:,.5g}",
            f"{row['least_error']:.2g}",
        )
    console.print(table)
    _print_names(
        "Bound on all questions", [(row["bound"], row["signal"]) for row in found["signals"]]
    )
    say(
        console,
        "Bits throughout. Similarity has no bound without noise and is shown at precision 1. "
        "Least error: mean squared error of a coordinate after alignment, in units of its "
        "variance, that no learner can fall below; with few items and many bits none comes near "
        "it. Orders in which one point can see "
        f"{found['classes']} fixed prototypes: 2^{found['log2_orderings']:.4f}.",
    )
