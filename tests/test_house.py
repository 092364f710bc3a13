"""Nothing is left that nobody uses, and every entry of a registry is documented."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

import labelbits
from labelbits.answers.export.targets import TARGETS
from labelbits.answers.formats.detect import READERS
from labelbits.cli import app
from labelbits.items.embedding import OF_TEXTS
from labelbits.metrics import METRICS
from labelbits.planning.spec.learners import LEARNERS

SOURCE = Path(labelbits.__file__).parent
ROOT = Path(__file__).parents[1]


def words_of(*folders: Path) -> Counter[str]:
    kinds = (".py", ".html", ".md")
    found: Counter[str] = Counter()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix in kinds:
                found.update(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    return found


def defined(tree: ast.Module) -> list[str]:
    """A module's own functions, classes and constants; decorators may use what they decorate."""
    names = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef) or (
            isinstance(node, ast.FunctionDef) and not node.decorator_list
        ):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [one.id for one in node.targets if isinstance(one, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return [name for name in names if not name.startswith("__")]


def test_nothing_is_defined_that_nothing_uses() -> None:
    words = words_of(SOURCE, ROOT / "docs", ROOT / "tests")
    left = [
        f"{path.relative_to(SOURCE)}: {name}"
        for path in sorted(SOURCE.rglob("*.py"))
        for name in defined(ast.parse(path.read_text(encoding="utf-8")))
        if words[name] < 2
    ]
    assert left == []
    assert defined(ast.parse("X = 1\ndef f(): pass\n@a\ndef g(): pass")) == ["X", "f"]


@pytest.mark.parametrize(
    ("page", "entries"),
    [
        ("answers", [*READERS, *TARGETS]),
        ("planning", [*METRICS, *LEARNERS, *OF_TEXTS]),
        ("choosing", list(METRICS)),
    ],
)
def test_every_entry_of_a_registry_is_documented(page: str, entries: list[str]) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert [
        name for name in entries if not re.search(rf"[`*| ]{re.escape(name)}[`*| .]", text)
    ] == []


def test_the_command_line_names_every_target() -> None:
    told = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["export", "--help"]).stdout
    assert [name for name in TARGETS if name not in told] == []


def test_pages_for_contributors_name_files_that_are_there() -> None:
    """Paths in CONTRIBUTING are of the repository, names of modules in docs/ of some folder."""
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|docs|tests)/[\w/.]+)`", contributing)
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).exists()] == []
    modules = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py")}
    lost = []
    for page in sorted((ROOT / "docs").glob("*.md")):
        for name in re.findall(r"`([\w/]+\.py)`", page.read_text(encoding="utf-8")):
            if not any(f"/{one}".endswith(f"/{name}") for one in modules):
                lost += [f"{page.name}: {name}"] * (not (ROOT / name).exists())
    assert lost == []


def test_the_list_of_folders_is_whole() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    folders = [path.parent.name for path in SOURCE.glob("*/__init__.py")]
    assert [name for name in folders if f"\n{name}/" not in text] == []


def test_intervals_of_draws_and_of_means_are_made_in_one_place() -> None:
    """Another level or another kind of interval is one edit."""
    made = re.compile(
        r"quantile\([^\n]*\(1 - (?:level|LEVEL)\) / 2,"
        r"|\b(?:t\.ppf|student\.ppf|student_quantile)\(\(1 \+"
    )
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if made.search(path.read_text(encoding="utf-8"))
    }
    # The variance of units becomes a number of independent answers there: a ratio, no interval.
    assert found == {"quantity.py", "annotators/intervals.py"}
