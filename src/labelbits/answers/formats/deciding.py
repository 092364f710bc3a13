"""What kind of answer a question takes: decided once, from all that was said to it.

Readers of foreign files collect what was said as it stands (`Said`); here each question becomes
one signal. A question to which somebody ticked several classes, or none, is `candidates` for
everybody; numbers with steps below 0 or between whole ones are a scale (`score`), never classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells
from labelbits.answers.formats.class_doubts import classes_in, say_doubts
from labelbits.answers.formats.number_answers import are_far, codes_in
from labelbits.answers.formats.orders import are_orders, are_whole_orders, order_in
from labelbits.answers.formats.reader import Options
from labelbits.answers.formats.scales import as_steps, scale_of
from labelbits.answers.formats.spellings import one_spelling
from labelbits.answers.table.columns import IDEAL, SCORE
from labelbits.errors import InputError

#: The class of an answer that ticks none of the classes.
NONE_OF_THEM = "(none)"
#: Signals whose answer is one name.
ONE_NAME = ("hard", "complementary", "verify", "same-class")


class SeveralQuestionsError(InputError):
    """A file holds answers to several questions, and none was chosen; `questions` names them."""

    def __init__(self, path: Path, questions: Sequence[str]) -> None:
        self.questions = tuple(questions)
        shown = ", ".join(repr(name or "(no name)") for name in questions[:8])
        more = f" and {len(questions) - 8} more" if len(questions) > 8 else ""
        super().__init__(
            f"{path}: holds answers to {len(questions)} questions: {shown}{more}; expected one, "
            "since answers to different questions are never pooled: labelbits pilot FILE "
            f"--question {questions[-1]!r} --out answers.parquet reads one and writes it for other "
            f"commands (in Python question={questions[-1]!r})"
        )


def decide(
    path: Path,
    said: pl.DataFrame,
    options: Options,
    rejects: Rejects,
    notes: list[str],
    scale: Iterable[str] = (),
) -> pl.DataFrame:
    """Canonical rows of `said` (columns `SAID`, of which question and others may be missing).

    Only the question that `options` names is kept. Raises `SeveralQuestionsError` where several of
    them cannot go in one table: two of one kind, or about different classes.
    """
    return pooled(path, by_question(path, said, options, rejects, notes, scale), options)


def by_question(
    path: Path,
    said: pl.DataFrame,
    options: Options,
    rejects: Rejects,
    notes: list[str],
    scale: Iterable[str] = (),
) -> dict[str, pl.DataFrame]:
    """Canonical rows of each question that `options` wants."""
    if "question" not in said.columns or said["question"].null_count() == len(said):
        own = said.drop("question", strict=False)
        return {"": _decide_one(path, "", own, options, rejects, notes, "" in set(scale))}
    said = said.with_columns(pl.col("question").fill_null(""))
    found: dict[str, pl.DataFrame] = {}
    for name in said["question"].unique(maintain_order=True).to_list():
        own = said.filter(pl.col("question") == name).drop("question")
        if not options.wants(name):
            found[name] = EMPTY
            continue
        found[name] = _decide_one(path, name, own, options, rejects, notes, name in set(scale))
    return found


def pooled(path: Path, found: Mapping[str, pl.DataFrame], options: Options) -> pl.DataFrame:
    """The questions' rows as one table, if they may be."""
    if options.question is not None and not any(options.wants(name) for name in found):
        names = [name or "(without a name)" for name in found]
        raise InputError(
            f"{path}: holds no question {options.question!r}; found {cells.shown(names, 12)}"
        )
    made = {name: table for name, table in found.items() if len(table)}
    check_one(path, list(made), list(made.values()))
    if not made:
        return EMPTY
    whole = pl.concat(made.values(), how="diagonal_relaxed")
    order = [name for name in ("row", "at") if name in whole.columns]
    return whole.sort(order, maintain_order=True)


#: No rows.
EMPTY = pl.DataFrame(schema={"signal": pl.String, "annotator": pl.String,
                             "items": pl.List(pl.String), "answer": pl.String,
                             "row": pl.Int64})  # fmt: skip


