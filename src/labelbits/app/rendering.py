"""Pages and pieces of pages, from the templates here and those of the report."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from labelbits.report.blocks import Section
from labelbits.report.templating import environment

HERE = Path(__file__).parent


@functools.cache
def pages() -> jinja2.Environment:
    """The templates of the page beside those of the report; every value is escaped."""
    return environment(HERE / "templates")


def rendered(template: str, **values: Any) -> str:
    """One page as text."""
    return pages().get_template(template).render(**values)


def fragment(sections: Sequence[Section]) -> str:
    """Sections as a piece of HTML that a page takes in: no script in it runs, figures are data."""
    return rendered("fragment.html", sections=sections)
