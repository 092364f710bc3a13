"""What a pilot says, as sections of a page: the lines that `pilot` prints, and figures."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import polars as pl

from labelbits.annotators.beside_models import BesideModel
from labelbits.annotators.noise.maximum import UNLIKE
from labelbits.answers.formats.language_models import MODEL
from labelbits.answers.table.people import NOT_KNOWN, many
from labelbits.interface import LEVEL
from labelbits.report.blocks import (
    Block,
    Bullets,
    Cards,
    Details,
    Figure,
    Paragraph,
    Section,
    Table,
)
from labelbits.report.figures import INK, colour, label, layout, log_ticks
from labelbits.report.pilot import Part, parts

if TYPE_CHECKING:
    from labelbits.annotators.pilot import Pilot

#: Bars of the figure of times.
BARS = 30
#: Annotators that a table shows.
MOST_ROWS = 200
WARNING = "#D55E00"
#: Share of the axis below which the names of two lines would overlap.
CLOSE = 0.08


def pilot_sections(pilot: Pilot, said: Collection[str] = ()) -> list[Section]:
    """A section a kind of question, then the notes that were not `said` at their file."""
    made = [_section(pilot, part, number) for number, part in enumerate(parts(pilot))]
    notes = [note for note in pilot.calibration.notes if note not in said]
    return [*made, Section("How they were read together", [Bullets(notes)])] if notes else made


def _time(seconds: float) -> str:
    """Seconds in the unit that reads best."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


def _section(pilot: Pilot, part: Part, number: int) -> Section:
    found = part.found
    cards = [(f"{found.answers:,}", "answers"), (f"{found.items:,}", "items")]
    if not part.model and found.votes is None:
        people = found.annotators
        cards.append(("?", NOT_KNOWN) if people is None else (f"{people:,}", "annotators"))
    if found.seconds is not None:
        cards.append((_time(found.seconds.median), "median time of an answer"))
    if (same := found.agreement) is not None and same.between is not None:
        percent = same.measure == "same answer"
        value = same.between.value
        shown = f"{100 * value:.0f} %" if percent else f"{value:.2f}"
        named = "pairs that agree" if percent else same.measure
        cards.append((shown, named))
    if found.confusion is not None:
        right = found.confusion.accuracy.value
        cards.append((f"{100 * right:.0f} %", f"right against {found.confusion.against}"))
    lines = [[name, text] for name, text in part.lines]
    blocks: list[Block] = [Paragraph(f"{part.given}."), Cards(cards)]
    blocks += _figures(pilot, part, number)
    if found.flagged:
        rows = [[one.annotator, "; ".join(one.evidence)] for one in found.flagged[:MOST_ROWS]]
        blocks += [
            Paragraph(
                f"{many(len(found.flagged), 'annotator')} flagged: reasons to look, no verdict."
            ),
            Table(["annotator", "what the answers show"], rows, "words"),
        ]
    brackets = f"In brackets: {100 * LEVEL:.0f} % intervals."
    inside: list[Block] = [Table(["what", "found"], lines, "words"), Paragraph(brackets)]
    blocks.append(Details("Everything that these answers tell", inside))
    title = f"{part.name} by the model {part.model}" if part.model else part.name
    return Section(title, blocks, "pilot")


def _figures(pilot: Pilot, part: Part, number: int) -> list[Block]:
    drawn: list[Block] = []
    times = _times(pilot, part)
    if times is not None:
        drawn.append(Figure(times, f"times-{number}", f"how long answers to {part.name} took"))
    measures = _measures(part)
    if measures is not None:
        name = f"agreement, accuracy and random answers of {part.name}, with intervals"
        drawn.append(Figure(measures, f"measures-{number}", name))
    for one in pilot.beside_models:
        if (one.model, one.signal) == (part.model, part.name):
            said = f"{len(one.people)} people beside the model {one.model}"
            drawn.append(Figure(_beside(one), f"beside-{number}", said))
    return drawn


