"""What the published schema says of a plan.json."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from labelbits.planning import plan_schema


def faults(document: dict[str, Any]) -> list[str]:
    """Where the document, written and read again, breaks the schema (empty: nowhere)."""
    read = json.loads(json.dumps(document, allow_nan=False))
    found = Draft202012Validator(plan_schema()).iter_errors(read)
    return sorted(f"{one.json_path}: {one.message[:200]}" for one in found)
