"""Where results go: checked before the work, one line where the disk is full, one run a folder."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from labelbits.answers import read_answers
from labelbits.answers.export.export import export_plan
from labelbits.answers.writing import write_answers
from labelbits.cli import app
from labelbits.errors import InputError
from labelbits.planning.item_list import ItemList
from labelbits.report import write_plan
from tests.report.plans import plan_of

ANSWERS = "task,worker,label\n" + "".join(f"{i},w{i % 3},{'xy'[i % 2]}\n" for i in range(300))


@contextlib.contextmanager
def full_disk(size: int = 1000) -> Iterator[None]:
    """No file may grow above `size` bytes, as on a disk that has no more."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.csv"
    path.write_text(ANSWERS, encoding="utf-8")
    return path


def planned(path: Path, items: int = 500) -> Path:
    plan = plan_of(["hard", "votes x 3"])
    write_plan(replace(plan, items=ItemList(np.zeros(items, int))), path)
    return path / "plan.json"


def writers(answers: Path) -> dict[str, Callable[[Path], object]]:
    """Everything that writes, as a function of where to."""
    table = read_answers(answers)
    plan = planned(answers.parent / "planned")
    return {
        "plan": lambda out: planned(out),
        "export": lambda out: export_plan(plan, out),
        "answers": lambda out: write_answers(table, out / "a.csv"),
    }


@pytest.mark.parametrize("name", ["plan", "export", "answers"])
def test_a_full_disk_is_one_message_and_the_old_files_stay(answers: Path, name: str) -> None:
    write = writers(answers)[name]
    out = answers.parent / "out"
    out.mkdir()
    write(out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with full_disk(), pytest.raises(InputError, match=r"out.*cannot be written \(File too large\)"):
        write(out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert not list(answers.parent.rglob("*.tmp"))


@pytest.mark.parametrize("out", ["a-file/x.parquet", "none/x.parquet", "folder.parquet", "x.txt"])
@pytest.mark.parametrize("command", [["pilot"], ["recover", "--dims", "2"]])
def test_tables_that_cannot_be_written_are_refused_before_the_work(
    tmp_path: Path, command: list[str], out: str
) -> None:
    (tmp_path / "a-file").write_text("x")
    (tmp_path / "folder.parquet").mkdir()
    missing = str(tmp_path / "missing.csv")  # reading it would be the first work, and its message
    done = CliRunner().invoke(
        app, [command[0], missing, *command[1:], "--out", str(tmp_path / out)]
    )
    assert isinstance(done.exception, InputError)
    assert "missing.csv" not in str(done.exception)
    assert out.split("/")[0] in str(done.exception)


@pytest.mark.parametrize("command", [["plan"], ["export"], ["reproduce"]])
def test_folders_that_cannot_be_written_are_refused_before_the_work(
    tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "a-file").write_text("x")
    words = [*command, "missing"]
    for out in (tmp_path / "a-file", tmp_path / "a-file" / "deeper", Path("/dev/full")):
        done = CliRunner().invoke(app, [*words, "--out", str(out)])
        assert isinstance(done.exception, InputError)
        assert "is no folder" in str(done.exception)


def test_output_that_cannot_be_printed_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "labelbits.cli", "--help"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=os.environ,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["labelbits: standard output: No space left on device"]


def test_export_refuses_the_items_of_another_run(tmp_path: Path) -> None:
    plan = planned(tmp_path / "one")
    export_plan(plan, tmp_path / "tasks")
    other = planned(tmp_path / "two", items=400)
    (plan.parent / "items.csv").write_bytes((other.parent / "items.csv").read_bytes())
    with pytest.raises(InputError, match=r"items.csv: found a file that is not of this plan"):
        export_plan(plan, tmp_path / "tasks")


def test_all_files_of_a_plan_name_one_run(tmp_path: Path) -> None:
    plan = planned(tmp_path / "one")
    found = json.loads(plan.read_text(encoding="utf-8"))
    page = (plan.parent / "report.html").read_text(encoding="utf-8")
    assert f'<meta name="labelbits-run" content="{found["run"]}">' in page
    assert set(found["files"]) == {"options.csv", "items.csv"}
    again = json.loads(planned(tmp_path / "again").read_text(encoding="utf-8"))
    other = json.loads(planned(tmp_path / "other", items=400).read_text(encoding="utf-8"))
    assert again == found
    assert other["files"]["items.csv"] != found["files"]["items.csv"]


def test_an_export_replaces_the_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    plan = planned(tmp_path / "one")
    folders, _ = export_plan(plan, tmp_path / "tasks")
    left = tmp_path / "tasks" / "2-votes"
    left.mkdir()
    (left / "tasks.json").write_text("of an earlier plan")
    export_plan(plan, tmp_path / "tasks")
    assert [path.name for path in (tmp_path / "tasks").iterdir()] == [folders[0].name]
    (tmp_path / "tasks" / "mine.txt").write_text("mine")
    export_plan(plan, tmp_path / "tasks")
    assert (tmp_path / "tasks" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("refused", [["--wage", "-3"], ["--epsilon", "7"], ["--dims", "0"]])
def test_a_refused_pilot_writes_no_table(tmp_path: Path, refused: list[str]) -> None:
    answers, out = tmp_path / "answers.csv", tmp_path / "out.parquet"
    rows = [f"{k},{who},{'xy'[k % 2]}" for k in range(30) for who in "ab"]
    answers.write_text("\n".join(["item,annotator,label", *rows]))
    found = CliRunner().invoke(app, ["pilot", str(answers), "--out", str(out), *refused])
    assert isinstance(found.exception, InputError), found.output
    assert not out.exists()
