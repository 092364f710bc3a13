"""What commands share: JSON on standard output, progress on standard error, stopping."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from labelbits.interrupts import heard

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]


def print_json(result: dict[str, Any]) -> None:
    """One JSON object on standard output; NaN and infinity become null, as JSON has neither."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [clean(item) for item in value]
        if hasattr(value, "item"):
            value = value.item()
        if isinstance(value, float) and value != value:
            return None
        return None if isinstance(value, float) and abs(value) == float("inf") else value

    typer.echo(json.dumps(clean(result), indent=2, allow_nan=False))


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """A progress bar on standard error; yields what reports (what is done, share done)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


@contextlib.contextmanager
def stoppable(then: str) -> Iterator[None]:
    """Ctrl-C or SIGTERM ends long work with one line, `then` in it, and status 130."""
    try:
        with heard():
            yield
    except KeyboardInterrupt:
        typer.echo(f"labelbits: stopped; {then}", err=True)
        raise typer.Exit(130) from None
