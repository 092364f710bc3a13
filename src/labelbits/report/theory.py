"""What theory says at one setting, at once: bits of every signal, what it may cost, recovery.

Numbers come from tables (`information.tabled`, `prediction`), so that sliders can move them. Where
a setting was not tabled or not checked the row says so instead of a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import plotly.graph_objects as go

from labelbits.errors import InputError
from labelbits.information.tabled import AXES, tabled_bits
from labelbits.prediction import NotCheckedError, Prediction, predict_quality
from labelbits.report.figures import INK, colour, label, layout
from labelbits.signals import REGISTRY, make, one_question
from labelbits.worlds import World

#: Words for a number that cannot be given.
OUTSIDE = "outside the table"
#: The option that prices are compared with.
BASE = "hard"


@dataclass(frozen=True)
class Setting:
    """Where the sliders stand. `ratio` is the price of an answer to `signal`, in hard labels.

    They begin at the defaults of `labelbits bits`, so that both print the same bits."""

    classes: int = 10
    dims: int = 5
    precision: float = 1.0
    lapse: float = 0.0
    items: int = 100
    answers_per_item: float = 10.0
    signal: str = "soft"
    ratio: float = 4.0

    def __post_init__(self) -> None:
        """Raises `InputError` for what makes no sense anywhere."""
        if self.signal not in REGISTRY:
            raise InputError(f"signal is {self.signal!r}; expected one of: {', '.join(REGISTRY)}")
        limits = {
            "classes": (2, 10_000), "dims": (1, 1000), "precision": (1e-6, 1e6),
            "lapse": (0.0, 0.999), "items": (2, 1_000_000), "answers_per_item": (1e-6, 1e6),
            "ratio": (1e-6, 1e6),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name} is {value:g}; expected {low:g} to {high:g}")


@dataclass(frozen=True)
class Row:
    """One signal at a setting. `bits` of one answer; `worth`: how many hard labels its bits are;
    `price` in hard labels, None where none is known; `recovery` or why there is none."""

    name: str
    bits: float | None
    worth: float | None
    price: float | None
    recovery: Prediction | None
    refused: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def per_price(self) -> float | None:
        """Bits for the price of one hard label."""
        return None if self.bits is None or self.price is None else self.bits / self.price


def rows_at(setting: Setting) -> list[Row]:
    """A row a signal, in the order of the registry."""
    bits: dict[str, float | None] = {}
    for name in REGISTRY:
        try:
            bits[name] = tabled_bits(
                name, setting.classes, setting.dims, setting.precision, setting.lapse
            )
        except InputError:
            bits[name] = None
    made = []
    for name, value in bits.items():
        base = bits[BASE]
        price = _price(name, setting)
        recovery, refused = _recovery(name, setting)
        worth = None if value is None or not base else value / base
        made.append(Row(name, value, worth, price, recovery, refused))
    return made


def _price(name: str, setting: Setting) -> float | None:
    """The price of an answer in hard labels: the slider's, else by published times."""
    if name == BASE:
        return 1.0
    if name == setting.signal:
        return setting.ratio
    if one_question(name) == BASE:
        return float(make(name, setting.dims, setting.classes).answers_in_one)
    one, base = (
        make(kind, setting.dims, setting.classes).cited_time(setting.classes)
        for kind in (name, BASE)
    )
    if one is None or base is None:
        return None
    return one.median / base.median


def _recovery(name: str, setting: Setting) -> tuple[Prediction | None, str]:
    own = REGISTRY[name].same_perception(setting.precision)
    try:
        signal = make(name, setting.dims, setting.classes, precision=own, lapse=setting.lapse)
        world = World(setting.items, setting.classes, setting.dims)
        return predict_quality(signal, world, setting.answers_per_item), ""
    except NotCheckedError as refused:
        return None, str(refused).split(": simulate it")[0].split("; docs")[0]
    except InputError as problem:
        return None, str(problem)


def bits_figure(rows: list[Row]) -> go.Figure:
    """Bars of bits an answer, and of bits for the price of one hard label where that is known."""
    drawing = go.Figure()
    names = [label(row.name) for row in rows]
    for values, name, paint in (
        ([row.bits for row in rows], "bits an answer", colour(0)),
        ([row.per_price for row in rows], "bits for the price of a hard label", colour(1)),
    ):
        drawing.add_trace(
            go.Bar(
                y=names, x=values, name=name, orientation="h", marker={"color": paint},
                hovertemplate="%{y}: %{x:.3g}<extra></extra>",
            )
        )  # fmt: skip
    layout(drawing, "bits", "", 90 + 38 * len(rows))
    drawing.update_layout(barmode="group", bargap=0.25)
    drawing.update_yaxes(autorange="reversed", ticks="")
    drawing.update_xaxes(rangemode="tozero")
    return drawing


def recovery_figure(rows: list[Row]) -> go.Figure:
    """A dot and a line a signal: predicted Spearman correlation of distances, 90 % of worlds."""
    drawing = go.Figure()
    known = [row for row in rows if row.recovery is not None]
    for number, row in enumerate(rows):
        found = row.recovery
        if found is None:
            continue
        drawing.add_trace(
            go.Scatter(
                x=[found.spearman], y=[label(row.name)], mode="markers", showlegend=False,
                marker={"color": colour(number), "size": 11},
                error_x={
                    "type": "data", "symmetric": False, "color": colour(number), "thickness": 2,
                    "array": [found.high - found.spearman],
                    "arrayminus": [found.spearman - found.low], "width": 5,
                },
                hovertemplate=(
                    f"<b>{label(row.name)}</b>: %{{x:.3f}}; {100 * found.level:.0f} % of worlds "
                    f"{found.low:.2f} to {found.high:.2f}<extra></extra>"
                ),
            )
        )  # fmt: skip
    layout(drawing, "alignment (Spearman) of the recovered space", "", 110 + 30 * len(known))
    drawing.update_xaxes(range=[-0.02, 1.02])
    drawing.update_yaxes(autorange="reversed", ticks="")
    if not known:
        drawing.add_annotation(
            text=OUTSIDE, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False,
            font={"color": INK, "size": 16},
        )  # fmt: skip
    return drawing


def ends() -> dict[str, tuple[float, float]]:
    """The ends of the table of bits, by the slider's name."""
    return {name: (points[0], points[-1]) for name, points in AXES.items()}
