"""Progress of long work on standard error: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from labelbits.speech import inform, printable

#: Called with (what is being done, share done from 0 to 1).
Progress = Callable[[str, float], None]
#: Work shorter than `FIRST` seconds says nothing in a file; longer work a line every `EVERY`.
FIRST, EVERY = 2.0, 15.0
#: Below this share the time that is left cannot be told.
TOLD = 0.05


@contextlib.contextmanager
def progress_bar(shown: bool = True) -> Iterator[Progress]:
    """Yields what reports (what is done, share done); where not `shown`, to nothing."""
    if not shown:
        yield lambda what, share: None
    elif sys.stderr.isatty():
        with _bar() as report:
            yield report
    else:
        yield _lines()


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


def _lines() -> Progress:
    """Lines for a file: what is done, how far it is, how long it will take."""
    began = time.monotonic()
    due = began + FIRST

    def report(what: str, share: float) -> None:
        nonlocal due
        now = time.monotonic()
        if now < due or share >= 1:
            return
        due = now + EVERY
        left = (now - began) * (1 - share) / share if share >= TOLD else None
        inform(progress_line(what, share, left))

    return report


def progress_line(what: str, share: float, left: float | None) -> str:
    """How far work is, in words; `left` are the seconds that it still takes, None: unknown."""
    line = f"{what}: {100 * share:.0f} % done"
    if left is None:
        return line
    time_left = f"{left:.0f} s" if left < 120 else f"{left / 60:.0f} min"
    return f"{line}, about {time_left} left"
