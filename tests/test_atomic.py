"""Files appear whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labelbits.atomic import replacing, write_together, write_whole


def test_text_and_bytes_are_written(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "caf\u00e9\n")
    write_whole(tmp_path / "b.bin", b"\x00\xff")
    assert (tmp_path / "a.txt").read_bytes() == b"caf\xc3\xa9\n"
    assert (tmp_path / "b.bin").read_bytes() == b"\x00\xff"


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("ne")
        assert path.read_text() == "old"
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_an_error_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text("old")

    def stopped() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        stopped()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "plan.json", "text")


OLD = {"plan.json": "old", "items.csv": "old", "report.html": "old"}
NEW = {"plan.json": "new", "report.html": "new"}


def inside(folder: Path) -> dict[str, str]:
    """Everything in a folder, by its name."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_set_of_files_replaces_the_earlier_set(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    write_together(folder, OLD)
    assert inside(folder) == OLD
    write_together(folder, NEW, OLD.__contains__)
    assert inside(folder) == NEW
    assert [p.name for p in folder.parent.iterdir()] == ["out"]


def test_files_of_the_users_stay_where_they_are(tmp_path: Path) -> None:
    write_together(tmp_path, {**OLD, "sub/a.txt": "old"}, last="plan.json")
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "sub" / "mine.txt").write_text("mine")
    write_together(tmp_path, NEW, OLD.__contains__, last="plan.json")
    kept = {"mine.txt": "mine", "sub/mine.txt": "mine", "sub/a.txt": "old"}
    assert inside(tmp_path) == {**NEW, **kept}


def test_a_folder_that_the_program_runs_in_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_together(tmp_path / "out", OLD)
    monkeypatch.chdir(tmp_path / "out")
    write_together(".", NEW, OLD.__contains__, last="plan.json")
    assert {p.name for p in Path().iterdir()} == set(NEW)


def test_without_an_exchange_of_names_two_renames_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: object())
    write_together(tmp_path / "out", OLD)
    write_together(tmp_path / "out", NEW, OLD.__contains__)
    assert inside(tmp_path) == {f"out/{name}": text for name, text in NEW.items()}


def test_a_set_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    write_together(tmp_path / "out", OLD)
    with pytest.raises(OSError, match="name"):
        write_together(tmp_path / "out", {"plan.json": "new", "x" * 300: "new"})
    assert inside(tmp_path) == {f"out/{name}": text for name, text in OLD.items()}


KILLED = """
import os, signal, sys, threading, time
import os
import subprocess
import sys
import time
from pathlib import Path
from labelbits.atomic import write_together
names = ["plan.json", "items.csv", "options.csv", "report.html"]
print("begun", flush=True)
number = 0
while True:
    number += 1
    write_together(sys.argv[1], {n: f"{number} {number} " * 20_000 for n in names}, last=names[0])
"""


def test_a_kill_never_leaves_a_mix_and_the_next_run_clears_up(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    seen = set()
    for moment in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "begun\n"
            time.sleep(0.05 + 0.013 * moment)
            child.kill()
        texts = set(inside(folder).values()) if folder.exists() else set()
        assert len(texts) <= 1
        seen |= texts
    assert seen  # a run that writes nothing would pass the rest
    write_together(folder, NEW, lambda name: True)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert inside(folder) == NEW


def test_a_file_that_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        pass
    left = tmp_path / f".plan.json.{gone.pid}.0a1b2c3d.tmp"
    running = tmp_path / f".plan.json.{os.getppid()}.0a1b2c3d.tmp"
    other = tmp_path / ".plan.json.notes.tmp"
    for path in (left, running, other):
        path.write_text("half")
    write_whole(tmp_path / "plan.json", "whole")
    assert not left.exists()
    assert running.exists()  # whoever writes it is still there
    assert other.exists()