def check_one(path: Path, asked: Sequence[str], tables: Sequence[pl.DataFrame]) -> None:
    """Raise `SeveralQuestionsError` unless the questions are one, asked in different ways.

    That is so where no two are of the same kind and all name the same classes.
    """
    kinds: list[str] = []
    naming: list[set[str]] = []
    for table in tables:
        kinds.extend(table["signal"].unique().to_list())
        found = {
            name
            for signal, answer in table.select("signal", "answer").unique().iter_rows()
            if signal not in (SCORE, "rating", "similarity", "triplet") and answer is not None
            for name in classes_in(answer)
        }
        if found:
            naming.append(found)
    apart = any(not one & other for i, one in enumerate(naming) for other in naming[:i])
    if apart or len(set(kinds)) < len(kinds):
        raise SeveralQuestionsError(path, asked)


def _decide_one(
    path: Path,
    question: str,
    said: pl.DataFrame,
    options: Options,
    rejects: Rejects,
    notes: list[str],
    scale: bool,
) -> pl.DataFrame:
    """One question's answers as canonical rows."""
    distinct = said["value"].unique(maintain_order=True).to_list()
    there = [value for value in distinct if value is not None]
    missing = {
        value for value in there if value not in options.classes and cells.is_missing(value, there)
    }
    if "None" in missing:
        notes.append(
            f"{path.name}: answers 'None' count as missing: {_count(said, 'None')}; with class "
            "names (--classes) that include None they are a class"
        )
    values = {v: cells.unwrapped(cells.parsed(v)) for v in there if v not in missing}
    told = f"{path.name}: " + (f"question {question!r}: " if question else "")
    texts = {v: one for v, one in values.items() if isinstance(one, str)}
    steps = as_steps(texts.values()) if len(texts) == len(values) > 1 else None
    if steps is not None and options.signal in (None, SCORE, "rating"):
        notes.append(f"{told}{cells.shown(map(repr, steps))} are read as the numbers in them")
        values, scale = {v: steps[one] for v, one in texts.items()}, True
    signs = not options.classes and cells.are_signs(values)
    if signs:
        notes.append(
            f"{told}-1 counts as a class beside {_others(values)}: {_count(said, '-1')} answers; "
            "--classes with the other names reads it as missing, --signal score as a step"
        )
    elif "-1" in values and "-1" not in options.classes and _no_class(values):
        missing.add("-1")
        del values["-1"]
        notes.append(f"{told}answers -1 count as missing: {_count(said, '-1')}")
    for code in codes_in(values, options):
        missing.add(code)
        del values[code]
        notes.append(
            f"{told}answers {code} count as missing, as surveys write 'no answer' beside few "
            f"steps: {_count(said, code)} (--classes that name it keep it)"
        )
    values = one_spelling(said, values, options, told, notes)
    kind = "hard" if signs and not (scale or options.signal) else _kind(values, options, scale)
    if kind == "hard" and options.signal is None and not options.classes and are_far(values, said):
        kind = SCORE
        notes.append(
            f"{told}{len(values):,} different numbers of one item lie near each other more often "
            "than they are the same: they are steps and no classes (--signal hard reads classes)"
        )
    answers, items, lost = _answers(kind, values, options, told, notes)
    if kind == "ranking" and options.signal is None:
        notes.append(f"{told}answers are read as rankings of classes, the nearest first")
    if kind in ("hard", "candidates"):
        say_doubts(values, answers, told, len(said), notes)
    for value, reason in lost.items():
        bad = said.filter(pl.col("value") == value)
        for row in bad["row"]:
            rejects.add(row, reason, value)
    out = said.filter(~pl.col("value").is_in(list(lost))) if lost else said
    answer = out["value"].replace_strict(answers, default=None, return_dtype=pl.String)
    shown = pl.concat_list("item", *[pl.lit(name) for name in items])
    wanted = ("annotator", "classes", "seconds", "price", "group", "gold", "annotator_kind",
              "repeat", "id", "at", "row")  # fmt: skip
    return out.with_columns(pl.Series("answer", answer)).select(
        pl.lit(kind).alias("signal"),
        shown.alias("items"),
        "answer",
        *(name for name in wanted if name in out.columns),
    )


def _count(said: pl.DataFrame, value: str) -> str:
    return f"{int((said['value'] == value).sum()):,}"


def _others(values: Mapping[str, Any]) -> str:
    return " and ".join(sorted(value for value in values if value[:1] != "-"))


def _no_class(values: Mapping[str, Any]) -> bool:
    """Are all others whole numbers from 0, so that -1 can be no class and no step of a scale?"""
    return len(values) > 1 and all(
        isinstance(v, str) and v.isdecimal() for k, v in values.items() if k != "-1"
    )


