"""Tables and JSON of the commands `bits` and `bounds`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from labelbits.interface import Estimate, Signal, World


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
    """The options in use, as name=value, for the table."""
    shown = []
    for name in ("precision", "lapse", *signal.options):
        value = getattr(signal, name, None)
        if value is not None:
            shown.append(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}")
    return ", ".join(shown)


def print_bits(rows: Sequence[tuple[Signal, Estimate]], world: World) -> None:
    """One line a signal: bits, error, method, bound, options in use."""
    from rich.console import Console
    from rich.table import Table

    about = rows[0][1].about
    meaning = {
        "geometry": "items and prototypes are both unknown",
        "items": "prototypes are given",
    }[about]
    table = Table(
        title=f"Bits of one answer ({world.classes} classes, {world.dims} dims; about {about}: "
        f"{meaning})"
    )
    for heading in ("signal", "bits", "standard error", "method", "at most", "outcomes"):
        table.add_column(heading, justify="left" if heading in ("signal", "method") else "right")
    table.add_column("options", overflow="fold")
    for signal, estimate in rows:
        table.add_row(
            signal.name,
            f"{estimate.bits:.4f}",
            f"{estimate.standard_error:.1g}" if estimate.standard_error else "0",
            estimate.method,
            f"{estimate.upper_bound:.4g} ({estimate.upper_bound_name})",
            f"{estimate.outcomes:.6g}" if math.isfinite(estimate.outcomes) else "a number",
            settings(signal),
        )
    console = Console()
    console.print(table)
    for signal, estimate in rows:
        for warning in estimate.warnings:
            console.print(f"{signal.name}: {warning}", style="yellow")


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
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"Most bits of noise-free answers ({found['items']} items, {found['classes']} "
        f"classes, {found['dims']} dims)"
    )
    for heading in ("signal", "one answer", "questions", "all questions", "bound", "least error"):
        table.add_column(heading, justify="left" if heading in ("signal", "bound") else "right")
    for row in found["signals"]:
        table.add_row(
            row["signal"],
            f"{row['per_answer']:.4g}",
            f"{row['questions']:,.0f}",
            f"{row['bits']:,.5g}",
            row["bound"],
            f"{row['least_error']:.2g}",
        )
    console = Console()
    console.print(table)
    console.print(
        "Bits throughout. Similarity has no bound without noise and is shown at precision 1. "
        "Least error: mean squared error of a coordinate after alignment, in units of its "
        "variance, that those bits leave at least. Orders in which one point can see "
        f"{found['classes']} fixed prototypes: 2^{found['log2_orderings']:.4f}."
    )
