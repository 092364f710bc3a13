"""Answers with a Croissant 1.1 description: how many annotators an item had, how far they agree,
where and in what time they answered (the annotation fields of Croissant's RAI vocabulary).

Sources: the Croissant format 1.1 and the Croissant RAI vocabulary 1.0 (MLCommons).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from labelbits.answers.formats.detect import READERS
from labelbits.answers.table.preferences import things_in
from labelbits.interface import NOBODY, Answers

#: The file of answers beside the description.
TABLE = "answers.csv"
#: The names that the JSON-LD of Croissant 1.1 gives to its terms.
CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn", "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"}, "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract",
    "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "isArray": "cr:isArray", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath",
    "key": "cr:key", "md5": "cr:md5", "name": {"@container": "@language"},
    "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
    "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated",
    "replace": "cr:replace", "samplingRate": "cr:samplingRate", "sc": "https://schema.org/",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField",
    "transform": "cr:transform",
}  # fmt: skip
#: Parts of `agreement` in words.
AGREEING = {
    "between": "between annotators",
    "repeat": "of annotators with themselves",
    "alpha": "Krippendorff's alpha",
}
TYPES = {"seconds": "sc:Float", "price": "sc:Float"}
MEANT = {
    "signal": "the kind of question that was asked",
    "annotator": "who answered",
    "items": "the items that the question showed, apart by |",
    "answer": "the answer as JSON text",
    "seconds": "seconds that the answer took",
    "price": "what the answer cost",
}


def files(answers: Answers, facts: Mapping[str, Any]) -> dict[str, str | bytes]:
    """`croissant.json` and the table that it describes; `facts` are those of `pilot --json`."""
    names = [name for name in MEANT if name in answers.table.columns]
    table = answers.table.select(names).with_columns(pl.col("items").list.join("|"))
    made = io.BytesIO()
    table.write_csv(made)
    data = made.getvalue()
    described = description(answers, facts, names, hashlib.sha256(data).hexdigest(), len(data))
    return {TABLE: data, "croissant.json": json.dumps(described, indent=2, ensure_ascii=False)}


def description(
    answers: Answers, facts: Mapping[str, Any], names: list[str], digest: str, size: int
) -> dict[str, Any]:
    """The JSON-LD document."""
    record = "answers"
    fields = [
        {
            "@type": "cr:Field", "@id": f"{record}/{name}", "name": f"{record}/{name}",
            "description": MEANT[name], "dataType": TYPES.get(name, "sc:Text"),
            "source": {"fileObject": {"@id": TABLE}, "extract": {"column": name}},
        }
        for name in names
    ]  # fmt: skip
    shown = ", ".join(str(one) for one in facts.get("files", ()))
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1",
                       "http://mlcommons.org/croissant/RAI/1.0"],
        "name": "answers",
        "description": f"{len(answers):,} answers about {things_in(answers.items):,} items, "
        f"from {shown}",
        **annotation(answers, facts),
        "distribution": [
            {"@type": "cr:FileObject", "@id": TABLE, "name": TABLE, "contentUrl": TABLE,
             "encodingFormat": "text/csv", "sha256": digest, "contentSize": f"{size} B"},
        ],
        "recordSet": [
            {"@type": "cr:RecordSet", "@id": record, "name": record, "field": fields},
        ],
    }  # fmt: skip


def annotation(answers: Answers, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The annotation fields, as far as the answers tell them; nothing is invented."""
    table = answers.table.with_columns(pl.col("items").list.join("|"))
    known = table.filter(pl.col("annotator") != NOBODY)
    each = table.group_by("signal", "items").len()["len"]
    told = f"{each.mean():.2f} answers an item on average ({each.min()} to {each.max()})"
    if len(known):
        people = known.group_by("items").agg(pl.col("annotator").n_unique())["annotator"]
        told = (
            f"{people.mean():.2f} annotators an item on average ({people.min()} to "
            f"{people.max()}), {known['annotator'].n_unique():,} annotators in all; {told}"
        )
    signals: Mapping[str, Any] = facts.get("signals", {})
    readers = [READERS[name] for name in facts.get("formats", ()) if name in READERS]
    platforms = dict.fromkeys(one.platform for one in readers if one.platform)
    lost = facts.get("dropped", {}).get("rows", 0)
    found: dict[str, Any] = {
        "rai:annotationsPerItem": told,
        "rai:dataAnnotationProtocol": [_asked(name, one, answers) for name, one in signals.items()],
        "rai:dataAnnotationAnalysis": [
            line for n, o in signals.items() for line in _measured(n, o)
        ],
        "rai:dataCollectionMissingData": f"{lost:,} rows could not be read and were left out",
    }
    if platforms:
        found["rai:dataAnnotationPlatform"] = list(platforms)
    if facts.get("models"):
        found["rai:machineAnnotationTools"] = list(facts["models"])
    return {key: value for key, value in found.items() if value}


def _asked(name: str, one: Mapping[str, Any], answers: Answers) -> str:
    text = f"{one['answers']:,} answers of the kind {name}, about {one['items']:,} items"
    if answers.classes and one.get("confusion"):
        text += f"; classes: {', '.join(answers.classes[:50])}"
    if (took := one.get("seconds")) and took.get("answers"):
        text += (
            f"; an answer took {took['median']:.3g} seconds (median; 10 to 90 %: "
            f"{took['p10']:.3g} to {took['p90']:.3g})"
        )
    return text


def _measured(name: str, one: Mapping[str, Any]) -> list[str]:
    """Agreement, with intervals, as `pilot` measures it."""
    lines = []
    agreement = one.get("agreement") or {}
    for key, words in AGREEING.items():
        value = agreement.get(key)
        if isinstance(value, Mapping) and value.get("value") is not None:
            what = words if key == "alpha" else f"{agreement.get('measure', 'agreement')} {words}"
            lines.append(
                f"{name}: {what} {value['value']:.3f} (interval {value['low']:.3f} to "
                f"{value['high']:.3f})"
            )
    return lines
