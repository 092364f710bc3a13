"""One name for one thing: no text that users see has a word that the glossary replaces."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import labelbits

SOURCE = Path(labelbits.__file__).parent
DOCS = Path(__file__).parents[1] / "docs"


def glossary() -> dict[str, str]:
    """Each word that is not used here, and the word that is."""
    rows = re.findall(
        r"^\| ([^|]+) \| [^|]+ \|([^|]*)\|$",
        (DOCS / "glossary.md").read_text(encoding="utf-8"),
        re.M,
    )
    return {
        other.strip(): word.strip()
        for word, others in ((word, others) for word, others in rows if word.strip() != "word")
        for other in others.split(",")
        if other.strip()
    }


def found(text: str) -> list[str]:
    """The words of `text` that the glossary replaces."""
    words = "|".join(map(re.escape, glossary()))
    return re.findall(rf"\b(?:{words})s?\b", " ".join(text.split()), re.IGNORECASE)


def sentences(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) of every literal with a space in it that is no docstring."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (p.value for p in node.values if isinstance(p, ast.Constant))
            yield node.lineno, "x".join(map(str, parts))
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
            and " " in node.value
        ):
            yield node.lineno, node.value


@pytest.mark.parametrize(
    "place",
    [
        "report", "app", "commands", "planning", "answers", "annotators", "recovery", "items",
        "metrics", "learning", "first_plan.py", "own_tables.py", "notebook.py", "assumed.py",
    ],
)  # fmt: skip
def test_no_text_of_the_program_has_a_second_name_for_a_thing(place: str) -> None:
    wrong = []
    looked_at = SOURCE / place
    for path in [looked_at] if looked_at.is_file() else sorted(looked_at.rglob("*.py")):
        if path.parent.name == "formats":  # names of other people's columns
            continue
        for line, text in sentences(ast.parse(path.read_text(encoding="utf-8"))):
            wrong += [f"{path.name}:{line}: {word}" for word in found(text)]
    for path in sorted(looked_at.rglob("*.html")):
        wrong += [f"{path.name}: {word}" for word in found(path.read_text(encoding="utf-8"))]
    assert wrong == []


@pytest.mark.parametrize("page", ["README.md", "docs/planning.md", "docs/choosing.md"])
def test_no_page_for_users_has_a_second_name_for_a_thing(page: str) -> None:
    text = (DOCS.parent / page).read_text(encoding="utf-8")
    assert found(re.sub(r"```.*?```", "", text, flags=re.S)) == []


def test_the_glossary_finds_what_it_replaces() -> None:
    """The control of the tests above."""
    assert len(glossary()) > 10
    assert glossary()["way of asking"] == "option"
    assert found("the ways compared, and the way of asking\nby a rater") == [
        "way of asking",
        "rater",
    ]
