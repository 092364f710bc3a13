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
