"""The forms in which questions are asked (`Signal.form`), as Label Studio controls.

One entry a form: the control it shows, and how to read its result. A new signal that uses one of
these forms needs no line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labelbits.answers.formats.reader import as_number, scalar_name
from labelbits.interface import Signal
from labelbits.signals import REGISTRY


@dataclass(frozen=True)
class NotAnswered:
    """Why a result holds no answer, and what it holds."""

    reason: str
    found: Any


Values = Mapping[str, Mapping[str, Any]]
#: Control names of our own labeling configs.
CONTROL = "answer"


def names_several(signal: Signal) -> bool:
    """Does one answer name as many classes as it likes? Of votes each annotator casts one."""
    return signal.outcomes(5) != 2 and not signal.several_of and signal.width(5) == 5


def answer_of(signal: str, items: Sequence[str], classes: Sequence[str], values: Values) -> Any:
    """The answer (JSON value) of a task that `labelbits export` wrote, or `NotAnswered`.

    `values` maps each control's name to its Label Studio value.
    """
    if signal not in REGISTRY:
        return NotAnswered("unknown signal", signal)
    return _READ[REGISTRY[signal].form](signal, items, classes, values)


def _choices(signal: str, items: Sequence[str], classes: Sequence[str], values: Values) -> Any:
    picked = values.get(CONTROL, {}).get("choices")
    if not isinstance(picked, list) or not picked:
        return NotAnswered("nothing is chosen", picked)
    names = [scalar_name(name) for name in picked]
    if None in names:
        return NotAnswered("choices are no names", picked)
    kind = REGISTRY[signal]
    if kind.for_world(2, 5).outcomes(5) == 2:
        return {"Yes": True, "No": False}.get(str(names[0]), names[0])
    if kind.several_of:
        return {str(names[0]): 1}  # each annotator casts one vote
    return names if names_several(kind.for_world(2, 5)) else names[0]


def _numbers(signal: str, items: Sequence[str], classes: Sequence[str], values: Values) -> Any:
    found: dict[str, float] = {}
    for k, name in enumerate(classes):
        value = values.get(f"{CONTROL}-{k}", {}).get("number")
        if value is None:
            continue
        if (amount := as_number(value)) is None:
            return NotAnswered("number is no number", value)
        found[name] = amount
    impossible = values.get("impossible", {}).get("choices", [])
    for name in impossible if isinstance(impossible, list) else []:
        found.setdefault(str(name), 0.0)
    if not any(found.values()):
        return NotAnswered("no class got a number above 0", dict(values))
    scale = 100.0 if sum(found.values()) > 1.5 else 1.0
    ordered = sorted(found.items(), key=lambda pair: -pair[1])
    return {name: amount / scale for name, amount in ordered}


def _ranker(signal: str, items: Sequence[str], classes: Sequence[str], values: Values) -> Any:
    ranked = values.get(CONTROL, {}).get("ranker")
    ranked = next(iter(ranked.values()), None) if isinstance(ranked, Mapping) else ranked
    if not isinstance(ranked, list) or not ranked:
        return NotAnswered("nothing is ranked", ranked)
    names = [scalar_name(e.get("id") if isinstance(e, Mapping) else e) for e in ranked]
    # The list shows classes by number, so that any text can be a class name.
    known = {f"class-{k}": name for k, name in enumerate(classes)}
    return [known.get(str(name), name) for name in names]


def _pairwise(signal: str, items: Sequence[str], classes: Sequence[str], values: Values) -> Any:
    side = values.get(CONTROL, {}).get("selected")
    places = {"left": 0, "right": 1}
    return places[side] if side in places else NotAnswered("neither left nor right", side)


def _pick(signal: str, items: Sequence[str], classes: Sequence[str], values: Values) -> Any:
    picked = values.get(CONTROL, {}).get("choices")
    name = scalar_name(picked[0]) if isinstance(picked, list) and picked else None
    if name is None or not name.isdecimal() or int(name) < 1:
        return NotAnswered("choice is no place from 1", picked)
    return int(name) - 1


def _rating(signal: str, items: Sequence[str], classes: Sequence[str], values: Values) -> Any:
    value = values.get(CONTROL, {}).get("rating")
    return NotAnswered("nothing is rated", value) if value is None else value


def _number(signal: str, items: Sequence[str], classes: Sequence[str], values: Values) -> Any:
    value = as_number(values.get(CONTROL, {}).get("number"))
    return NotAnswered("no number is given", values) if value is None else value


_READ: dict[str, Callable[[str, Sequence[str], Sequence[str], Values], Any]] = {
    "choices": _choices,
    "numbers": _numbers,
    "ranker": _ranker,
    "pairwise": _pairwise,
    "pick": _pick,
    "rating": _rating,
    "number": _number,
}
