"""What `labelbits recover` says of a fit, and of answers that were held out, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from labelbits.annotators.recovering import Recovered
from labelbits.interface import LEVEL
from labelbits.planning.shown import span
from labelbits.recovery.held_out import HeldOutReport, NewItems
from labelbits.recovery.metrics import Score
from labelbits.report.noise import noise_lines
from labelbits.speech import cell, put


def show_recovered(result: Mapping[str, Any], found: Recovered) -> None:
    """Print the numbers of a fit, and the noise in the lines that `pilot` prints."""
    for name, value in result.items():
        if name == "lapse":
            _show_noise(found)
        elif name != "precision":
            said = "not defined for these answers" if value is None else value
            put(f"{name:12} {f'{value:.4g}' if isinstance(value, float) else said}")


def _show_noise(found: Recovered) -> None:
    """The noise of each kind of answer, with what it is where no calibration can tell it."""
    for name, one in found.noise.items():
        of_kind = f"{name}: " if len(found.noise) > 1 else ""
        for label, text in noise_lines(one):
            put(f"{label:12} {of_kind if label else ''}{text}")
        if found.of_fit(name):
            lapse, precision = (
                value[name] if isinstance(value, dict) else value
                for value in (found.lapse, found.precision)
            )
            put(f"{'':12} the fit itself took precision {precision:.3g} and lapse {lapse:.3g}")
    if any(one.noise is not None for one in found.noise.values()):
        put(f"{'':12} in brackets: {100 * LEVEL:.0f} % intervals, as pilot and plans have them")


def show_held_out(told: HeldOutReport) -> None:
    """Print agreement with its ceiling, explained bits, alignment, and the learning curve."""
    put("")
    put(f"On answers to questions that were not fitted ({100 * LEVEL:.0f} % intervals):")
    if isnan(told.agreement):
        put("agreement    not defined for numbers, of which none is the most probable answer")
    else:
        put(f"agreement    {_percent(told.agreement)} of answers are the most probable ones")
        put(f"ceiling      {told.ceiling.words}")
    if not isnan(told.explained_bits):
        put(f"bits         {_plain(told.explained_bits)} explained of an answer; 0 is a guess")
    half = told.halves
    put(
        f"alignment    {_plain(half.alignment)}: correlation of the distances with the true ones, "
        f"for a fit to {half.answers:,} answers, from two disjoint halves"
    )
    if isnan(told.agreement):
        return
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
