"""Questions of a foreign Label Studio project, by the type of each result.

One choice is `hard`, several are `candidates`, a ranker is `ranking`, a number for each class is
`soft`; a pairwise choice is a `triplet` and a rating or number of one item a comparison with the
ideal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labelbits.answers.export.label_studio_results import NotAnswered
from labelbits.answers.formats.reader import Options, as_number, scalar_name
from labelbits.answers.table.columns import IDEAL

#: Data keys that name the item, in order of preference.
ITEM_KEYS = ("item", "item_id", "name", "image", "text", "audio", "video", "html", "url")
ANCHORS = ("anchor", "head", "reference", "query", "prompt")
#: The signal of a choice before it is known whether the question takes one tick or several.
OPEN = "open"
#: The question that one number for each class answers.
SOFT = "(numbers)"
#: Signal, items, classes asked about, answer.
Question = tuple[str, list[str], list[str] | None, Any]


def guess(
    task: str,
    data: Mapping[str, Any],
    found: Mapping[str, list[tuple[str, Any]]],
    options: Options,
    assumed: set[str],
) -> Iterator[tuple[str, str, list[str], list[str] | None, Any]]:
    """(question, signal, items, classes, answer) of a foreign project, by the type of each result.

    Choices have the signal `OPEN`: one tick or several, all answers to the question decide.
    """
    item = item_name(task, data)
    numbers: dict[str, float] = {}
    for name, pairs in found.items():
        for to_name, value in pairs:
            if "choices" in value or "taxonomy" in value:
                key = "choices" if "choices" in value else "taxonomy"
                picked = value[key]
                names = None
                if isinstance(picked, list):
                    names = [_choice(entry) for entry in picked]
                if names is None or None in names:
                    wrong = NotAnswered(f"{key} are no list of names", picked)
                    yield name, OPEN, [item], None, wrong
                else:
                    yield name, OPEN, [item], None, names
            elif "selected" in value:
                assumed.add(f"pairwise choices are read as triplets (anchor {IDEAL!r} if none)")
                yield name, *_pair(to_name, data, value["selected"])
            elif "ranker" in value:
                ranked = value["ranker"]
                ranked = next(iter(ranked.values()), None) if isinstance(ranked, dict) else ranked
                names = [entry_name(entry) for entry in ranked] if isinstance(ranked, list) else []
                bad = not names or None in names
                wrong = NotAnswered("ranker is no list of names", value["ranker"])
                yield name, "ranking", [item], None, wrong if bad else names
            elif "rating" in value:
                assumed.add(f"ratings of one item are read as nearness to {IDEAL!r}")
                yield name, "rating", [item, IDEAL], None, value["rating"]
            elif "number" in value:
                if (amount := as_number(value["number"])) is None:
                    wrong = NotAnswered("number is no number", value["number"])
                    yield name, "soft", [item], None, wrong
                else:
                    numbers[name] = amount
            elif is_region(value):
                assumed.add("regions, spans and texts are no answers of a known kind: left out")
            else:
                yield name, "", [item], None, NotAnswered("unknown type of result", value)
    if len(numbers) > 1:
        yield SOFT, "soft", [item], None, numbers
    elif numbers:
        assumed.add(f"a number about one item is read as a distance from {IDEAL!r}")
        name, amount = next(iter(numbers.items()))
        yield name, "similarity", [item, IDEAL], None, amount


def _choice(entry: Any) -> str | None:
    """A choice, or a path through a taxonomy: Animal/Dog."""
    if isinstance(entry, list):
        steps = [scalar_name(step) for step in entry]
        return None if not steps or None in steps else "/".join(str(step) for step in steps)
    return scalar_name(entry)


def is_region(value: Mapping[str, Any]) -> bool:
    """A region of an image, a span of a text, or a text: nothing that a signal models."""
    return "text" in value or "start" in value or any(
        key in value for key in ("x", "points", "format", "rle", "keypointlabels")
    )  # fmt: skip


def controls_in(found: Mapping[str, list[tuple[str, Any]]]) -> int:
    """Controls that were used; the numbers of one soft label are one control."""
    numbers = sum(all("number" in value for _, value in pairs) for pairs in found.values())
    return len(found) - max(0, numbers - 1)


def _pair(to_name: str, data: Mapping[str, Any], selected: Any) -> Question:
    """A pairwise choice: (anchor, left, right) from the task's data."""
    if selected not in ("left", "right"):
        return "triplet", [], None, NotAnswered("selected is neither left nor right", selected)
    values = {key: name for key, value in data.items() if (name := scalar_name(value))}
    sides = [side for side in to_name.split(",") if side in values]
    if len(sides) != 2:
        sides = [key for key in ("left", "right") if key in values]
    if len(sides) != 2:
        sides = [key for key in values if key not in ANCHORS and key != "id"][:2]
    if len(sides) != 2:
        return "triplet", [], None, NotAnswered("the task does not show two things", dict(values))
    anchor = next((values[key] for key in ANCHORS if key in values), IDEAL)
    answer = 0 if selected == "left" else 1
    return "triplet", [anchor, values[sides[0]], values[sides[1]]], None, answer


def entry_name(entry: Any) -> str | None:
    """A ranked entry: a name, or an object with an id."""
    if isinstance(entry, dict):
        entry = entry.get("id", entry.get("title"))
    return scalar_name(entry)


def item_name(task: str, data: Mapping[str, Any]) -> str:
    """What the task is about: a telling key, the only text, or else the task's number."""
    for key in ITEM_KEYS:
        if (name := scalar_name(data.get(key))) and len(name) <= 500:
            return name
    texts = [name for key, value in data.items() if key != "id" and (name := scalar_name(value))]
    return texts[0] if len(texts) == 1 and len(texts[0]) <= 500 else task
