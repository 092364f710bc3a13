"""Progress of a sweep on standard error, with the time left."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from labelbits.speech import printable
from labelbits.sweeps.runner import Progress


@contextlib.contextmanager
def sweep_progress(unit: str = "cells") -> Iterator[Progress]:
    """A bar that tells how many are done, how many there are, and the time left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.description}", markup=False),
    )  # fmt: skip
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("reading")

        def tell(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=printable(what))

        yield tell
