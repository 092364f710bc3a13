"""What a plan file may say: its tables, with their defaults and limits."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from labelbits.errors import InputError
from labelbits.metrics import METRICS, metric_of
from labelbits.planning.spec.asked import SignalPlan
from labelbits.planning.spec.learners import LEARNERS, LINEAR, LearnerKind
from labelbits.planning.spec.values import Money, PlanTable
from labelbits.signals import REGISTRY


def _known_metric(name: str) -> str:
    if name not in METRICS:
        raise ValueError(f"found {name!r}; expected one of: {', '.join(METRICS)}")
    return name


#: The name of a metric that the registry knows.
MetricName = Annotated[str, AfterValidator(_known_metric)]


class SimulatedAnnotators(PlanTable):
    """Annotators invented for an example: votes drawn around a cross-validated classifier."""

    votes: int = Field(20, ge=1, le=1000)
    lapse: float = Field(0.03, ge=0, lt=1)
    temperature: float = Field(1.5, gt=0)


class Dataset(PlanTable):
    """[dataset]: the items that may be labelled and what is known of them.

    `table` is a table with a row an item or an answer (several files may be given); `id`, `text`,
    `image`, `features`, `label`, `annotator`, `seconds` and `gold_column` are columns of it, and
    `embedding` names what makes features of texts or images. Without a table `features` is a file;
    with one it may be that too, joined by id.
    `sheet` is the one to read of spreadsheets that hold several. `columns` are columns of the
    answers by the keys of --columns, and `format` is the format of the answers.
    `class_names`: the name of class 0, 1, ... where the pilot's answers are names and counts or
    gold are numbers.
    `most_items`: no more than so many items can be labelled, whatever the money. `groups` names
    an npz file with an array of that name, where each item comes from (see [goal] test_groups).
    """

    items: int | None = Field(None, ge=3, le=100_000_000)
    table: str | tuple[str, ...] | None = None
    id: str | None = None
    text: str | None = None
    image: str | None = None
    features: str | tuple[str, ...] | None = None
    label: str | None = None
    annotator: str | None = None
    seconds: str | None = None
    gold_column: str | None = None
    question: str | None = None
    sheet: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    format: str = "auto"
    embedding: str | None = None
    classes: int | None = Field(None, ge=2)
    class_names: tuple[str, ...] = ()
    dims: int | Literal["auto"] = "auto"
    pilot: tuple[str, ...] = ()
    counts: str | None = None
    gold: str | None = None
    groups: str | None = None
    most_items: int | None = Field(None, ge=1)
    simulated_annotators: SimulatedAnnotators | None = None

    @model_validator(mode="after")
    def _items_or_features(self) -> Dataset:
        if self.table is None:
            columns = [name for name in OF_TABLE if getattr(self, name) is not None]
            if columns or isinstance(self.features, tuple):
                what = columns[0] if columns else "a list of features"
                raise ValueError(f"{what} is about columns of a table; add table = a file")
        elif not (self.text or self.image or self.features):
            raise ValueError("table: what describes the items? add text, image or features")
        neither = self.items is None and not self.has_items and not self.pilot
        if neither or (self.items is not None and self.has_items):
            raise ValueError("give either items or features")
        if not (self.has_items or self.pilot or self.classes is not None):
            raise ValueError("without features, classes (a number) are needed")
        named = len(self.class_names)
        if named and (len(set(self.class_names)) < named or named < 2):
            raise ValueError("class_names: expected 2 or more different names")
        if named and self.classes not in (None, named):
            raise ValueError(f"class_names has {named} names and classes is {self.classes}")
        if self.dims != "auto" and self.dims < 1:
            raise ValueError(f"dims is {self.dims}; expected 1 or more, or 'auto'")
        return self

    @property
    def has_items(self) -> bool:
        """Are the user's own items described, and not only their number?"""
        return self.features is not None or self.table is not None

    @property
    def tables(self) -> tuple[str, ...]:
        """The files of `table`."""
        return (self.table,) if isinstance(self.table, str) else self.table or ()


#: Keys of [dataset] that name columns of its table.
OF_TABLE = (
    "id", "text", "image", "label", "annotator", "seconds", "gold_column", "embedding",
)  # fmt: skip


#: What is planned where no metric is given: of labels of items, and of everything else.
OF_LABELS, OF_COMPARISONS = "accuracy", "alignment"


def default_metric(kinds: Iterable[str]) -> str:
    """The metric of a plan that gives none, by the signals that it asks."""
    known = [REGISTRY[kind] for kind in kinds if kind in REGISTRY]
    return OF_LABELS if any(kind.labels_items() for kind in known) else OF_COMPARISONS


