"""The command line: parse, call, print. Everything heavy is imported inside the commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from labelbits import compilation
from labelbits.commands import answers, theory
from labelbits.commands.console import JsonFlag, print_json, progress_bar
from labelbits.errors import ImpossibleError, InputError, NotFiniteError

app = typer.Typer(
    name="labelbits",
    help="How many bits is a label worth, and which labels should you buy?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def use_compilation_cache() -> None:
    """Keep compiled programs in the user's cache folder, so that only the first run is cold."""
    if folder := compilation.kept_programs():
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", folder)
        os.environ.setdefault(
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", str(compilation.KEPT_FROM)
        )


@app.callback()
def callback() -> None:
    """How many bits is a label worth, and which labels should you buy?"""


@app.command()
def plan(
    file: Annotated[Path, typer.Argument(help="Plan file in TOML.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report. [default: plan-NAME]")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="Amount, instead of the file's.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same plan.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Which labels to buy: predict what every purchase gives, and advise."""
    from labelbits.planning import plan as make_plan
    from labelbits.report import check_folder, print_plan, write_plan

    folder = out or Path(f"plan-{file.stem}")
    check_folder(folder)
    with progress_bar() as tell:
        made = make_plan(file, budget=budget, seed=seed, progress=tell)
    write_plan(made, folder)
    if as_json:
        print_json(made.to_dict())
    else:
        print_plan(made, folder)


@app.command("app")
def local_page(
    file: Annotated[
        Path | None, typer.Argument(help="Plan file. [default: the bundled example]")
    ] = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8765,
    seed: Annotated[int, typer.Option(help="Same seed, same plan.")] = 0,
) -> None:
    """The plan as a local web page: move budget and prices, see the advice move."""
    from labelbits.app import serve
    from labelbits.planning import plan as make_plan

    example = Path(__file__).parent / "planning" / "digits.toml"
    with progress_bar() as tell:
        made = make_plan(file or example, seed=seed, progress=tell)
    typer.echo(f"labelbits: open http://127.0.0.1:{port} in a browser (Ctrl-C stops)", err=True)
    serve(made, port)


app.add_typer(theory.app)
app.add_typer(answers.app)


def main() -> None:
    """Run the command line; a user's mistake is one message and status 2."""
    use_compilation_cache()
    try:
        app()
    except (ImpossibleError, InputError, NotFiniteError) as problem:
        typer.echo(f"labelbits: {problem}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
