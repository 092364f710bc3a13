"""Write what `labelbits reproduce` computed: one page, one PNG a figure, one table."""

from __future__ import annotations

import importlib.util
import io
import tempfile
import warnings
from pathlib import Path

import plotly.graph_objects as go
import plotly.io
import polars as pl

from labelbits.atomic import write_together
from labelbits.outputs import unwritable
from labelbits.report.blocks import Bullets, Details, Figure, Paragraph, Section, Table
from labelbits.report.page import CITATION
from labelbits.report.reproduce_figures import draw
from labelbits.report.reproduce_looks import LOOKS
from labelbits.report.templating import standing_alone
from labelbits.sweeps.analyses.verdicts import verdicts
from labelbits.version import __version__

PAGE, NUMBERS = "report.html", "numbers.csv"
#: Width of a PNG in pixels before `SCALE`.
WIDTH, SCALE = 1200, 1.5


def write(table: pl.DataFrame, folder: Path) -> list[str]:
    """Write `numbers.csv`, `report.html` and a PNG of every figure.

    Returns what could not be written and what to do about it: PNGs need kaleido and a Chrome.
    Raises `InputError` if the folder cannot be written.
    """
    folder = Path(folder)
    names = table["figure"].unique(maintain_order=True).to_list()
    figures = {name: draw(table, name) for name in names}
    text = io.StringIO()
    table.write_csv(text)
    try:
        write_together(folder, {NUMBERS: text.getvalue(), PAGE: page(table, figures)}, last=NUMBERS)
    except OSError as problem:
        raise unwritable(folder, problem) from None
    return write_pngs(figures, folder)


def write_pngs(figures: dict[str, go.Figure], folder: Path) -> list[str]:
    """One PNG a figure, whole or not at all; returns why there is none."""
    if not has_kaleido():
        return ["no PNG was written: kaleido is missing; install labelbits[png]"]
    pictures = []
    for name, figure in figures.items():
        picture = go.Figure(figure)
        picture.update_layout(
            title={"text": LOOKS[name].title, "x": 0.02}, width=WIDTH, margin_t=100,
            height=figure.layout.height + 60,  # pyright: ignore
            paper_bgcolor="white", plot_bgcolor="white", font={"color": "#30363d"},
        )  # fmt: skip
        pictures.append(picture)
    try:
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix=".png.") as made,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            files = [Path(made) / f"{name}.png" for name in figures]
            plotly.io.write_images(
                pictures, [str(f) for f in files], scale=SCALE, width=WIDTH,
                height=[picture.layout.height for picture in pictures],  # pyright: ignore
            )  # fmt: skip
            for file in files:
                file.replace(folder / file.name)
    except Exception as problem:
        return [f"no PNG was written: {reason(problem)}"]
    return []


def has_kaleido() -> bool:
    """Is the library that draws PNGs installed?"""
    return importlib.util.find_spec("kaleido") is not None


def reason(problem: Exception) -> str:
    """Why kaleido failed, in one line, and what to do."""
    said = " ".join(str(problem).split()) or type(problem).__name__
    if "chrome" in f"{type(problem).__name__} {said}".lower():
        return (
            "kaleido found no Chrome that runs; install Chrome or Chromium, or run "
            "`plotly_get_chrome`, then run the same command again"
        )
    return said[:200]


def page(table: pl.DataFrame, figures: dict[str, go.Figure]) -> str:
    """The page as text; it opens without a network."""
    sections = [
        Section("", [Paragraph(f"Every number, with its standard error, is also in {NUMBERS}.")])
    ]
    for name, figure in figures.items():
        look = LOOKS[name]
        drawing = Figure(figure, name, look.title)
        shown = numbers(table.filter(figure=name))
        judged = [one.line() for one in verdicts(table, name)]
        said = [Bullets(judged)] if judged else []
        sections.append(Section(look.title, [Paragraph(look.caption), drawing, *said, shown]))
    return standing_alone(
        "report.html",
        title="The paper's analyses, simulated anew",
        line="",
        run="",
        sections=sections,
        citation=CITATION,
        about=f"Made with labelbits {__version__}.",
    )


def numbers(rows: pl.DataFrame) -> Details:
    """The figure's numbers as a table that opens on a click."""

    def text(value: float | str | None) -> str:
        if isinstance(value, str):
            return value
        return "" if value is None else f"{value:.4g}"

    columns = ["panel", "signal", "x", "value", "standard_error", "source"]
    head = [name.replace("_", " ") for name in columns]
    body = [[text(value) for value in row] for row in rows.select(columns).iter_rows()]
    return Details(f"{len(rows)} numbers", [Table(head, body)])