class Goal(PlanTable):
    """[goal]: what quality means, and where it is measured.

    `target`: a quality; the cheapest purchase that reaches it is sought. `shots_per_class`: train
    on so many items of every class (few shots). `test_groups`: items of these groups are tested
    on and never trained on (another source than the labelled one).
    """

    metric: MetricName | None = None
    test_fraction: float = Field(0.2, gt=0, lt=1)
    target: float | None = None
    shots_per_class: tuple[Annotated[int, Field(ge=1, le=100_000)], ...] = ()
    test_groups: tuple[str | int, ...] = ()

    @model_validator(mode="after")
    def _target_can_be_meant(self) -> Goal:
        if self.target is None:
            return self
        # Left out, it is a share whatever is asked (`default_metric`).
        fault = metric_of(self.metric or OF_LABELS).target_fault(self.target)
        if fault:
            raise ValueError(fault)
        return self


class Budget(PlanTable):
    """[budget]: money. `spent` of `amount` is spent already; `fee` is added to every answer.

    A session (one annotator's sitting) of `answers_per_session` answers is paid `session_seconds`
    on top, for instructions and training. `item_cost` is paid for every item that is acquired.
    A cost with a title (and a unit, where it is no money) is an assumption of the plan and a field
    of the page.
    """

    amount: Money
    spent: float = Field(default=0.0, ge=0)
    currency: str = Field(default="USD", min_length=1, max_length=8)
    wage_per_hour: float = Field(default=12.0, gt=0)
    fee: float = Field(default=0.0, ge=0, title="fee on every answer")
    item_cost: float = Field(default=0.0, ge=0, title="cost of acquiring an item")
    session_seconds: float = Field(
        default=0.0, ge=0, title="overhead of a session", json_schema_extra={"unit": "s"}
    )
    answers_per_session: int = Field(default=200, ge=1)

    @classmethod
    def extra_costs(cls) -> dict[str, tuple[str, str]]:
        """Key -> (name, unit) of what is paid besides the answers; no unit: the currency."""
        return {
            key: (one.title, str(extra.get("unit", "")))
            for key, one in cls.model_fields.items()
            if one.title
            for extra in [one.json_schema_extra or {}]
            if isinstance(extra, dict)
        }

    @model_validator(mode="after")
    def _something_left(self) -> Budget:
        if self.spent >= self.amount:
            raise ValueError(
                f"spent is {self.spent:g} and amount is {self.amount:g}; expected spent below "
                "amount (amount is the whole budget, spent the part that is gone)"
            )
        return self


def _known_learner(name: str) -> str:
    if name not in LEARNERS:
        raise ValueError(f"expected one of: {', '.join(LEARNERS)}")
    return name


class LearnerPlan(PlanTable):
    """[learner]: what learns from the labels (`learners.LEARNERS`); the linear learner is measured
    beside any other. `own` holds the options that the learner itself declares, which stand in the
    table as keys of their own."""

    kind: Annotated[str, AfterValidator(_known_learner)] = LINEAR
    own: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _options_of_the_learner(cls, found: Any) -> Any:
        """Keys that learners declare as options of theirs go into `own`."""
        if not isinstance(found, dict) or "own" in found:
            return found
        declared = {name for learner in LEARNERS.values() for name in learner.options}
        own = {key: value for key, value in found.items() if key in declared}
        return {**{key: value for key, value in found.items() if key not in own}, "own": own}

    @model_validator(mode="after")
    def _options_are_its_own(self) -> LearnerPlan:
        known = self.learner.options
        other = sorted(set(self.own) - set(known))
        if other:
            whose = next(one.name for one in LEARNERS.values() if other[0] in one.options)
            raise ValueError(
                f'{" and ".join(other)} belong to kind = "{whose}"; {self.learner.words} has '
                f"{' and '.join(known) or 'no options'}"
            )
        for name, value in self.own.items():
            try:
                self.own[name] = known[name].read(value)
            except ValueError as problem:
                raise ValueError(f"{name} is {value!r}: {problem}") from None
        return self

    @property
    def learner(self) -> LearnerKind:
        """What plans know of it."""
        return LEARNERS[self.kind]

    def options(self) -> dict[str, Any]:
        """The value of every option of the learner."""
        return {name: self.own.get(name, one.default) for name, one in self.learner.options.items()}


class PlanFile(PlanTable):
    """A whole plan file. `folder` is where its relative paths start."""

    dataset: Dataset
    goal: Goal = Goal(metric=None, test_fraction=0.2, target=None)
    budget: Budget
    signal: tuple[SignalPlan, ...] = Field(min_length=1)
    learner: LearnerPlan = LearnerPlan()
    folder: Path = Field(default=Path(), exclude=True)

    @property
    def metric(self) -> str:
        """The metric that is given, else the usual one of what is asked."""
        return self.goal.metric or default_metric(asked.kind for asked in self.signal)

    def path(self, name: str) -> Path:
        """A path of the plan: environment variables and ~ expanded, relative to the plan file."""
        expanded = os.path.expandvars(name)
        unset = re.findall(r"\$\{?(\w+)", expanded)
        if unset:
            raise InputError(
                f"{name}: the environment variable {unset[0]} is not set; set it to the folder "
                "that the plan means"
            )
        return self.folder / Path(expanded).expanduser()
