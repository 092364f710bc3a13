"""Commands about items that people have: embed, init."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from labelbits.commands.answers import OPTIONS, names_in, with_columns
from labelbits.commands.console import JsonFlag, SheetOption, print_json, stoppable
from labelbits.errors import InputError
from labelbits.progress import progress_bar
from labelbits.speech import inform, put

app = typer.Typer()


@app.command()
def embed(
    files: Annotated[list[Path], typer.Argument(help="Tables of your items.")],
    text: Annotated[str | None, typer.Option(help="Column of texts.")] = None,
    image: Annotated[str | None, typer.Option(help="Column of paths of images.")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Column of ids.")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A sentence-transformers (texts) or timm (images) model, its name or folder. "
            "[default for texts: tfidf, no download]"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The features: .parquet or .csv.")] = Path(
        "features.parquet"
    ),
    sheet: SheetOption = None,
    seed: Annotated[int, typer.Option(help="Same seed, same features.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Turn texts or images into features that plans read, a row an item.

    What a model made of an item is kept and taken again, so that a second run is quick.
    """
    from labelbits.answers.files.containers import one_sheet
    from labelbits.items.tables import Columns, read_tables
    from labelbits.items.writing import write_features
    from labelbits.outputs import check_table

    if (text is None) == (image is None):
        raise InputError("embed takes --text COLUMN or --image COLUMN; expected one of them")
    check_table(out)
    kept = "what was embedded so far is kept"
    with stoppable(kept), progress_bar() as tell, one_sheet(sheet):
        found = read_tables(
            files, Columns(id=id_, text=text, image=image), seed, embedding=model, progress=tell,
            answers_too=False, guessed_ids=True,
        )  # fmt: skip
    write_features(found.ids, found.features, out)
    for note in found.notes:
        inform(note)
    rows, columns = found.features.shape
    if as_json:
        print_json({"items": rows, "columns": columns, "out": str(out)})
        return
    put(f"{out}: {rows:,} items x {columns:,} columns")
    shown = " ".join(map(str, files))
    put(f"next: labelbits plan {shown} --features {out} --label COLUMN --budget X")


@app.command("init")
def init_(
    files: Annotated[list[Path], typer.Argument(help="Tables, answers, features: what you have.")],
    out: Annotated[Path, typer.Option(help="The plan file to write.")] = Path("plan.toml"),
    question: Annotated[
        str | None, typer.Option(help="The question that is planned, where files hold several.")
    ] = None,
    columns: Annotated[
        str, typer.Option(help="Which column is what: item=COL,annotator=COL,label=COL,...")
    ] = "",
    file_format: Annotated[
        str, typer.Option("--format", help="auto, or the format of the answers.")
    ] = "auto",
    sheet: SheetOption = None,
    classes: Annotated[
        str, typer.Option(help="Class names apart by commas; other labels are none.")
    ] = "",
) -> None:
    """Write a commented plan file from what the files seem to hold; ask what could not be told."""
    from labelbits.atomic import write_whole
    from labelbits.first_plan import first_plan
    from labelbits.items.tables import Columns
    from labelbits.outputs import unwritable

    if out.exists():
        raise InputError(f"{out}: is there already; give another file with --out")
    if not out.parent.is_dir():
        raise InputError(f"{out}: folder {out.parent} does not exist; create it first")
    told = with_columns(columns, dict.fromkeys(OPTIONS))
    own = Columns(**told, question=question, format=file_format, classes=tuple(names_in(classes)))
    made = first_plan(files, out.parent, own, sheet)
    try:
        write_whole(out, made.text)
    except OSError as problem:
        raise unwritable(out, problem) from None
    put(made.text)
    for number, one in enumerate(made.questions, 1):
        put(f"question {number}: {one}")
    put(f"{out} is written; next: labelbits plan {out}")
