"""Files are read in a process of their own: one that takes long holds nobody up, can be given up at
any moment, and is given up after `LONGEST`.
"""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import Any

from labelbits.app.reading import UNREAD, Told, how_read
from labelbits.app.workers import Job, Workers
from labelbits.progress import Progress

#: Seconds that reading one file may take, and those that a request waits for it.
LONGEST, PATIENT = 600.0, 20.0
#: What a reader imports before it is needed.
WARM = ("labelbits.app.readers", "labelbits.answers.writing")


@functools.cache
def readers() -> Workers:
    """The readers of this program."""
    return Workers(WARM)


def read_file(path: str, told: Told, kept: str, *, tell: Progress, early: Any) -> dict[str, Any]:
    """What the page shows of a file; its answers, where the user said how to read them, are written
    to `kept` as a canonical table."""
    from labelbits.answers.writing import write_answers

    tell("reading", 0.0)
    shown, answers = how_read(Path(path), told)
    if answers is not None and told.anything:
        write_answers(answers, Path(kept))
    return shown


def begin(name: str, path: Path, told: Told, kept: Path) -> Job:
    """Begin to read a file under a name, and wait `PATIENT` seconds at most; what was being read
    under it is given up."""
    job = readers().start(name, read_file, path=str(path), told=told, kept=str(kept))
    if not job.over.wait(PATIENT):
        rest = threading.Timer(LONGEST - PATIENT, _give_up, (job,))
        rest.daemon = True
        rest.start()
    return job


def _give_up(job: Job) -> None:
    if job.state != "running":
        return
    job.problem = (
        f"reading it took more than {LONGEST / 60:.0f} minutes and was given up; bring a part of "
        "it, or one row an answer as CSV or Parquet"
    )
    job.end("problem")
    readers().cancel(job.name, job)


def found(job: Job | None) -> dict[str, Any]:
    """What is known of a file by now, as the page shows it; `reading`: seconds so far, 0 at the
    end."""
    if job is None or job.state == "cancelled":
        return {**UNREAD, "reading": 0}
    if job.state == "running":
        return {**UNREAD, "reading": max(job.told()["seconds"], 0.1)}
    if job.state == "problem":
        return {**UNREAD, "reading": 0, "problem": job.problem}
    return {**job.result, "reading": 0}
