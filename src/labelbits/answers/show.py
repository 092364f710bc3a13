"""What `labelbits pilot` prints for people: a block a signal that fits a narrow terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from labelbits.answers.calibration import SignalCalibration
from labelbits.answers.intervals import Interval

if TYPE_CHECKING:
    from labelbits.answers.pilot import Pilot

#: Flagged annotators and rejected rows printed; `--json` and `--out` have all of them.
SHOWN = 5


def show_pilot(pilot: Pilot, console: Console | None = None) -> None:
    """Print the summary."""
    console = console or Console()
    blocks = [(name, found, "") for name, found in pilot.calibration.signals.items()]
    for model, signals in pilot.calibration.models.items():
        blocks += [(name, found, model) for name, found in signals.items()]
    for name, found, model in blocks:
        who = f"the model {model}" if model else _many(found.annotators, "annotator")
        console.print(
            f"[bold]{name}[/bold]: {_many(found.answers, 'answer')} of {who} about "
            f"{_many(found.items, 'item')}",
            highlight=False,
        )
        grid = Table.grid(padding=(0, 1))
        grid.add_column(min_width=12, no_wrap=True)
        grid.add_column(overflow="fold")
        for label, text in _lines(found, None if model else pilot.prices.get(name)):
            grid.add_row("  " + label, text.replace("[", r"\["))
        console.print(grid, highlight=False)
    _show_dropped(pilot, console)
    for note in pilot.calibration.notes:
        console.print(f"note: {note}", markup=False, highlight=False)
    if pilot.written:
        console.print(f"canonical table: {pilot.written}", markup=False, highlight=False)


def _lines(found: SignalCalibration, price: float | None) -> Iterator[tuple[str, str]]:
    """(label, text) of everything that the pilot can tell."""
    if (time := found.seconds) is not None:
        left = f"; {time.dropped} dropped as too long" if time.dropped else ""
        left += f"; {time.too_short} too short for the fit" if time.too_short else ""
        yield (
            "seconds",
            f"median {time.median:.3g}, mean {time.mean:.3g}, 10 to 90 % {time.p10:.3g} to "
            f"{time.p90:.3g}{left}",
        )
        if time.learning is not None:
            yield "learning", f"x {_short(time.learning)} for each doubling of answers so far"
    if (confusion := found.confusion) is not None:
        yield "right", f"{_percent(confusion.accuracy)} against {confusion.against}"
    if (same := found.agreement) is not None:
        if same.between is not None:
            alpha = "" if same.alpha is None else f"; Krippendorff's alpha {_short(same.alpha)}"
            yield "agreement", f"{same.measure} {_short(same.between)}{alpha}"
        if same.repeat is not None:
            yield "repeats", f"{same.measure} {_short(same.repeat)}, {same.pairs_repeat} pairs"
    if (noise := found.noise) is not None:
        where = f"{noise.dims} dimension{'s' * (noise.dims != 1)}, from {noise.source}"
        yield "lapse", _percent(noise.lapse)
        yield "precision", f"{_short(noise.precision)} in {where}"
    else:
        yield "noise", "these answers cannot tell: repeat questions, or give --gold"
    paid = found.price if price is None else price
    if paid is not None:
        yield "price", f"{paid:.4g} for one answer" + ("" if price is None else " at this wage")
    for worth in (*found.worth[:1], *found.worth[1:][-1:]):
        near = ", ".join(f"{_short(one)} by {name}" for name, one in worth.hard.items())
        yield "worth", f"{worth.soft} of these: {near} hard labels"
    if found.flagged:
        yield "flagged", f"{_many(len(found.flagged), 'annotator')}: reasons to look, no verdict"
        for record in found.flagged[:SHOWN]:
            yield "", f"{record.annotator}: {'; '.join(record.evidence)}"


def _show_dropped(pilot: Pilot, console: Console) -> None:
    dropped, rejected = pilot.calibration.dropped, pilot.answers.rejected
    if not dropped or rejected is None:
        return
    console.print(f"[bold]left out[/bold]: {_many(sum(dropped.values()), 'row')}", highlight=False)
    for reason, count in dropped.items():
        console.print(f"  {count:,}: {reason}", markup=False, highlight=False)
    for row in rejected.head(SHOWN).iter_rows(named=True):
        found = row["found"] or "nothing"
        console.print(
            f"  {row['file']}, row {row['row']}: {row['reason']}; found {found}",
            markup=False,
            highlight=False,
        )


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _short(value: Interval) -> str:
    return f"{value.value:.3g} [{value.low:.3g}, {value.high:.3g}]"


def _percent(value: Interval) -> str:
    return f"{value.value:.1%} [{value.low:.1%}, {value.high:.1%}]"
