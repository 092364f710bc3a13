"""The command line: parse, call, print. Everything heavy is imported inside the commands."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import typer

from labelbits.errors import InputError

app = typer.Typer(
    name="labelbits",
    help="How many bits is a label worth, and which labels should you buy?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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


def use_compilation_cache() -> None:
    """Keep compiled programs in the user's cache folder, so that only the first run is cold."""
    import platformdirs

    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", platformdirs.user_cache_dir("labelbits"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")


def main() -> None:
    """Run the command line; a user's mistake is one message and status 2."""
    use_compilation_cache()
    try:
        app()
    except InputError as problem:
        typer.echo(f"labelbits: {problem}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
