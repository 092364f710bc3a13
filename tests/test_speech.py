"""Text of users is shown in a terminal as text."""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from rich.console import Console
from rich.errors import MarkupError
from rich.progress import Progress

import labelbits
from labelbits import planning
from labelbits.annotators.pilot import run_pilot
from labelbits.commands.console import stoppable
from labelbits.progress import progress_bar, progress_line, time_left
from labelbits.report import print_plan
from labelbits.report.pilot import show_pilot
from labelbits.speech import printable
from tests.report.plans import plan_of
from tests.report.texts import HOSTILE

SOURCES = sorted(Path(labelbits.__file__).parent.rglob("*.py"))


def terminal() -> Console:
    """A terminal that takes escape codes and colours."""
    return Console(file=io.StringIO(), width=2000, force_terminal=True, color_system="truecolor")


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m\x07\x00\x7f\r", r"\x9b31m\x07\x00\x7f\x0d"),
        ("\u202eabc\u2066\u2028", r"\u202eabc\u2066\u2028"),
        ("\ud800 \U000e0001", r"\ud800 \U000e0001"),
        ("[red]x[/b] caf\u00e9 \u062e\u0628 \U0001f469\u200d\U0001f52c", None),
        ("a\tb\nc", None),
    ],
)
def test_what_a_terminal_obeys_is_written_out(text: str, shown: str | None) -> None:
    assert printable(text) == (text if shown is None else shown)


def test_names_in_a_plan_are_printed_as_they_are() -> None:
    names = [f"{text} {key}" for key, text in HOSTILE.items() if key != "half"]
    for plan in (plan_of(names), plan_of(["a", "b"], " ".join(HOSTILE.values()))):
        console = terminal()
        print_plan(plan, Path("[red]out\x1b[31m"), console)
        text = written(console)
        assert "\x1b[31m" not in text
        assert not set("\x00\x07\x9b\u202e\u2028") & set(text)
        assert r"[red]out\x1b[31m" in text
        for one in ("[red]x", "[/b]", "[link=http://evil.example]x[/link]"):
            assert one in text


def test_names_in_a_pilot_are_printed_as_they_are(tmp_path: Path) -> None:
    rows = ["item,annotator,label"]
    rows += [f"i{i},[/b]a{i % 3},[red]\x1b[31mc{i % 2}" for i in range(60)]
    rows += ["[/b]\x1b]0;title\x07,a,"]
    (tmp_path / "evil.csv").write_text("\n".join(rows), encoding="utf-8")
    console = terminal()
    show_pilot(run_pilot([tmp_path / "evil.csv"]), console)
    assert "\x1b[31m" not in written(console)
    assert "\x07" not in written(console)


def test_a_bar_takes_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    for text in ("[/b]x", "[red]x", "\x1b[31mx"):
        with progress_bar() as report:
            report(text, 0.5)
    bar = Progress(console=terminal())  # the control: rich alone does take it
    bar.add_task("[/b]x")
    with pytest.raises(MarkupError, match="closing tag"):
        terminal().print(bar.get_renderable())


def test_progress_says_how_far_and_how_long() -> None:
    assert progress_line("fitting", 0.0, None) == "fitting: 0 % done"
    assert progress_line("fitting", 0.25, 90.0) == "fitting: 25 % done, about 90 s left"
    assert progress_line("fitting", 0.25, 900.0) == "fitting: 25 % done, about 15 min left"


def test_a_step_that_stands_still_foretells_nothing() -> None:
    assert time_left(0.25, 30.0, 40.0) == pytest.approx(120.0)
    assert time_left(0.01, 1.0, 2.0) is None
    # A tenth was done after 2 s: after a minute in one step, nine more minutes are nonsense.
    assert time_left(0.1, 2.0, 20.0) == pytest.approx(180.0)
    assert time_left(0.1, 2.0, 60.0) is None


def test_who_stops_a_plan_is_told_what_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    np.savez(tmp_path / "x.npz", features=x)
    rows = [{"item": str(i), "annotator": "a", "label": "ny"[int(x[i, 0] > 0)]} for i in range(200)]
    pl.DataFrame(rows).write_csv(tmp_path / "a.csv")
    (tmp_path / "plan.toml").write_text(
        '[dataset]\nfeatures = "x.npz"\npilot = ["a.csv"]\n[budget]\namount = 50\n'
        '[[signal]]\nkind = "hard"\nprice = 0.1\n'
        '[[signal]]\nkind = "votes"\nanswers_per_item = 3\nprice = 0.1\n'
    )

    def stop_at_the_second(what: str, share: float) -> None:
        if "votes" in what:
            raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as left, stoppable("nothing was written"):
        planning.plan(tmp_path / "plan.toml", progress=stop_at_the_second)
    assert left.value.exit_code == 130
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["labelbits: stopped; nothing was written", "labelbits: known so far:"]
    assert re.fullmatch(
        r"labelbits:   hard: accuracy measured ([\d.]+ % at \d+ items(, )?)+", lines[2]
    )
    assert len(lines) == 3


def test_everything_that_is_printed_passes_through_one_room() -> None:
    """Strings go to a console or to standard output through labelbits.speech alone."""
    found = []
    for source in SOURCES:
        if source.name == "speech.py":
            continue
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            text = bool(node.args) and isinstance(node.args[0], (ast.Constant, ast.JoinedStr))
            if name == "print" or (name.endswith((".print", "typer.echo")) and text):
                found.append(f"{source.name}:{node.lineno}")
    assert found == []
