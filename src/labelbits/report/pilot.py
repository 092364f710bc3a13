"""What `labelbits pilot` prints for people: a block a signal that fits a narrow terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from labelbits.annotators.calibrated import SignalCalibration
from labelbits.answers.table.left_out import reasons
from labelbits.answers.table.people import many, said_given
from labelbits.interface import LEVEL
from labelbits.quantity import Quantity
from labelbits.report.beside_models import lines_beside
from labelbits.report.digits import percent, short, three
from labelbits.report.noise import noise_lines
from labelbits.speech import cell, say

if TYPE_CHECKING:
    from labelbits.annotators.pilot import Pilot

#: What `Agreement.measure` is called in a line of its own.
MEASURES = {
    "same answer": "the same answer in {} of pairs",
    "total variation": "total variation {} (0: equal, 1: nothing in common)",
    "correlation": "correlation {}",
}
#: Flagged annotators printed; `--json` has all of them.
SHOWN = 5


def show_pilot(pilot: Pilot, console: Console | None = None) -> None:
    """Print the summary."""
    console = console or Console()
    for file, name in zip(pilot.files, pilot.formats, strict=False):
        say(console, f"{file}: read as {name}")
    found = parts(pilot)
    for part in found:
        console.print(_headed(part.name, part.given))
        grid = Table.grid(padding=(0, 1))
        grid.add_column(min_width=14, no_wrap=True)
        grid.add_column(overflow="fold")
        for label, text in part.lines:
            grid.add_row(cell(f"  {label}"), cell(text))
        console.print(grid)
    if found:
        say(console, f"in brackets: {100 * LEVEL:.0f} % intervals", "dim")
    _show_dropped(pilot, console)
    for note in pilot.calibration.notes:
        say(console, f"note: {note}")
    if pilot.written:
        say(console, f"canonical table: {pilot.written}")


@dataclass(frozen=True)
class Part:
    """What the pilot says of one kind of question, asked of people or of one `model`.

    `given` says how many answers of whom about what; `lines` are (label, text) of all that is told.
    """

    name: str
    model: str
    given: str
    lines: tuple[tuple[str, str], ...]
    found: SignalCalibration


def parts(pilot: Pilot) -> list[Part]:
    """Every kind of question of the pilot, people first; the same words on paper and on a page."""
    blocks = [(name, found, "") for name, found in pilot.calibration.signals.items()]
    for model, signals in pilot.calibration.models.items():
        blocks += [(name, found, model) for name, found in signals.items()]
    beside = {(one.model, one.signal): one for one in pilot.beside_models}
    made = []
    for name, found, model in blocks:
        answers, items = many(found.answers, "answer"), many(found.items, "item")
        given = said_given(answers, found.annotators, items)
        if found.comparisons is not None:
            answers += f" ({found.comparisons:,} comparisons of two, with all pairs of each order)"
            given = said_given(answers, found.annotators, items)
        if model:
            given = f"{answers} of the model {model} about {items}"
        if found.votes is not None:  # a table of counts does not say who voted
            given = f"{many(found.votes, 'vote')} about {items}"
        lines = list(_lines(found, None if model else pilot.prices.get(name)))
        if (compared := beside.get((model, name))) is not None:
            lines += [line for line in lines_beside(compared) if line[1]]
        made.append(Part(name, model, given, tuple(lines), found))
    return made


def _lines(found: SignalCalibration, price: float | None) -> Iterator[tuple[str, str]]:
    """(label, text) of everything that the pilot can tell."""
    if (time := found.seconds) is not None:
        left = f"; {time.dropped} dropped as too long" if time.dropped else ""
        left += f"; {time.too_short} too short for the fit" if time.too_short else ""
        yield (
            "seconds",
            f"median {three(time.median)}, mean {three(time.mean)}, 10 to 90 % of answers "
            f"{three(time.p10)} to {three(time.p90)}{left}",
        )
        if time.learning is not None:
            yield "learning", learning_sentence(time.learning)
    if (confusion := found.confusion) is not None:
        yield "right", f"{percent(confusion.accuracy)} against {confusion.against}"
        if (pair := confusion.pair) is not None:
            one, other, share = pair
            yield (
                "mistakes",
                f"{percent(share)} of them are {one} and {other} taken for each other: precision "
                "and bits are those of an average pair of classes",
            )
    if (same := found.agreement) is not None:
        if same.between is not None:
            alpha = ""
            if same.alpha is not None:
                alpha = (
                    f"; Krippendorff's alpha {short(same.alpha)} (1: always agree, 0: by chance)"
                )
            elif same.measure == "same answer":
                alpha = "; Krippendorff's alpha is undefined, as all these answers are the same"
            yield "between people", f"{_alike(same.measure, same.between)}{alpha}"
        if same.repeat is not None:
            pairs = many(same.pairs_repeat, "pair")
            yield "same person", f"asked again: {_alike(same.measure, same.repeat)}; {pairs}"
            if same.between is None and found.annotators == 1 and found.model is None:
                yield "", "were they several people? Then give each an own name as annotator"
    yield from noise_lines(found)
    paid = found.price if price is None else price
    if paid is not None:
        yield "price", f"{paid:.4g} for one answer" + ("" if price is None else " at this wage")
    for worth in (*found.worth[:1], *found.worth[1:][-1:]):
        near = "; ".join(f"{_ends(one)} by {name}" for name, one in worth.hard.items())
        these = "one answer is" if worth.soft == 1 else f"{worth.soft} answers are"
        yield "worth", f"{these} worth this many hard labels: {near}"
    if found.flagged:
        yield "flagged", f"{many(len(found.flagged), 'annotator')}: reasons to look, no verdict"
        for record in found.flagged[:SHOWN]:
            yield "", f"{record.annotator}: {'; '.join(record.evidence)}"


def _show_dropped(pilot: Pilot, console: Console) -> None:
    dropped = pilot.calibration.dropped
    if not dropped:
        return
    rows = many(sum(dropped.values()), "row")
    console.print(_headed("left out", f"{rows} (counted from 1, without headings)"))
    for reason in reasons(pilot.answers):
        say(console, f"  {reason}")


def learning_sentence(factor: Quantity) -> str:
    """What practice does to the time of an answer: `factor` whenever an annotator's answers
    double."""
    times = f"time x {_ends(factor)} whenever an annotator's answers double"
    if factor.low <= 1 <= factor.high:
        return f"no change with practice that the answers show ({times})"
    return f"{'faster' if factor.high < 1 else 'slower'} with practice ({times})"


def _ends(value: Quantity) -> str:
    """A number and its interval where brackets stand already."""
    return f"{three(value.value)}, {three(value.low)} to {three(value.high)}"


def _headed(head: str, text: str) -> Text:
    """A line whose head is bold."""
    return Text.assemble(cell(head, "bold"), ": ", cell(text))


def _alike(measure: str, value: Quantity) -> str:
    """How alike answers are, in words; shares as percentages."""
    number = percent(value) if measure == "same answer" else short(value)
    return MEASURES[measure].format(number)
