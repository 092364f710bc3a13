"""plan.json obeys the schema that ships with the package, and the schema tells what does not."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from labelbits.interface import PLAN_FORMAT
from labelbits.planning import Plan, plan, plan_schema
from labelbits.planning.advice.advise import advise
from labelbits.planning.result import Assumption
from labelbits.report import write_plan
from labelbits.report.run import PLAN, document
from tests.planning.conftest import BASE, write_files
from tests.planning.schema import faults


def test_it_is_a_schema_of_the_draft_that_it_names_and_of_this_format() -> None:
    schema = plan_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["format"]["const"] == PLAN_FORMAT
    # Every key is described by a type of its own: none is open by an oversight.
    assert set(schema["required"]) == set(schema["properties"])
    option = schema["$defs"]["option"]
    assert set(option["required"]) == set(option["properties"])


def test_a_plan_of_labels_obeys_it_as_written(made: Plan, tmp_path: Path) -> None:
    write_plan(made, tmp_path)
    written = json.loads((tmp_path / PLAN).read_text(encoding="utf-8"))
    assert next(iter(written)) == "format"
    assert faults(written) == []
    assert written["items_file"] in written["files"]


def test_a_plan_of_alignment_obeys_it(simulated: Plan) -> None:
    found = document(simulated)
    assert found["metric"] == "alignment"
    assert faults(found) == []


def test_a_plan_of_macro_f1_with_a_target_obeys_it(tmp_path: Path) -> None:
    text = BASE + '\n[goal]\nmetric = "macro-f1"\ntarget = 0.9\n'
    found = document(plan(write_files(tmp_path, text), seed=0))
    assert found["metric"] == "macro-f1"
    assert found["recommendation"]["cheapest_for_target"]["quality"] >= 0.9
    assert faults(found) == []


def test_what_is_not_known_is_null_and_obeys_it(made: Plan) -> None:
    curves = [replace(curve, bits=None) for curve in made.curves]
    assumed = [Assumption("unknown", math.nan, "s", "nobody"), Assumption("how", "so", "", "")]
    extras = {"seed": 0, "target": 0.9999}
    found = document(advise("accuracy", curves, made.terms, assumed, [], extras))
    assert {option["bits"] for option in found["options"]} == {None}
    assert found["recommendation"]["cheapest_for_target"] is None
    assert [one["value"] for one in found["assumptions"]] == [None, "so"]
    assert found["classes"] is None
    assert faults(found) == []


def _set(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(found: Any) -> None:
        *way, last = path
        for key in way:
            found = found[key]
        found[last] = to

    return change


def _drop(*path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(found: Any) -> None:
        *way, last = path
        for key in way:
            found = found[key]
        del found[last]

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_set("format", to=2), "$.format"),
        (_drop("format"), "$"),
        (_drop("files"), "$"),
        (_set("metric", to=3), "$.metric"),
        (_set("surprise", to=1), "$"),
        (_set("budget", to="20"), "$.budget"),
        (_set("interval_level", to=90), "$.interval_level"),
        (_set("run", to="latest"), "$.run"),
        (_set("files", "options.csv", to="abc"), "$.files['options.csv']"),
        (_set("options", to=[]), "$.options"),
        (_drop("options", 0, "low"), "$.options[0]"),
        (_set("options", 0, "quality", to=None), "$.options[0].quality"),
        (_set("options", 0, "items", to=1.5), "$.options[0].items"),
        (_set("options", 0, "price", to=1.0), "$.options[0]"),
        (_set("crossovers", 0, "interval", to=[1.0]), "$.crossovers[0].interval"),
        (_drop("assumptions", 0, "source"), "$.assumptions[0]"),
        (_set("warnings", to=[{"text": "no"}]), "$.warnings[0]"),
        (_drop("recommendation", "sentence"), "$.recommendation"),
        (_set("recommendation", "interval", to=[0.1, 0.2, 0.3]), "$.recommendation.interval"),
        (_set("recommendation", "purchases", to=[]), "$.recommendation.purchases"),
        (_drop("recommendation", "purchases", 0, "cost"), "$.recommendation.purchases[0]"),
    ],
)
def test_a_broken_plan_is_told_where(
    made: Plan, change: Callable[[dict[str, Any]], None], place: str
) -> None:
    found = copy.deepcopy(document(made))
    assert faults(found) == []
    change(found)
    wrong = faults(found)
    assert len(wrong) == 1
    assert wrong[0].startswith(f"{place}: ")


def test_what_a_later_version_may_add_is_let_through(made: Plan) -> None:
    found = copy.deepcopy(document(made))
    found["extras"]["new"] = found["recommendation"]["new"] = {"a": [1]}
    found["recommendation"]["purchases"][0]["new"] = True
    assert faults(found) == []
