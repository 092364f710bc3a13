"""The command line: parse, call, print. Everything heavy is imported inside the commands."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from labelbits import compilation
from labelbits.commands import answers, items, theory
from labelbits.commands.console import JsonFlag, SheetOption, money, print_json, stoppable
from labelbits.errors import ImpossibleError, InputError, NotFiniteError
from labelbits.progress import progress_bar
from labelbits.speech import inform

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
    files: Annotated[
        list[Path], typer.Argument(help="A plan file in TOML, or tables of your own items.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report. [default: plan-NAME]")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            parser=money, metavar="NUMBER", help="Amount; with a plan file, instead of the file's."
        ),
    ] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Tables: column of ids.")] = None,
    text: Annotated[str | None, typer.Option(help="Tables: column of texts.")] = None,
    image: Annotated[str | None, typer.Option(help="Tables: column of paths of images.")] = None,
    features: Annotated[
        list[str] | None, typer.Option(help="Tables: column of numbers, or of vectors; or a file.")
    ] = None,
    embedding: Annotated[
        str | None, typer.Option(help="Model of texts or images: name or folder. [default: tfidf]")
    ] = None,
    label: Annotated[list[str] | None, typer.Option(help="Tables: column of labels.")] = None,
    annotator: Annotated[str | None, typer.Option(help="Tables: who answered.")] = None,
    seconds: Annotated[str | None, typer.Option(help="Tables: seconds an answer took.")] = None,
    gold: Annotated[
        str | None, typer.Option(help="Tables: column of right classes, or a file of them.")
    ] = None,
    columns: Annotated[
        str, typer.Option(help="Tables: item=COL,annotator=COL,label=COL,... in one option.")
    ] = "",
    file_format: Annotated[
        str, typer.Option("--format", help="Tables: auto, or the format of the answers.")
    ] = "auto",
    sheet: SheetOption = None,
    question: Annotated[
        str | None, typer.Option(help="Tables: the question, where answers to several are there.")
    ] = None,
    signal: Annotated[
        str | None, typer.Option(help="Tables: what the people were asked, as pilot takes it.")
    ] = None,
    classes: Annotated[
        str, typer.Option(help="Tables: class names apart by commas; other labels are none.")
    ] = "",
    ask: Annotated[
        list[str] | None,
        typer.Option(help="Tables: KIND[:N][@PRICE], an option. [default: hard, votes:3]"),
    ] = None,
    metric: Annotated[str | None, typer.Option(help="Tables: what quality means.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same plan.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Which labels to buy: predict what every purchase gives, and advise."""
    from labelbits.answers.files.containers import one_sheet
    from labelbits.planning import plan as make_plan
    from labelbits.report import check_folder, document, load_page, print_plan, write_plan

    compilation.run_inline()
    folder = out or Path(f"plan-{files[0].stem}")
    check_folder(folder)
    load_page()
    own = answers.with_columns(columns, {
        "id": id_, "text": text, "image": image, "features": tuple(features or ()),
        "label": answers.one_label(label), "annotator": annotator, "seconds": seconds, "gold": gold,
        "question": question, "signal": signal, "classes": tuple(answers.names_in(classes)),
    })  # fmt: skip
    with stoppable("nothing was written"):
        if len(files) == 1 and files[0].suffix == ".toml":
            more = {"ask": ask, "metric": metric, "embedding": embedding, "sheet": sheet}
            more |= {"format": "" if file_format == "auto" else file_format}
            given = [name for name, value in {**own, **more}.items() if value]
            if given:
                raise InputError(
                    f"--{given[0]} goes with tables; {files[0]} is a plan file: put it there"
                )
            with progress_bar() as tell:
                made = make_plan(files[0], budget=budget, seed=seed, progress=tell)
            write_plan(made, folder)
        else:
            from labelbits.own_tables import plan_tables

            with progress_bar() as tell, one_sheet(sheet):
                made = plan_tables(
                    files, {**own, "format": file_format}, folder, budget=budget, ask=ask or (),
                    metric=metric, seed=seed, progress=tell, embedding=embedding,
                )  # fmt: skip
    if as_json:
        print_json(document(made))
    else:
        print_plan(made, folder)


@app.command("app")
def local_page(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="A plan file, or files of answers. [default: a page that takes files]"),
    ] = None,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.")] = 8765,
    seed: Annotated[int, typer.Option(help="Same seed, same plan.")] = 0,
) -> None:
    """The local page: bring files, edit a plan, run it, move money and prices, compare."""
    from labelbits.app import address, claim
    from labelbits.app.guard import make_token

    token = make_token()
    with claim(port) as listener, stoppable("the page is closed"):

        def ready() -> None:
            inform(f"open {address(listener, token)} in a browser (Ctrl-C stops)")

        if not files:  # nothing can be wrong with them, and a browser waits as long as it takes
            ready()
        from labelbits.app import serve
        from labelbits.app.workspace import opened

        work = opened(files or [], seed)
        if files:
            ready()
        serve(work, listener, token)


app.add_typer(theory.app)
app.add_typer(answers.app)
app.add_typer(items.app)


def main() -> None:
    """Run the command line; a user's mistake is one message and status 2."""
    use_compilation_cache()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except (ImpossibleError, InputError, NotFiniteError) as problem:
        inform(problem)
        sys.exit(2)
    except OSError as problem:
        _let_go_of_output()
        if not isinstance(problem, BrokenPipeError):  # whoever read the output has enough
            place = "standard output" if problem.filename is None else problem.filename
            inform(f"{place}: {problem.strerror or problem}")
        sys.exit(1)


def _let_go_of_output() -> None:
    """What could not be printed is not tried again when the interpreter ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()
