"""Progress of long work on standard error: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import contextlib
import contextvars
import sys
import threading
import time
from collections.abc import Callable, Iterator

from labelbits.speech import inform, printable

#: Called with (what is being done, share done from 0 to 1).
Progress = Callable[[str, float], None]
#: Work shorter than `FIRST` seconds says nothing in a file; longer work a line every `EVERY`.
FIRST, EVERY = 2.0, 15.0
#: Below this share the time that is left cannot be told.
TOLD = 0.05


#: What is known so far of the work that runs, for whoever stops it; None where nobody asks.
_KNOWN: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("known", default=None)


@contextlib.contextmanager
def keeping_known() -> Iterator[list[str]]:
    """Yields the list that `known_so_far` adds to inside the block."""
    known: list[str] = []
    token = _KNOWN.set(known)
    try:
        yield known
    finally:
        _KNOWN.reset(token)


def known_so_far(line: str) -> None:
    """Note a result of long work as it comes: who stops the work is told what is known so far."""
    known = _KNOWN.get()
    if known is not None:
        known.append(line)


@contextlib.contextmanager
def progress_bar(shown: bool = True) -> Iterator[Progress]:
    """Yields what reports (what is done, share done); where not `shown`, to nothing."""
    if not shown:
        yield lambda what, share: None
    elif sys.stderr.isatty():
        with _bar() as report:
            yield report
    else:
        with _lines() as report:
            yield report


@contextlib.contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda what, share: bar.update(task, description=printable(what), completed=share)


@contextlib.contextmanager
def _lines() -> Iterator[Progress]:
    """Lines for a file: what is done, how far it is, how long it will take.

    A thread says so after `FIRST` seconds and every `EVERY`, also where one step takes long.
    """
    began = time.monotonic()
    # What is done, the share done, and when that share was reached.
    state: list[tuple[str, float, float]] = [("starting", 0.0, began)]
    over = threading.Event()

    def speak() -> None:
        wait = FIRST
        while not over.wait(wait):
            what, share, reached = state[0]
            passed = time.monotonic() - began
            left = time_left(share, reached - began, passed)
            if share < 1:
                so_far = f", {passed:.0f} s so far" if left is None and passed > EVERY else ""
                inform(progress_line(what, share, left) + so_far)
            wait = EVERY

    def report(what: str, share: float) -> None:
        _, before, reached = state[0]
        state[0] = (what, share, reached if share == before else time.monotonic())

    speaker = threading.Thread(target=speak, name="progress", daemon=True)
    speaker.start()
    try:
        yield report
    finally:
        over.set()
        speaker.join(1.0)


def time_left(share: float, reached: float, passed: float) -> float | None:
    """Seconds that work still takes, `passed` after its begin, when `share` of it was done after
    `reached` seconds; None where that cannot be told: at the beginning, and where one step takes
    longer than all before it did."""
    if not TOLD <= share < 1 or passed > 2 * max(reached, EVERY):
        return None
    return passed * (1 - share) / share


def progress_line(what: str, share: float, left: float | None) -> str:
    """How far work is, in words; `left` are the seconds that it still takes, None: unknown."""
    line = f"{what}: {100 * share:.0f} % done"
    if left is None:
        return line
    time_left = f"{left:.0f} s" if left < 120 else f"{left / 60:.0f} min"
    return f"{line}, about {time_left} left"
