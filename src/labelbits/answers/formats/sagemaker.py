"""SageMaker Ground Truth: output manifests, workers' responses, consolidation requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from labelbits.answers.files.json_files import json_elements, loads
from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats.collecting import Rows
from labelbits.answers.formats.reader import (
    Kind,
    Options,
    Probe,
    Reader,
    as_number,
    scalar_name,
)
from labelbits.answers.formats.stamps import point
from labelbits.answers.table.columns import Parsed
from labelbits.interface import NOBODY

SOURCES = ("source-ref", "source")


def read_manifest(path: Path, kind: Kind, options: Options) -> Parsed:
    """Consolidated labels, one an item and a job: several workers made each, whom it hides."""
    rejects, notes, rows = Rejects(), [], Rows()
    for number, record in json_elements(path, rejects, notes):
        source = next((record[k] for k in SOURCES if k in record), None) if isinstance(
            record, Mapping
        ) else None  # fmt: skip
        item = scalar_name(source)
        if not isinstance(record, Mapping) or item is None:
            rejects.add(number, "no line of a manifest; expected source-ref", record)
            continue
        found = 0
        for key, metadata in record.items():
            job = str(key).removesuffix("-metadata")
            if job == key or not isinstance(metadata, Mapping):
                continue
            found += 1
            if metadata.get("human-annotated", "yes") != "yes":
                rejects.add(number, f"label {job} is a model's (human-annotated: no)", job)
                continue
            value = _consolidated(record.get(job), metadata)
            if value is None:
                rejects.add(number, f"label {job} is no class", record.get(job))
                continue
            rows.ask(number, NOBODY, item, value, question=job)
        if not found:
            rejects.add(number, "line holds no label yet", record)
    notes.append(
        f"{path.name}: a manifest holds consolidated labels: who said what is in the workers' "
        "responses"
    )
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def _consolidated(value: Any, metadata: Mapping[str, Any]) -> Any:
    """A class name, several, or None for boxes and the like."""
    if isinstance(several := metadata.get("class-map"), Mapping):
        if isinstance(value, list):
            return [scalar_name(name) for name in several.values()]
        return None
    name = scalar_name(metadata.get("class-name"))
    return name if name is not None else scalar_name(value)


def read_responses(path: Path, kind: Kind, options: Options) -> Parsed:
    """One file an item: the answers of its workers, with their times."""
    rejects, notes, rows = Rejects(), [], Rows()
    for number, record in json_elements(path, rejects, notes):
        answers = record.get("answers") if isinstance(record, Mapping) else None
        if not isinstance(answers, list):
            rejects.add(number, "no worker response; expected answers", record)
            continue
        for answer in answers:
            if not isinstance(answer, Mapping):
                rejects.add(number, "answer is not an object", answer)
                continue
            seconds = as_number(answer.get("timeSpentInSeconds"))
            if seconds is None:
                ends = [answer.get(key) for key in ("acceptanceTime", "submissionTime")]
                times = [point(end) if isinstance(end, str) else None for end in ends]
                whole = times[0] is not None and times[1] is not None
                seconds = times[1] - times[0] if whole else None  # type: ignore[operator]
            _contents(
                number, path.stem, scalar_name(answer.get("workerId")) or NOBODY,
                answer.get("answerContent"), seconds, rows, rejects,
            )  # fmt: skip
    notes.append(f"{path.name}: the file is about one item, which is named {path.stem!r} after it")
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def read_consolidation(path: Path, kind: Kind, options: Options) -> Parsed:
    """What a consolidation function is sent: every worker's answer on every item."""
    rejects, notes, rows = Rejects(), [], Rows()
    for number, record in json_elements(path, rejects, notes):
        annotations = record.get("annotations") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(annotations, list):
            rejects.add(number, "no item of a request; expected annotations", record)
            continue
        source = record.get("dataObject")
        named = source if isinstance(source, Mapping) else {}
        item = scalar_name(named.get("s3Uri")) or scalar_name(named.get("content"))
        item = item or scalar_name(record.get("datasetObjectId")) or str(number)
        for annotation in annotations:
            data = annotation.get("annotationData") if isinstance(annotation, Mapping) else None
            if not isinstance(annotation, Mapping) or not isinstance(data, Mapping):
                rejects.add(number, "annotation without data", annotation)
                continue
            content = data.get("content")
            try:
                content = loads(content) if isinstance(content, str) else content
            except ValueError:
                content = None
            who = scalar_name(annotation.get("workerId")) or NOBODY
            _contents(number, item, who, content, None, rows, rejects)
    return Parsed(rows.table(path, options, rejects, notes), rejects, notes=notes)


def _contents(
    number: int, item: str, who: str, content: Any, seconds: float | None, rows: Rows,
    rejects: Rejects,
) -> None:  # fmt: skip
    """The answers in a worker's content: one for each element of the form."""
    found = list(_named(content))
    if not found:
        rejects.add(number, "answer holds no class", content)
    for question, value in found:
        share = None if seconds is None or seconds < 0 else seconds / len(found)
        rows.ask(number, who, item, value, question=question, seconds=share)


def _named(content: Any) -> Iterator[tuple[str, Any]]:
    """{element: {"label": name}}, {"labels": [...]}, {"name": true}, or a plain name."""
    for element, inside in content.items() if isinstance(content, Mapping) else ():
        if isinstance(inside, Mapping):
            label = inside.get("label", inside.get("labels"))
            if label is None and inside and all(isinstance(v, bool) for v in inside.values()):
                label = [str(name) for name, on in inside.items() if on]
                yield str(element), label[0] if len(label) == 1 else label
                continue
            if isinstance(label, (str, int, float, list)) and not isinstance(label, bool):
                yield str(element), label
        elif scalar_name(inside) is not None:
            yield str(element), scalar_name(inside)


def is_manifest(probe: Probe) -> bool:
    """source-ref (or source) and a key that ends in -metadata."""
    return probe.kind == "json" and any(
        isinstance(value, Mapping)
        and any(key in value for key in SOURCES)
        and any(str(key).endswith("-metadata") for key in value)
        for value in probe.elements
    )


def is_responses(probe: Probe) -> bool:
    """`answers` with workerId and answerContent."""
    return probe.kind == "json" and any(
        isinstance(value, Mapping)
        and isinstance(value.get("answers"), list)
        and any(isinstance(a, Mapping) and "answerContent" in a for a in value["answers"])
        for value in probe.elements
    )


MANIFEST = Reader(
    "sagemaker-manifest",
    "SageMaker Ground Truth output manifest",
    is_manifest,
    read_manifest,
    platform="Amazon SageMaker",
)
RESPONSES = Reader(
    "sagemaker-responses",
    "SageMaker Ground Truth worker responses",
    is_responses,
    read_responses,
    platform="Amazon SageMaker",
)
CONSOLIDATION = Reader(
    "sagemaker-consolidation",
    "SageMaker Ground Truth consolidation request",
    lambda probe: probe.kind == "json" and probe.has("datasetObjectId", "annotations"),
    read_consolidation,
    platform="Amazon SageMaker",
)
