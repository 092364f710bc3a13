"""What `labelbits recover` says of answers that were held out, on a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from labelbits.interface import LEVEL
from labelbits.planning.advice.words import span
from labelbits.recovery.held_out import HeldOutReport, NewItems
from labelbits.recovery.metrics import Score
from labelbits.speech import cell, put


def show_held_out(told: HeldOutReport) -> None:
    """Print agreement with its ceiling, explained bits, alignment, and the learning curve."""
    put("")
    put(f"On answers to questions that were not fitted ({100 * LEVEL:.0f} % intervals):")
    put(f"agreement    {_percent(told.agreement)} of answers are the most probable ones")
    put(f"ceiling      {told.ceiling.words}")
    put(f"bits         {_plain(told.explained_bits)} explained of an answer; 0 is a guess")
    half = told.halves
    put(
        f"alignment    {_plain(half.alignment)}: correlation of the distances with the true ones, "
        f"for a fit to {half.answers:,} answers, from two disjoint halves"
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for name in ("answers", "agreement", "explained bits"):
        table.add_column(cell(name), justify="right", no_wrap=True)
    for point in told.curve:
        row = (f"{point.answers:,}", _percent(point.agreement), _plain(point.explained_bits))
        table.add_row(*map(cell, row))
    Console().print(table)


def show_without_features(plain: HeldOutReport, new: NewItems | None) -> None:
    """Print the same measures of the answers alone, and those of items with features alone."""
    put("Without the features, on the same answers:")
    put(f"agreement    {_percent(plain.agreement)}")
    put(f"bits         {_plain(plain.explained_bits)}")
    put(f"alignment    {_plain(plain.halves.alignment)}")
    if new is not None:
        put("With them, on answers about items that no fitted answer shows:")
        put(f"agreement    {_percent(new.agreement)}")
        put(f"bits         {_plain(new.explained_bits)}")


def _percent(score: Score) -> str:
    return f"{100 * score:.1f} % ({span(score.low, score.high, True)})"


def _plain(score: Score) -> str:
    return f"{score:.3f} ({score.low:.3f} to {score.high:.3f})"
