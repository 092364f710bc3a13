"""An Argilla 2 dataset on disk: what `rg.Dataset.from_disk` loads, and how to load it.

A record's metadata say what was asked (`labelbits`), so that the finished export is read back
exactly (`answers.formats.argilla`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from labelbits.answers.export.label_studio import heading, what_next
from labelbits.answers.export.label_studio_results import CONTROL, names_several
from labelbits.answers.export.projects import Project

#: The largest step of an Argilla rating: soft labels are given in tenths.
TENTHS = 10
#: The metadata property that says what was asked, and its longest value.
ASKED = "labelbits"


def files(project: Project) -> dict[str, str | bytes]:
    """The files of one purchase."""
    return {
        ".argilla/settings.json": _json(settings(project)),
        ".argilla/dataset.json": _json({"name": f"labelbits-{project.name}"}),
        "records.json": _json([_record(task, place) for place, task in enumerate(project.tasks)]),
        "README.md": (
            f"{heading(project)}"
            "```python\n"
            "import argilla as rg\n\n"
            'client = rg.Argilla(api_url="ADDRESS", api_key="KEY")\n'
            'dataset = rg.Dataset.from_disk("THIS FOLDER", client=client)\n'
            "```\n\n"
            'When it is done: `dataset.records.to_json("done.json")`.\n'
            f"   {what_next('done.json')}"
        ),
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def settings(project: Project) -> dict[str, Any]:
    """Fields, questions, metadata and annotators of each record, as `Settings.from_json` reads."""
    shown = sorted({key for task in project.tasks[:1] for key in task["data"]} - {"class_list"})
    kind = "image" if project.kind == "image" else "text"
    fields = [
        {
            "name": key, "title": key.replace("_", " "), "required": True,
            "settings": {"type": kind} if kind == "image" and key.startswith("item_")
            else {"type": "text", "use_markdown": False},
        }
        for key in shown
        if key != ASKED
    ]  # fmt: skip
    return {
        "guidelines": project.question,
        "questions": _questions(project),
        "fields": fields,
        "vectors": [],
        "metadata": [
            {"name": ASKED, "title": "what was asked", "settings": {"type": "terms"},
             "visible_for_annotators": False},
        ],
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": project.repeats},
        "mapping": None,
    }  # fmt: skip


def _record(task: Mapping[str, Any], place: int) -> dict[str, Any]:
    data = task["data"]
    fields = {key: str(v) for key, v in data.items() if key not in (ASKED, "class_list")}
    return {
        "id": str(place),
        "fields": fields,
        "metadata": {ASKED: json.dumps(data[ASKED], ensure_ascii=False)},
        "responses": {},
        "suggestions": {},
        "vectors": {},
    }


def _question(name: str, title: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "title": title, "required": True, "settings": {"type": kind, **more}}


def _options(values: list[str]) -> list[dict[str, Any]]:
    return [{"value": one, "text": one} for one in values]


def _questions(project: Project) -> list[dict[str, Any]]:
    """The form of the question (`Signal.form`) as Argilla's questions."""
    signal, classes, asked = project.signal, project.classes, project.question
    if signal.form == "choices":
        yes_no = signal.outcomes(5) == 2
        several = names_several(signal)
        kind = "multi_label_selection" if several else "label_selection"
        names = ["Yes", "No"] if yes_no else classes
        return [_question(CONTROL, asked, kind, options=_options(names), visible_options=None)]
    if signal.form == "ranker":
        return [_question(CONTROL, asked, "ranking", options=_options(classes))]
    if signal.form == "numbers":
        tenths = [{"value": k} for k in range(TENTHS + 1)]
        return [
            _question(f"{CONTROL}-{k}", f"{name}, tenths", "rating", options=tenths)
            for k, name in enumerate(classes)
        ]
    if signal.form == "pairwise":
        names = ["left", "right"]
        return [_question(CONTROL, asked, "label_selection", options=_options(names),
                          visible_options=None)]  # fmt: skip
    if signal.form == "pick":
        count = len(getattr(signal, "pairs", ())) or signal.arity
        names = [str(place) for place in range(1, count + 1)]
        return [_question(CONTROL, asked, "label_selection", options=_options(names),
                          visible_options=None)]  # fmt: skip
    if signal.form == "rating":
        steps = [{"value": k} for k in range(1, int(signal.outcomes(2)) + 1)]
        return [_question(CONTROL, asked, "rating", options=steps)]
    return [_question(CONTROL, f"{asked} (a number)", "text", use_markdown=False)]


def as_values(form: str, responses: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Responses to the questions above as the values that `answer_of` reads."""
    made: dict[str, dict[str, Any]] = {}
    for name, value in responses.items():
        if form == "numbers":
            made[name] = {"number": value / TENTHS if isinstance(value, (int, float)) else value}
        elif form == "ranker":
            ranked = [one for one in value if isinstance(one, Mapping)] if value else []
            ranked.sort(key=lambda one: one.get("rank") or 0)
            made[name] = {"ranker": {"rank": [one.get("value") for one in ranked] or value}}
        elif form == "pairwise":
            made[name] = {"selected": value}
        elif form in ("rating", "number"):
            made[name] = {form: value}
        else:
            made[name] = {"choices": value if isinstance(value, list) else [value]}
    return made
