"""The plan that is being edited: always a plan file, checked as every plan file is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labelbits.errors import InputError
from labelbits.first_tables import BUDGET, first_signals, first_tables, labels_items, specified
from labelbits.metrics import METRICS
from labelbits.planning.spec.annotator_kinds import ANNOTATOR_KINDS, CROWD, AnnotatorKind
from labelbits.planning.spec.learners import LEARNERS
from labelbits.planning.spec.planfile import Budget, PlanFile
from labelbits.planning.spec.planreader import plan_of_text, toml_of
from labelbits.planning.spec.planwriter import plan_text
from labelbits.signals import REGISTRY

#: The most characters of a plan file that the page takes.
LONGEST_PLAN = 200_000
#: The file name under which messages speak of the plan on the page.
NAME = "plan.toml"


@dataclass(frozen=True)
class Draft:
    """A plan file's text; its relative paths start in `folder`; `title` names its plan."""

    text: str
    folder: Path
    title: str = "plan"

    def told(self, timed: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """The draft as the page takes it: text, its first comments, tables (None where it is no
        TOML), problem ("" if nothing is wrong), numbers of [[signal]]s whose price nothing tells.

        `timed` are kinds of answers that were measured, with whether they are `priced`.
        """
        try:
            tables = plain(toml_of(self.text))
        except (tomllib.TOMLDecodeError, RecursionError):
            tables = None
        found: dict[str, Any] = {
            "text": self.text, "tables": tables, "title": self.title, "problem": "",
            "unpriced": [], "notes": _notes(self.text),
        }  # fmt: skip
        try:
            wanted = plan_of_text(self.text, self.folder / NAME)
        except InputError as problem:
            return {**found, "problem": str(problem).removeprefix(f"{self.folder / NAME}: ")}
        lacking = unpriced(wanted, timed)
        if lacking:
            kinds = " and ".join(dict.fromkeys(wanted.signal[i].kind for i in lacking))
            found["problem"] = (
                f"What does one answer cost ({kinds})? No times were found and none are published: "
                "give a price or seconds under Paid by."
            )
        return {**found, "unpriced": lacking}

    def anywhere(self) -> str:
        """The text to keep: it names its files in full, so that it works in any folder.

        As it is where it names no file that is there, or is no TOML.
        """
        try:
            tables = toml_of(self.text)
        except tomllib.TOMLDecodeError:
            return self.text
        told = tables.get("dataset")
        if not isinstance(told, dict):
            return self.text
        placed = {key: self._in_full(value) for key, value in told.items()}
        if placed == told:
            return self.text
        return plan_text({**tables, "dataset": placed}, _notes(self.text))

    def _in_full(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._in_full(one) for one in value]
        if not isinstance(value, str):
            return value
        try:
            return str(path.resolve()) if (path := self.folder / value).exists() else value
        except (OSError, ValueError):  # too long for a path, or holds what none may
            return value


def unpriced(wanted: PlanFile, timed: Sequence[Mapping[str, Any]]) -> list[int]:
    """Numbers of the [[signal]]s, from 0, of which it is sure before any work that nothing tells
    the price of an answer; times are never invented.

    With a pilot that was not measured here (`timed` is empty) the plan itself will tell.
    """
    if wanted.dataset.pilot and not timed:
        return []
    untold = {
        (one["kind"], one.get("annotators"), one.get("model")) for one in timed if not one["priced"]
    }
    found = []
    for number, one in enumerate(wanted.signal):
        paid = one.price is not None or one.seconds is not None or one.tokens_price is not None
        who = None if one.annotators == CROWD else one.annotators
        if paid or (wanted.dataset.pilot and (one.kind, who, one.model) not in untold):
            continue
        classes = wanted.dataset.classes or 2
        cited = REGISTRY[one.kind].for_world(2, 10).cited_time(classes)
        if one.annotator_kind.no_price or cited is None:
            found.append(number)
    return found


def plain(value: Any) -> Any:
    """Values of TOML that JSON has no words for (dates, infinity) as text."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def changed(draft: Draft, given: Any) -> Draft:
    """The draft with the text, or the tables, that the page sends. Raises `InputError`."""
    if not isinstance(given, dict):
        raise InputError("expected an object with text or tables")
    title = given.get("title", draft.title)
    title = title[:200] if isinstance(title, str) and title.strip() else draft.title
    if isinstance(given.get("text"), str):
        text = given["text"].replace("\r\n", "\n")
    elif isinstance(given.get("tables"), dict):
        text = plan_text(given["tables"], _notes(draft.text))
    else:
        raise InputError("expected an object with text or tables")
    if len(text) > LONGEST_PLAN:
        raise InputError(f"the plan has {len(text):,} characters; at most {LONGEST_PLAN:,} fit")
    return Draft(text, draft.folder, title)


def _notes(text: str) -> list[str]:
    """The comments at the top of a plan file, which are kept when its tables change."""
    notes = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        notes.append(line.removeprefix("#").removeprefix(" "))
    return notes


def first_draft(
    folder: Path, found: Mapping[str, Any], files: Mapping[str, Sequence[str]], title: str
) -> Draft:
    """A plan from what a pilot said (`work.measure_pilot`).

    `files` names the pilot's files under "answers", those of features, gold and counts under their
    own names. Raises `InputError` where nothing that was answered can be planned.
    """
    described = bool(files.get("features"))
    asked = first_signals(found["entries"], described)
    names = labels_items(one["kind"] for one in asked)
    dataset: dict[str, Any] = {}
    if described and names:
        dataset["features"] = files["features"][0]
        for use in ("gold", "counts"):
            if files.get(use):
                dataset[use] = files[use][0]
    else:
        dataset |= specified(int(found["items"]), int(found["classes"]))
    dataset["pilot"] = list(files["answers"])
    said = [found["said"]] if found.get("said") else []
    money = f"{BUDGET['amount']:g} {BUDGET['currency']} of money are a placeholder"
    if "items" in dataset:
        said.append(
            f"Yours to say: how many items there are to ask about (the answers name "
            f"{dataset['items']:,}, and more can be bought only if you say so), and the budget: "
            f"{money}."
        )
    else:
        said.append(f"Yours to say: the budget; {money}.")
    return draft_of(folder, dataset, asked, title, said)


def draft_of(
    folder: Path, dataset: Mapping[str, Any], asked: Sequence[Mapping[str, Any]], title: str,
    notes: Sequence[str] = (),
) -> Draft:  # fmt: skip
    """A plan of these items and kinds of question, with the first budget."""
    return Draft(plan_text(first_tables(dataset, asked), notes), folder, title)


def vocabulary() -> dict[str, Any]:
    """What the editor can offer: kinds of question, who answers, metrics, costs, learners."""
    kinds = {}
    for name, cls in REGISTRY.items():
        options = {}
        for key, option in cls.options.items():
            default = cls.option_default(key)
            if isinstance(default, (bool, int, float, str)) or default is None:
                options[key] = {
                    "default": default if default == default else None,
                    "help": str(getattr(option, "help", option)),
                }
        time = cls.for_world(2, 10).cited_time(10)
        kinds[name] = {
            "about": re.split(r"(?<=[.?]) |:", (cls.__doc__ or "").strip().split("\n")[0])[0],
            "options": options,
            "seconds": None if time is None else time.median,
            "names": cls.labels_items(),
            "several_of": cls.several_of,
        }
    metrics = {
        one.name: {"title": one.title, "meaning": one.meaning, "percent": one.percent,
                   "higher": one.higher}
        for one in METRICS.values()
    }  # fmt: skip
    costs = {key: {"title": title, "unit": unit}
             for key, (title, unit) in Budget.extra_costs().items()}  # fmt: skip
    learners = {
        one.name: {
            "words": one.words,
            "options": {
                key: {
                    "default": list(option.default)
                    if isinstance(option.default, tuple)
                    else option.default,
                    "help": option.help,
                }
                for key, option in one.options.items()
            },
        }
        for one in LEARNERS.values()
    }
    return {
        "kinds": kinds,
        "metrics": metrics,
        "costs": costs,
        "learners": learners,
        "annotators": [_annotators(kind) for kind in ANNOTATOR_KINDS.values()],
    }


def _annotators(kind: AnnotatorKind) -> dict[str, Any]:
    """What the editor asks about annotators of a kind."""
    return {
        "name": kind.name,
        "title": kind.title,
        "needs_price": bool(kind.no_price),
        "named": None if kind.named is None else asdict(kind.named),
    }
