"""A folder that `datasets.load_from_disk` loads: items to label, or answers, with class labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from labelbits.answers.export.projects import Project
from labelbits.interface import Answers

#: The number of a class label that nobody has given yet, as `datasets` has it.
NO_LABEL = -1


def of_project(project: Project) -> dict[str, str | bytes]:
    """The items of one purchase: their names, what is shown, and an empty label."""
    rows = [task["data"] for task in project.tasks]
    told = [row["labelbits"] for row in rows]
    columns: dict[str, list[Any]] = {"items": [one["items"] for one in told]}
    for key in sorted({key for row in rows for key in row} - {"labelbits", "class_list"}):
        columns[key] = [str(row.get(key, "")) for row in rows]
    names = list(project.classes) if project.signal.uses_classes else []
    if names:
        columns["label"] = [NO_LABEL] * len(rows)
    return _folder(columns, {"label": names} if names else {})


def of_answers(answers: Answers, facts: Mapping[str, Any]) -> dict[str, str | bytes]:
    """Answers, a row each: item, annotator, label (where one class is named), seconds."""
    del facts
    table = answers.table
    kinds = table["signal"].unique().to_list()
    columns: dict[str, list[Any]] = {"signal": table["signal"].to_list()}
    if (table["items"].list.len() == 1).all():
        columns["item"] = table["items"].list.first().to_list()
    else:
        columns["items"] = table["items"].to_list()
    columns["annotator"] = table["annotator"].to_list()
    classes = list(answers.classes)
    if kinds == ["hard"] and classes:
        number = {name: k for k, name in enumerate(classes)}
        said = [json.loads(one) for one in table["answer"]]
        columns["label"] = [number.get(str(one), NO_LABEL) for one in said]
    else:
        columns["answer"] = table["answer"].to_list()
    for name in ("seconds", "price"):
        if name in table.columns:
            columns[name] = table[name].to_list()
    return _folder(columns, {"label": classes} if "label" in columns else {})


def _feature(column: Sequence[Any], names: Sequence[str]) -> tuple[pa.DataType, dict[str, Any]]:
    """(the Arrow type, the feature as `datasets` names it)."""
    if names:
        return pa.int64(), {"names": list(names), "_type": "ClassLabel"}
    first = next((one for one in column if one is not None), "")
    if isinstance(first, list):
        inner = {"dtype": "string", "_type": "Value"}
        return pa.list_(pa.string()), {"feature": inner, "_type": "List"}
    if isinstance(first, float):
        return pa.float64(), {"dtype": "float64", "_type": "Value"}
    return pa.string(), {"dtype": "string", "_type": "Value"}


def _folder(columns: Mapping[str, list[Any]], names: Mapping[str, Sequence[str]]) -> dict[
    str, str | bytes
]:  # fmt: skip
    made = {key: _feature(column, names.get(key, ())) for key, column in columns.items()}
    features = {key: feature for key, (_, feature) in made.items()}
    stored = json.dumps({"info": {"features": features}})
    schema = pa.schema(
        [pa.field(key, kind) for key, (kind, _) in made.items()],
        metadata={b"huggingface": stored.encode()},
    )
    arrays = [pa.array(columns[key], type=kind) for key, (kind, _) in made.items()]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(pa.table(arrays, schema=schema))
    data = sink.getvalue().to_pybytes()
    file = "data-00000-of-00001.arrow"
    state = {
        "_data_files": [{"filename": file}],
        "_fingerprint": hashlib.sha256(data).hexdigest()[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
    info = {"citation": "", "description": "", "features": features, "homepage": "", "license": ""}
    return {
        file: data,
        "dataset_info.json": json.dumps(info, indent=2),
        "state.json": json.dumps(state, indent=2),
    }