def _kind(values: Mapping[str, Any], options: Options, scale: bool) -> str:
    """The signal of a question, from its different answers."""
    if options.signal is not None:
        return options.signal
    if any(isinstance(value, dict) for value in values.values()):
        return _kind_of_objects([v for v in values.values() if isinstance(v, dict)])
    lists = [value for value in values.values() if isinstance(value, list)]
    if are_orders(values.values()) or (len(lists) == len(values) and are_whole_orders(lists)):
        return "ranking"
    if any(len(value) != 1 for value in lists):
        return "candidates"
    said = [value[0] if isinstance(value, list) else value for value in values.values()]
    texts = [value for value in said if isinstance(value, str)]
    if mark := cells.split_by(texts):
        whole = are_whole_orders([one.split(mark) for one in texts])
        return "ranking" if whole and len(texts) == len(values) else "candidates"
    named = all(str(value) in options.classes for value in said) if options.classes else False
    if said and not named and all(cells.is_number(str(value)) for value in said):
        numbers = [float(str(value).replace(",", ".")) for value in said]
        if scale or any(x < 0 or x != round(x) for x in numbers):
            return SCORE
    return "hard"


def _kind_of_objects(objects: list[dict[str, Any]]) -> str:
    """Ticks, votes or probabilities, by their values."""
    inner = [value for one in objects for value in one.values()]
    if any("choices" in one or "taxonomy" in one for one in objects):
        several = any(len(_ticked(one)) != 1 for one in objects)
        return "candidates" if several else "hard"
    if all(isinstance(value, bool) for value in inner):
        return "candidates"
    if all(isinstance(value, int) for value in inner) and any(
        sum(one.values()) != 100 for one in objects
    ):
        return "votes"
    return "soft"


def _ticked(value: Any) -> list[str]:
    """The names that a list, an object of ticks or a Label Studio value holds."""
    if isinstance(value, dict):
        if isinstance(value.get("choices"), list):
            return _ticked(value["choices"])
        if isinstance(value.get("taxonomy"), list):
            return [path_name(path) for path in value["taxonomy"]]
        return [cells.tidy(str(name)) for name, on in value.items() if on]
    own = value if isinstance(value, list) else [value]
    found = [cells.as_text(name) for name in own]
    return list(dict.fromkeys(name for name in found if name))


def path_name(path: Any) -> str:
    """A path through a taxonomy as one class: Animal/Dog."""
    return "/".join(map(str, path)) if isinstance(path, list) else str(path)


def _answers(
    kind: str, values: Mapping[str, Any], options: Options, told: str, notes: list[str]
) -> tuple[dict[str, str], tuple[str, ...], dict[str, str]]:
    """(value -> answer as JSON, items shown beside the own, value -> why it is no answer)."""
    answers: dict[str, str] = {}
    lost: dict[str, str] = {}
    if kind in (SCORE, "rating"):
        return scale_of(kind, values, told, notes, (IDEAL,) if kind == "rating" else ())
    if kind == "candidates":
        texts = [value for value in values.values() if isinstance(value, str)]
        mark = cells.split_by(texts)
        empty = False
        for key, value in values.items():
            names = _ticked(value.split(mark) if isinstance(value, str) and mark else value)
            empty = empty or not names
            answers[key] = json.dumps(names or [NONE_OF_THEM], ensure_ascii=False)
        if options.signal is None:
            notes.append(
                f"{told}several classes are ticked in one answer, so all answers are read as "
                "candidates (--signal ranking: lists in order)"
            )
        if empty:
            notes.append(f"{told}answers that tick nothing are kept as the class {NONE_OF_THEM!r}")
        return answers, (), lost
    for key, value in values.items():
        if kind in ONE_NAME and isinstance(value, (list, dict)):
            names = _ticked(value)
            if len(names) != 1:
                lost[key] = f"names {len(names)} classes; expected one, as {kind} asks"
                continue
            value = names[0]
        if kind == "ranking":
            order = order_in(value, told=True)
            if order is None:
                lost[key] = "is no order of different names (no ties)"
                continue
            value = order
        if kind in BARE and isinstance(value, str):
            answers[key] = value
        else:
            answers[key] = json.dumps(value, ensure_ascii=False)
    return answers, (), lost


#: Signals whose answers are numbers or truth values: their text is JSON already.
BARE = ("triplet", "quadruplet", "odd-one-out", "contrastive", "similarity", "verify", "same-class")
