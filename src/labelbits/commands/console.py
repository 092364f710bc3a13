"""What commands share: JSON on standard output, lines to the user, stopping."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from labelbits.interrupts import heard
from labelbits.progress import keeping_known
from labelbits.speech import inform

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
def stoppable(then: str) -> Iterator[None]:
    """Ctrl-C or SIGTERM ends long work with one line, `then` in it, what is known so far, and
    status 130."""
    with keeping_known() as known:
        try:
            with heard():
                yield
        except KeyboardInterrupt:
            inform(f"stopped; {then}")
            if known:
                inform("known so far:")
            for line in known:
                inform(f"  {line}")
            raise typer.Exit(130) from None


#: Which sheet of a spreadsheet is read, on every command that reads files.
SheetOption = Annotated[
    str | None,
    typer.Option("--sheet", help="The sheet of a spreadsheet that holds several."),
]


def money(text: str) -> float:
    """An amount of money of the command line."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(
            f"found {text!r}; expected a number alone, such as 1000 or 12.50: no commas, no "
            "currency"
        ) from None
