"""The one place where HTML is made: jinja2 with every text escaped, and scripts that are known.

Data reaches a page as JSON in elements of type application/json, which no browser runs; a policy in
the page names the scripts that may run by their hashes, so that nothing else does.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import jinja2
import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from labelbits.speech import printable

HERE = Path(__file__).parent
STYLE = (HERE / "style.css").read_text(encoding="utf-8")
SCRIPT = (HERE / "script.js").read_text(encoding="utf-8")
#: What ends a script element, opens a comment in one, or ends a line where JavaScript sees one; and
#: what ends an attribute in single quotes.
UNSAFE = {
    "'": "\\u0027", "<": "\\u003c", ">": "\\u003e", "&": "\\u0026",
    "\u2028": "\\u2028", "\u2029": "\\u2029",
}  # fmt: skip


def json_text(value: Any) -> Markup:
    """`value` as JSON that is safe inside a script element, and inside an attribute in single
    quotes; figures of plotly are taken whole."""
    whole = value.to_json() or "{}" if isinstance(value, go.Figure) else json.dumps(value)
    for character, escaped in UNSAFE.items():
        whole = whole.replace(character, escaped)
    return Markup(whole)  # nothing that HTML reads as markup is left in it


@functools.cache
def scripts() -> tuple[str, ...]:
    """The scripts of a page that stands alone: plotly's own bundle, ours."""
    return (get_plotlyjs(), SCRIPT)


@functools.cache
def policy() -> str:
    """The content security policy of a page that stands alone: these scripts, no network."""
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts())
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _shown(value: Any) -> Any:
    """Text without characters that a browser would obey, such as marks that turn its direction."""
    return printable(value) if type(value) is str else value


def environment(folder: Path) -> jinja2.Environment:
    """Templates in `folder` beside those of the report; every value is escaped."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, HERE / "templates"]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["json_text"] = json_text
    return made


@functools.cache
def _pages() -> jinja2.Environment:
    return environment(HERE / "templates")


def standing_alone(template: str, **values: Any) -> str:
    """A page that opens without a network, from a template of the report."""
    return (
        _pages()
        .get_template(template)
        .render(
            style=Markup(STYLE),  # ours
            scripts=[Markup(script) for script in scripts()],  # plotly's and ours
            policy=policy(),
            **values,
        )
    )
