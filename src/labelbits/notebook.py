"""`lb.plan` for notebooks and programs: arrays and frames in, a plan that shows itself out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelbits import planning
from labelbits.answers.in_python import in_python, refusal_in_python
from labelbits.assumed import Asked, assumed_folder, write_assumed
from labelbits.errors import InputError
from labelbits.interface import LEVEL, Answers
from labelbits.planning.market import Market
from labelbits.planning.result import Plan as _Plan
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
    gold: np.ndarray | Sequence[Any] | None = None,
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
    the class of each item, -1 or None where unknown. Answers
    name items by row number, or by `ids`, the name of each row (left out: the index of a pandas
    frame of features, where it holds texts). `signals` are the options, a name
    or a table as in a plan file (left out: one and three hard labels). Money is in `currency`.

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
    if features is None or budget is None:
        missing = "features" if features is None else "budget"
        raise InputError(f"plan without a plan file needs {missing}=; expected it beside answers=")
    table, kind = _features(features)
    ids = index_of(features) if ids is None else ids
    asked = Asked(budget, currency, wage_per_hour, signals, metric, target, test_fraction)
    with assumed_folder(WORDS) as folder:
        read, frame = _answers(answers, columns, len(table), ids)
        file = write_assumed(
            folder, asked, features=table, answers=read, gold=gold, ids=ids
        )  # fmt: skip
        made = planning.plan(file, seed=seed, progress=progress)
    if read is not None and read.notes and not isinstance(answers, Answers):
        how = "; ".join(in_python(note).rstrip(".") for note in read.notes)
        made = replace(made, warnings=[*made.warnings, f"How the answers were read: {how}"])
    return _shown(made, frame or kind)


def _shown(made: _Plan, frame: str) -> Plan:
    return Plan(**{one.name: getattr(made, one.name) for one in fields(_Plan)}, frame=frame)


def _kind(frame: Any) -> str:
    """Which library a frame is of, as far as plans give frames of it back."""
    module = type(frame).__module__.split(".")[0]
    return module if module in ("pandas", "pyarrow") else "polars"


def _features(given: Any) -> tuple[np.ndarray, str]:
    """(array of numbers, kind of frame) of features."""
    import narwhals as nw
    import numpy as np

    frame = nw.from_native(given, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        try:
            return np.asarray(given, dtype=np.float32), "polars"
        except (TypeError, ValueError) as problem:
            raise InputError(f"features: {problem}; expected numbers, items x columns") from None
    words = [name for name, kind in frame.schema.items() if not kind.is_numeric()]
    if words:
        raise InputError(
            f"features: column {words[0]!r} holds no numbers; expected columns of numbers alone "
            "(names of rows go in ids=)"
        )
    return frame.to_numpy().astype(np.float32), _kind(given)


def _answers(
    given: Any, columns: Mapping[str, str] | None, rows: int, ids: Sequence[Any] | None
) -> tuple[Answers | None, str]:
    """(answers, kind of frame or "") of what a pilot is given as, about `rows` items called `ids`
    (None: their numbers)."""
    if given is None or isinstance(given, Answers):
        if columns is not None:
            raise InputError(
                "columns= says how a table of answers is read; expected answers= as a frame or "
                "files"
            )
        return given, ""
    import narwhals as nw

    from labelbits.answers import read_answers

    frame = nw.from_native(given, eager_only=True, pass_through=True)
    try:
        if isinstance(frame, nw.DataFrame):
            return read_answers(given, columns=columns), _kind(given)
        labels = _labels(given, rows)
        if labels is not None:
            own = index_of(given) or (range(rows) if ids is None else ids)
            return read_answers(_said(labels, own), columns=columns), ""
        return read_answers(given, columns=columns), ""
    except InputError as problem:
        raise InputError(refusal_in_python(str(problem))) from None


def _labels(given: Any, rows: int) -> list[Any] | None:
    """One label a row, where that is what was given; None for files."""
    import numpy as np

    series = hasattr(given, "dtype") and len(getattr(given, "shape", ())) == 1
    if not series and not (isinstance(given, list) and given and not _are_files(given)):
        return None
    labels = given.tolist() if isinstance(given, np.ndarray) else list(given)
    if len(labels) != rows and index_of(given) is None:
        raise InputError(
            f"answers: {len(labels):,} labels and {rows:,} rows of features; expected one label a "
            "row (None where it has none), or a frame with a column that names items"
        )
    return labels


def _are_files(given: list[Any]) -> bool:
    return any(isinstance(one, PathLike) or (isinstance(one, str) and Path(one).is_file())
               for one in given)  # fmt: skip


def _said(labels: list[Any], items: Sequence[Any] | range) -> Any:
    """A table of the labels that are there, by the name of their item."""
    import polars as pl

    there = [
        (str(item), str(one)) for item, one in zip(items, labels, strict=True)
        if one is not None and one == one and str(one).strip()  # NaN is not equal to itself
    ]  # fmt: skip
    if not there:
        raise InputError("answers: no row has a label; expected some")
    return pl.DataFrame(there, schema=["item", "label"], orient="row")
