"""Reading a plan file: checked, with one message for what is wrong."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from labelbits.answers.files.opening import check_file
from labelbits.errors import InputError
from labelbits.planning.spec.asked import SignalPlan
from labelbits.planning.spec.learners import LEARNERS
from labelbits.planning.spec.planfile import (
    Budget,
    Dataset,
    Goal,
    LearnerPlan,
    PlanFile,
    SimulatedAnnotators,
)
from labelbits.signals import REGISTRY, make

#: Parts of one key with dots between them, far more than any plan file has.
MANY_PARTS = re.compile(
    r"(?:(?:[A-Za-z0-9_-]{1,64}|\"[^\"\n]{0,64}\"|'[^'\n]{0,64}')[ \t]{0,8}\.[ \t]{0,8}){50}"
)
#: Digits of one number: longer ones take the square of their length to write.
MANY_DIGITS = re.compile(r"(?<!\w)[0-9][0-9A-Fa-fxob_]{400}")


def read_plan(path: str | Path) -> PlanFile:
    """Read and check a plan file.

    Raises `InputError` for a missing file, broken TOML, or a key or value that is wrong; every
    wrong key is listed, with what was found and what was expected.
    """
    path = Path(path)
    check_file(path, "a plan file in TOML")
    try:
        # Some editors put a byte order mark first, which TOML does not know.
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(
            f"{path}: not UTF-8 text; expected a plan in TOML (save it as UTF-8)"
        ) from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be read ({problem}); expected a plan in TOML") from None
    return plan_of_text(text, path)


def toml_of(text: str) -> dict[str, Any]:
    """A plan file's tables as they stand. Raises `tomllib.TOMLDecodeError` for what is no TOML and
    for keys of very many parts, which take the square of their number to read."""
    if MANY_PARTS.search(text):
        raise tomllib.TOMLDecodeError("a key of more than 50 parts")
    if MANY_DIGITS.search(text):
        raise tomllib.TOMLDecodeError("a number of more than 400 digits")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError("tables or lists are nested too deeply") from None


def plan_of_text(text: str, path: str | Path) -> PlanFile:
    """Check a plan file's text; `path` is where it stands, or would: its relative paths start in
    that folder, and messages name it. Raises `InputError` as `read_plan` does."""
    path = Path(path)
    try:
        raw = toml_of(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{path}: not valid TOML: {problem}") from None
    try:
        plan = PlanFile.model_validate({**raw, "folder": path.parent})
    except ValidationError as problem:
        errors = problem.errors()
        if any(len(error["loc"]) > 1 and error["loc"][0] == "signal" for error in errors):
            # A signal that was refused leaves the list short: that is no second mistake.
            errors = [error for error in errors if error["type"] != "too_short"]
        lines = [_explain(error) for error in errors]
        raise InputError(f"{path}: " + "; ".join(lines)) from None
    _check_signals(path, plan)
    return plan


def _explain(error: Any) -> str:
    """One pydantic error as: where, found, expected."""
    where = _where(error["loc"])
    if error["type"] == "extra_forbidden":
        table = _table_of(error["loc"])
        known = [key for key in table.model_fields if key not in ("folder", "own")]
        if table is SignalPlan:
            own = {name for signal in REGISTRY.values() for name in signal.options}
            known += sorted(own - set(known))
        if table is LearnerPlan:
            known += dict.fromkeys(name for one in LEARNERS.values() for name in one.options)
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"{where}: unknown key; {hint}expected one of: {', '.join(known)}"
    if error["type"] == "missing":
        return f"{where}: missing; add it"
    if error["type"] == "tuple_type" and error["loc"] == ("signal",):
        return "signal: found one table; expected a list: write [[signal]] with double brackets"
    found = error.get("input")
    # pydantic says "Input should be"; ours say what was found and what was expected.
    message = error["msg"].removeprefix("Value error, ")
    message = re.sub(r"^Input should be\b", "expected a value", message)
    message = re.sub(r"expected a value (?=an? )", "expected ", message)
    if error["type"] == "tuple_type" and isinstance(found, (str, int, float)):
        return f"{where} is {json.dumps(found)}: expected a list; write [{json.dumps(found)}]"
    if isinstance(found, (str, int, float, bool)):
        return f"{where} is {found!r}: {message}"
    if isinstance(found, list) and error["loc"] == ("dataset", "classes"):
        return f"{where}: found a list; expected their number (their names go in class_names)"
    return f"{where}: {message}"


def _where(loc: tuple[Any, ...]) -> str:
    """The key as a person would look for it in the file."""
    if not loc:
        return "the plan"
    head, *rest = loc
    if head == "signal" and rest:
        name = f"[[signal]] number {rest[0] + 1}" if isinstance(rest[0], int) else "[[signal]]"
        rest = rest[1:]
    else:
        name = f"[{head}]" if rest or head in PlanFile.model_fields else str(head)
    rest = [str(part) for part in rest if part not in ("int", "literal['auto']")]
    return f"{name} {'.'.join(rest)}".strip()


def _table_of(loc: tuple[Any, ...]) -> type[BaseModel]:
    tables = {
        "dataset": Dataset, "goal": Goal, "budget": Budget, "signal": SignalPlan,
        "learner": LearnerPlan,
    }  # fmt: skip
    if "simulated_annotators" in loc[:-1]:
        return SimulatedAnnotators
    return tables.get(str(loc[0]), PlanFile) if len(loc) > 1 else PlanFile


def _check_tokens(where: str, signal: SignalPlan) -> None:
    """Prices by token need tokens and prices, and no other price beside them."""
    tokens = {
        "input_tokens": signal.input_price,
        "output_tokens": signal.output_price,
    }
    for name, price in tokens.items():
        count = getattr(signal, name)
        other = name.replace("tokens", "price")
        if (count is None) != (price is None):
            given, missing = (name, other) if price is None else (other, name)
            raise InputError(f"{where}: {given} is given without {missing}; add {missing}")
    price = signal.tokens_price
    if price is None:
        return
    if signal.price is not None or signal.seconds is not None:
        raise InputError(f"{where}: tokens and price (or seconds) are given; expected one of them")
    if not price > 0:
        raise InputError(f"{where}: the tokens of one answer cost 0; expected a price above 0")


def _check_signals(path: Path, plan: PlanFile) -> None:
    """Signal names and options, checked against the registry."""
    asked: dict[str, int] = {}
    for number, signal in enumerate(plan.signal, start=1):
        where = f"{path}: [[signal]] number {number}"
        if signal.kind not in REGISTRY:
            near = difflib.get_close_matches(signal.kind, REGISTRY, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InputError(
                f"{where}: kind is {signal.kind!r}; {hint}expected one of: {', '.join(REGISTRY)}"
            )
        if signal.seconds is not None and signal.price is not None:
            raise InputError(
                f"{where}: both seconds and price are given; expected one of them "
                "(seconds are turned into a price by wage_per_hour)"
            )
        _check_tokens(where, signal)
        classes = plan.dataset.classes or 1000
        top = signal.own.get("top", 1)
        if isinstance(top, int) and top > classes:
            raise InputError(f"{where}: top is {top}; expected at most the {classes} classes")
        try:
            make(signal.kind, 2, classes, **signal.options())
        except InputError as problem:
            raise InputError(f"{where}: {problem}") from None
        before = asked.setdefault(_question(signal), number)
        if before != number:
            raise InputError(
                f"{where}: asks the same question of the same people as number {before}; leave "
                "one out, or tell who answers by annotators = ..."
            )


def _question(signal: SignalPlan) -> str:
    """What is asked and who is asked: all but what it costs."""
    money = {"seconds", "price", "input_tokens", "output_tokens", "input_price", "output_price"}
    return signal.model_dump_json(exclude=money)
