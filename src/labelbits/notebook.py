"""`lb.plan` for notebooks and programs: arrays and frames in, a plan that shows itself out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelbits import planning
from labelbits.answers.in_python import in_python
from labelbits.answers.table.preferences import as_comparisons
from labelbits.assumed import Asked, assumed_folder, write_assumed, write_comparisons
from labelbits.errors import InputError
from labelbits.first_tables import first_signals, labels_items, with_usual
from labelbits.given import answers_of, as_triplets, features_of, gold_of_rows, named_alike
from labelbits.interface import LEVEL, Answers
from labelbits.planning.market import Market
from labelbits.planning.result import Plan as _Plan
from labelbits.planning.spec.planfile import OF_COMPARISONS
from labelbits.standardise import index_of

if TYPE_CHECKING:
    import numpy as np
    import plotly.graph_objects as go

#: Keys of the assumed plan file, as arguments of `plan` say them.
WORDS = {"[goal] ": "", "[budget] amount": "budget", "[budget] ": "", "[[signal]]": "signals"}


@dataclass(frozen=True, repr=False)
class Plan(_Plan):
    """A finished plan that shows itself, and that other money can be tried on.

    `frame` is the kind of frame that `to_frame` returns: "polars", "pandas" or "pyarrow".
    """

    frame: str = "polars"

    def to_frame(self) -> Any:
        """The options, a row each, in the kind of frame that the plan was made from.

        Columns: `signal`, `items`, `answers_per_item`, `cost`, `quality`, `low`, `high` (90 %
        interval), `bits`, and the others of options.csv. Qualities are those of the purchase alone;
        where labels are held, `quality_with_held`, `low_with_held` and `high_with_held` are those
        of both together, for the largest purchase of each option.
        """
        import polars as pl

        table = pl.DataFrame(self.table(), infer_schema_length=None)
        if self.frame == "pandas":
            return table.to_pandas()
        return table.to_arrow() if self.frame == "pyarrow" else table

    def plot(self) -> go.Figure:
        """Quality against cost, a line and a 90 % band an option: a plotly figure."""
        from labelbits.report.figures import tradeoff

        return tradeoff(self)

    def at(self, budget: float | None = None, prices: Mapping[str, float] | None = None) -> Plan:
        """The same evidence under another budget or other prices of an answer: a new plan, at once.

        `budget` is what there is to spend, as in `plan.budget`: what the plan file says is spent
        already is no part of it. `prices` are by option. A vote and a hard label have one price:
        naming the one moves the other, unless `prices` names both.

        Raises `InputError` for a name that is no option and for money that is not above 0.
        """
        told = Market.of_plan(self).shared(dict(prices or {}))
        made = planning.replan(self, amount=budget, prices=told)
        return _shown(made, self.frame)

    def save(self, folder: str | PathLike[str]) -> Path:
        """Write what the command writes (plan.json, options.csv, report.html); returns the folder.

        Raises `InputError` where that cannot be written.
        """
        from labelbits.report import write_plan

        write_plan(self, Path(folder))
        return Path(folder)

    def __repr__(self) -> str:
        doubts = f" ({len(self.warnings)} warnings)" if self.warnings else ""
        return f"{self.recommendation['sentence']}{doubts}"

    def _repr_html_(self) -> str:
        """The advice, the table and a still figure, as a notebook shows them: some ten kilobytes,
        without a script."""
        from html import escape

        from labelbits.report.drawing import svg_of
        from labelbits.report.figures import tradeoff_of
        from labelbits.report.purchases import table_of

        shown = ("items", "cost", "quality", "interval")
        rows = "".join(
            "<tr>"
            + "".join(
                f"<td>{escape(text)}</td>" for text in (one.name, *(one.texts[c] for c in shown))
            )
            + "</tr>"
            for one in table_of(self)
            if one.option is not None
        )
        heads = ("option", "items", "cost", self.metric_name, f"{100 * LEVEL:.0f} % interval")
        head = "".join(f"<th>{escape(name)}</th>" for name in heads)
        warned = "".join(f"<li>{escape(one)}</li>" for one in self.warnings)
        figure = svg_of(tradeoff_of(self), f"{self.metric_name} against cost, a line an option")
        return (
            f"<p><b>{escape(self.recommendation['sentence'])}</b></p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"{f'<ul>{warned}</ul>' if warned else ''}{figure}"
            "<p><small>plot() draws the same with plotly, to zoom and point at; save() writes the "
            "report.</small></p>"
        )


def plan(
    path: str | PathLike[str] | None = None,
    *,
    features: Any = None,
    answers: Any = None,
    columns: Mapping[str, str] | None = None,
    gold: np.ndarray | Sequence[Any] | Mapping[Any, Any] | None = None,
    ids: Sequence[Any] | None = None,
    signals: Sequence[str | Mapping[str, Any]] = (),
    metric: str | None = None,
    target: float | None = None,
    test_fraction: float | None = None,
    budget: float | None = None,
    currency: str | None = None,
    wage_per_hour: float | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> Plan:
    """Which labels to buy: from a plan file, or from arrays and frames.

    `plan("plan.toml")` reads a plan file; only `budget`, `seed` and `progress` go with it.
    Otherwise `features` is an array (items, columns) or a frame of numbers; `answers` the pilot: a
    frame (pandas, polars, pyarrow, any that narwhals knows), an `Answers`, files of any format
    that `labelbits pilot` reads, or one label a row of the features (None, NaN or "": not labelled
    yet; a pandas Series whose index holds texts names its items). `columns` says which column of a
    table of answers is what, as `read_answers` takes it, such as {"seconds": "duration"}. `gold` is
    the class of each item in the order of the rows, -1 or None where unknown, or by name: a mapping
    item -> class, a pandas Series whose index names items, a frame with a column of items and one
    of classes. Answers
    name items by row number, or by `ids`, the name of each row (left out: the index of a pandas
    frame of features, where it holds texts). `signals` are the options, a name
    or a table as in a plan file (left out: what people answered, one and three hard labels; of
    comparisons their own kinds). Money is in `currency`. Comparisons need no features: an array
    (n, 3) of triplets i, j, k says that i is nearer to j than to k.

    Raises `InputError` for anything that is wrong with them, as the command does.

    Example
    -------
    >>> import labelbits as lb
    >>> import numpy as np
    >>> import polars as pl
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 3))
    >>> said = np.where(x[:120, 0] + rng.normal(size=120) > 0, "yes", "no")
    >>> frame = pl.DataFrame({"item": [str(i) for i in range(120)], "label": said})
    >>> made = lb.plan(features=x, answers=frame, budget=20, signals=[{"kind": "hard", "price": 1}])
    >>> made.to_frame()["cost"].max() <= 20
    True
    >>> made.at(budget=10).budget
    10.0
    """
    own = {
        "features": features, "answers": answers, "columns": columns, "gold": gold, "ids": ids,
        "metric": metric,
        "target": target, "test_fraction": test_fraction, "currency": currency,
        "wage_per_hour": wage_per_hour,
    }  # fmt: skip
    if path is not None and not isinstance(path, (str, PathLike)):
        raise InputError(
            f"plan's first argument is the path of a plan file; found a {type(path).__name__}. "
            "Give what describes the items as features= and what was answered as answers="
        )
    if path is not None:
        given = [name for name, value in own.items() if value is not None]
        if given or signals:
            raise InputError(
                f"plan has a plan file and {', '.join(given) or 'signals'}; expected one of the "
                "two: put it into the file, or leave the file out"
            )
        made = planning.plan(Path(path), budget=budget, seed=seed, progress=progress)
        return _shown(made, "polars")
    if budget is None:
        raise InputError("plan without a plan file needs budget=; expected it beside answers=")
    if features is None:
        asked = Asked(budget, currency, wage_per_hour, signals, metric, target, test_fraction)
        return _of_comparisons(answers, columns, asked, seed, progress)
    table, kind = features_of(features)
    ids = index_of(features) if ids is None else ids
    asked = Asked(budget, currency, wage_per_hour, signals, metric, target, test_fraction)
    with assumed_folder(WORDS) as folder:
        read, frame = answers_of(answers, columns, len(table), ids)
        notes = [] if read is None or isinstance(answers, Answers) else list(read.notes)
        read = named_alike(read, ids, notes)
        right = gold_of_rows(gold, len(table), ids)
        asked = with_usual(asked, read)
        file = write_assumed(folder, asked, features=table, answers=read, gold=right, ids=ids)
        made = planning.plan(file, seed=seed, progress=progress)
    return _shown(_with_notes(made, notes), frame or kind)


def _of_comparisons(
    answers: Any,
    columns: Mapping[str, str] | None,
    asked: Asked,
    seed: int,
    progress: Callable[[str, float], None] | None,
) -> Plan:
    """A plan of how well the distances of items are known, that nothing describes."""
    if answers is None:
        raise InputError("plan without a plan file needs features= or answers= that compare items")
    read, frame = answers_of(as_triplets(answers), columns, 0, None)
    assert read is not None
    notes = [] if isinstance(answers, Answers) else list(read.notes)
    read, said = as_comparisons(read)
    kinds = list(read.table["signal"].unique(maintain_order=True))
    if any(labels_items([kind]) for kind in kinds):
        raise InputError(
            f"answers: found {', '.join(kinds)} about {len(read.items):,} items; what labels "
            "are worth depends on what describes the items: plan needs features=, expected beside "
            "answers="
        )
    signals = asked.signals or first_signals([{"kind": kind} for kind in kinds], False)
    asked = replace(asked, signals=signals, metric=asked.metric or OF_COMPARISONS)
    with assumed_folder(WORDS) as folder:
        file = write_comparisons(folder, asked, read, [])
        made = planning.plan(file, seed=seed, progress=progress)
    return _shown(_with_notes(made, [*notes, *([said] if said else [])]), frame or "polars")


def _with_notes(made: _Plan, notes: Sequence[str]) -> _Plan:
    """The plan with how its answers were read among its warnings."""
    if not notes:
        return made
    how = "; ".join(in_python(note).rstrip(".") for note in notes)
    return replace(made, warnings=[*made.warnings, f"How the answers were read: {how}"])


def _shown(made: _Plan, frame: str) -> Plan:
    return Plan(**{one.name: getattr(made, one.name) for one in fields(_Plan)}, frame=frame)