def _times(pilot: Pilot, part: Part) -> go.Figure | None:
    """A histogram of the times that count, on a logarithmic axis."""
    fit, table = part.found.seconds, pilot.answers.table
    if fit is None or "seconds" not in table.columns:
        return None
    mine = pl.col("signal") == part.name
    if "annotator_kind" in table.columns:
        is_model = pl.col("annotator_kind").eq_missing(MODEL)
        mine &= is_model & (pl.col("annotator") == part.model) if part.model else ~is_model
    seconds = table.filter(mine)["seconds"].drop_nulls().to_numpy()
    seconds = seconds[(seconds > 0) & (seconds <= fit.longest)]
    if len(seconds) < 5 or seconds.min() == seconds.max():
        return None
    edges = np.geomspace(seconds.min(), seconds.max(), min(BARS, 5 + len(seconds) // 5) + 1)
    counts, _ = np.histogram(seconds, edges)
    drawing = go.Figure(
        go.Bar(
            x=np.sqrt(edges[1:] * edges[:-1]), y=counts, width=np.diff(edges),
            marker={"color": colour(0)}, showlegend=False,
            hovertemplate="about %{x:.3g} s: %{y} answers<extra></extra>",
        )
    )  # fmt: skip
    layout(drawing, "seconds for an answer (log scale)", "answers", 260)
    ticks = log_ticks(float(edges[0]), float(edges[-1]))
    drawing.update_layout(xaxis={"type": "log", **ticks})
    close = abs(np.log(fit.mean / fit.median)) < CLOSE * np.log(edges[-1] / edges[0])
    named = [(fit.median, "median", "right"), (fit.mean, "mean, which is paid", "left")]
    if close:  # two names would stand on each other
        named = [(fit.median, "", "right"), (fit.mean, "median, mean", "center")]
    for value, name, side in named:
        drawing.add_vline(x=value, line={"color": INK, "width": 1.5, "dash": "dot"})
        drawing.add_annotation(
            x=np.log10(value), y=1, yref="paper", text=name, showarrow=False, xanchor=side,
            yanchor="bottom",
        )  # fmt: skip
    return drawing


def _measures(part: Part) -> go.Figure | None:
    """Shares with their intervals: agreement, accuracy, random answers."""
    found, rows = part.found, []
    if (same := found.agreement) is not None:
        named = {"same answer": "pairs that agree", "correlation": "correlation of annotators",
                 "total variation": "total variation (0: equal)"}[same.measure]  # fmt: skip
        rows.append((f"{named}, between people", same.between))
        rows.append((f"{named}, same person again", same.repeat))
        rows.append(("Krippendorff's alpha", same.alpha))
    if found.confusion is not None:
        rows.append((f"right against {found.confusion.against}", found.confusion.accuracy))
    if found.noise is not None and found.noise.assumes in ("", UNLIKE):
        rows.append(("answers at random", found.noise.lapse))
    rows = [(name, value) for name, value in rows if value is not None]
    if not rows:
        return None
    drawing = go.Figure(
        go.Scatter(
            x=[v.value for _, v in rows], y=[label(name) for name, _ in rows], mode="markers",
            marker={"color": colour(0), "size": 11}, showlegend=False,
            error_x={
                "type": "data", "symmetric": False, "color": colour(0), "thickness": 2, "width": 6,
                "array": [v.high - v.value for _, v in rows],
                "arrayminus": [v.value - v.low for _, v in rows],
            },
            customdata=[[v.low, v.high] for _, v in rows],
            hovertemplate="%{x:.3g} (%{customdata[0]:.3g} to %{customdata[1]:.3g})<extra></extra>",
        )
    )  # fmt: skip
    layout(drawing, f"share ({100 * LEVEL:.0f} % intervals)", "", 110 + 34 * len(rows))
    low = min(0.0, *(end for _, v in rows for end in (v.value, v.low)))
    drawing.update_xaxes(range=[low - 0.04 * (1 - low), 1.02])
    drawing.update_yaxes(autorange="reversed", ticks="")
    return drawing


def _beside(one: BesideModel) -> go.Figure:
    """A dot a person: her score against the others, and the model's on the same items."""
    drawing = go.Figure()
    for beaten in (True, False):
        people = [p for p in one.people if p.beaten is beaten]
        if not people:
            continue
        drawing.add_trace(
            go.Scatter(
                x=[p.person for p in people], y=[p.model for p in people], mode="markers",
                name="the model may stand in" if beaten else "not shown",
                marker={"color": colour(2) if beaten else WARNING, "size": 10,
                        "symbol": "circle" if beaten else "x"},
                text=[label(p.annotator) for p in people],
                hovertemplate="<b>%{text}</b>: person %{x:.3f}, model %{y:.3f}<extra></extra>",
            )
        )  # fmt: skip
    values = [v for p in one.people for v in (p.person, p.model)]
    ends = [min(values), max(values)]
    drawing.add_trace(
        go.Scatter(x=ends, y=ends, mode="lines", name="as good", hoverinfo="skip",
                   line={"color": INK, "width": 1, "dash": "dot"})
    )  # fmt: skip
    return layout(drawing, f"score of the person ({one.score})", "score of the model", 340)
