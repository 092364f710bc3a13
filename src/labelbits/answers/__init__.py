"""What was said: annotation files in and out, as one canonical table."""

from __future__ import annotations

from labelbits.answers.export.export import export_plan
from labelbits.answers.formats.language_models import ModelPrice
from labelbits.answers.reading import read_answers
from labelbits.answers.writing import write_answers

__all__ = ["ModelPrice", "export_plan", "read_answers", "write_answers"]
