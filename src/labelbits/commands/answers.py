"""Commands about answers that people have or will collect: pilot, recover, export."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from labelbits.commands.console import JsonFlag, SheetOption, money, print_json, stoppable
from labelbits.compilation import run_inline
from labelbits.errors import InputError
from labelbits.progress import progress_bar
from labelbits.speech import inform, put

if TYPE_CHECKING:
    from labelbits.annotators.pilot import Pilot

app = typer.Typer()


@app.command()
def pilot(
    files: Annotated[list[Path], typer.Argument(help="Files of answers, in any formats.")],
    file_format: Annotated[
        str, typer.Option("--format", help="auto, or the format of all files.")
    ] = "auto",
    out: Annotated[Path | None, typer.Option(help="Write the canonical table here.")] = None,
    gold: Annotated[
        Path | None,
        typer.Option(help="True classes: a file (item,class as CSV, or .npz) or a column."),
    ] = None,
    signal: Annotated[str | None, typer.Option(help="What a table of labels was asked.")] = None,
    dims: Annotated[int | None, typer.Option(help="Dimensions of the world of precision.")] = None,
    wage: Annotated[
        float | None,
        typer.Option(parser=money, metavar="NUMBER", help="Wage per hour: adds prices."),
    ] = None,
    epsilon: Annotated[
        float | None,
        typer.Option(help="How much worse than people a model may be. [default: from the prices]"),
    ] = None,
    columns: Annotated[
        str, typer.Option(help="Which column is what: item=COL,annotator=COL,label=COL,...")
    ] = "",
    question: Annotated[
        str | None, typer.Option(help="The question to read, where a file holds several.")
    ] = None,
    sheet: SheetOption = None,
    classes: Annotated[
        str, typer.Option(help="Class names apart by commas. [default: those of the answers]")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Read answers that you already have; measure their noise, time and reliability."""
    from labelbits.annotators.pilot import run_pilot
    from labelbits.answers.files.containers import one_sheet
    from labelbits.answers.formats.deciding import SeveralQuestionsError
    from labelbits.outputs import check_table
    from labelbits.report.pilot import show_pilot

    if out is not None:
        check_table(out)
    told, gold = gold_told(gold, files, told_columns(columns))

    def run(asked: str | None) -> Pilot:
        return run_pilot(
            files, file_format, out=out, gold=gold, signal=signal, dims=dims, wage=wage, seed=seed,
            epsilon=epsilon,
            columns=told, question=asked, classes=names_in(classes), progress=tell,
        )  # fmt: skip

    run_inline()
    with stoppable("nothing was written"), progress_bar() as tell, one_sheet(sheet):
        try:
            results = {"": run(question)}
        except SeveralQuestionsError as several:
            if out is not None or gold is not None:
                raise  # one table and one truth are those of one question
            results = {name: run(name) for name in several.questions}
    if as_json and "" in results:
        print_json(results[""].to_dict())
    elif as_json:
        print_json({"questions": {name: one.to_dict() for name, one in results.items()}})
    else:
        for name, one in results.items():
            if name:
                put(f"question {name}")
            show_pilot(one)


def gold_told(
    gold: Path | None, files: list[Path], columns: dict[str, str]
) -> tuple[dict[str, str], Path | None]:
    """(`columns` with that of gold, the file of gold): `--gold` names the one or the other."""
    from labelbits.answers.formats.detect import columns_of, kind_of

    name = str(gold)
    if gold is None or gold.exists():
        return columns, gold
    found = [one for file in files for one in columns_of(file, kind_of(file))]
    if name not in found:
        raise InputError(
            f"--gold {name}: neither a file nor a column of the answers; found columns "
            f"{', '.join(found[:12])}"
        )
    return with_gold(columns, name), None


def with_gold(columns: dict[str, str], name: str) -> dict[str, str]:
    """`columns` with that of gold. Raises `InputError` where another is told."""
    if columns.get("gold", name) != name:
        raise InputError(f"--gold is {name!r} and --columns gold is {columns['gold']!r}")
    return {**columns, "gold": name}


def told_columns(text: str) -> dict[str, str]:
    """`item=COL,annotator=COL` by the keys of `named`. Raises `InputError` for anything else."""
    from labelbits.answers.formats.named import with_usual_keys

    found: dict[str, str] = {}
    for part in text.split(",") if text.strip() else ():
        key, mark, column = part.partition("=")
        if not mark or not key.strip() or not column.strip():
            raise InputError(
                f"--columns has {part!r}; expected pairs apart by commas: "
                "item=COL,annotator=COL,label=COL"
            )
        if found.setdefault(key.strip(), column.strip()) != column.strip():
            raise InputError(
                f"--columns {key.strip()} is {found[key.strip()]!r} and {column.strip()!r}; "
                "expected one column of it"
            )
    return with_usual_keys(found)


def one_label(named: list[str] | None) -> str | None:
    """The one column that --label names. Raises `InputError` for two: one would be lost."""
    columns = list(dict.fromkeys(named or ()))
    if len(columns) > 1:
        raise InputError(
            f"--label names {' and '.join(map(repr, columns))}; expected one column. Labels of "
            "several people in columns side by side are read without --label, where the headings "
            "name people alike (Coder Mia, Coder Tom); else make a row an answer: item, annotator, "
            "label"
        )
    return columns[0] if columns else None


#: Keys of --columns, as the options of `plan` are called; the others have none of their own.
CALLED = {"item": "id"}
OPTIONS = ("id", "text", "image", "label", "annotator", "seconds", "gold")


def with_columns(text: str, own: dict[str, Any]) -> dict[str, Any]:
    """The options of `plan` about columns, with what --columns says in one of them; `more` holds
    what only --columns names."""
    found = {**own, "more": {}}
    for key, column in told_columns(text).items():
        name = CALLED.get(key, key)
        if name not in OPTIONS:
            found["more"][key] = column
            continue
        if found[name] not in (None, column):
            raise InputError(
                f"--columns {key}={column} and --{name} {found[name]} differ; expected one of them"
            )
        found[name] = column
    return found


def names_in(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@app.command("recover")
def recover_positions(
    answers: Annotated[
        list[Path], typer.Argument(help="Files of answers, in any formats pilot reads.")
    ],
    dims: Annotated[str, typer.Option(help='Dimensions of the space, or "auto".')],
    features: Annotated[
        Path | None, typer.Option(help="Features of the items: a table with ids, or an npz file.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the embedding: .parquet or .csv.")] = None,
    held_out: Annotated[
        bool, typer.Option(help="Measure the space on answers held out, by number of answers.")
    ] = True,
    file_format: Annotated[
        str, typer.Option("--format", help="auto, or the format of all files.")
    ] = "auto",
    signal: Annotated[str | None, typer.Option(help="What a table of labels was asked.")] = None,
    columns: Annotated[
        str, typer.Option(help="Which column is what: item=COL,annotator=COL,label=COL,...")
    ] = "",
    question: Annotated[
        str | None, typer.Option(help="The question to read, where a file holds several.")
    ] = None,
    sheet: SheetOption = None,
    seed: Annotated[int, typer.Option(help="Same seed, same embedding.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Learn where items lie from any mixture of answers, and measure it on answers held out."""
    import time

    from labelbits.annotators.recovering import recover
    from labelbits.answers import read_answers
    from labelbits.answers.files.containers import one_sheet
    from labelbits.answers.table.left_out import said_left_out
    from labelbits.answers.table.preferences import things_in
    from labelbits.items.arrays import load_features
    from labelbits.outputs import check_table
    from labelbits.progress import progress_bar
    from labelbits.recovery import Fitter, measure_held_out, measure_new_items, write_embedding
    from labelbits.report.recover import show_held_out, show_recovered, show_without_features

    if dims != "auto" and not (dims.isascii() and dims.isdecimal()):
        raise InputError(f"--dims is {dims!r}; expected a whole number of at least 1, or auto")
    if out is not None:
        check_table(out)
    began = time.perf_counter()
    run_inline()
    with one_sheet(sheet):
        read = read_answers(
            answers, file_format, signal=signal, columns=told_columns(columns), question=question,
            seed=seed,
        )  # fmt: skip
    for note in (*read.notes, *said_left_out(read)):
        inform(note)
    rows = None if features is None else load_features(features)
    found = recover(read, None if dims == "auto" else int(dims), seed, inform, rows)
    embedding = found.embedding
    if out is not None:
        write_embedding(embedding, out)
    result = {
        "items": things_in(embedding.items_),
        "dims": embedding.embedding_.shape[1],
        "answers": len(read),
        "train_error": None if isnan(embedding.train_error_) else embedding.train_error_,
        "lapse": found.lapse,
        "precision": found.precision,
        "seconds": time.perf_counter() - began,
        "answers_used": len(found.used),
    }
    strengths = {}
    if found.features is not None:
        # Chosen once, on all answers; every fit below keeps them.
        strengths = {
            "residual_scale": float(embedding.residual_scale_),
            "metric_power": float(embedding.metric_power_),
        }
        result["residual_scale"] = strengths["residual_scale"]
    told = plain = new = None
    if held_out:
        count = embedding.embedding_.shape[1]
        learn = Fitter(count, found.features, seed, strengths)
        with progress_bar() as tell:
            told = measure_held_out(
                found.used, learn, seed, lambda done: tell("measuring on answers held out", done),
                fitted=embedding,
            )  # fmt: skip
            if told is not None and found.features is not None:
                plain = measure_held_out(
                    found.used, Fitter(count, seed=seed), seed,
                    lambda done: tell("measuring without features", done),
                )  # fmt: skip
                new = measure_new_items(found.used, learn, seed)
        if told is None:
            inform("too few different questions to hold any out: nothing was measured on them")
    if as_json:
        held: dict[str, Any] = {
            "noise": {name: one.noise and one.noise.to_dict() for name, one in found.noise.items()}
        }
        held["held_out"] = None if told is None else told.to_dict()
        if found.features is not None:
            held["held_out_without_features"] = None if plain is None else plain.to_dict()
            held["held_out_new_items"] = None if new is None else new.to_dict()
        print_json({**result, **held})
        return
    show_recovered(result, found)
    if told is not None:
        show_held_out(told)
    if plain is not None:
        show_without_features(plain, new)
    put(f"embedding    {out or 'not written: give --out FILE'}")


class _ExportCommand(TyperCommand):
    """Its help lists the targets as they are registered, read when it is shown."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from labelbits.answers.export.targets import said_of_targets

        for one in self.params:
            if one.name == "to" and isinstance(one, TyperOption):
                one.help = said_of_targets()
        super().format_help(ctx, formatter)


@app.command(cls=_ExportCommand)
def export(
    files: Annotated[
        list[Path], typer.Argument(help="plan.json of labelbits plan; or files of answers.")
    ],
    to: Annotated[str, typer.Option(help="The program that they are for.")] = "label-studio",
    out: Annotated[Path, typer.Option(help="Folder for the projects.")] = Path("export"),
    items: Annotated[
        Path | None, typer.Option(help="Items to show, one a line. [default: rows of the features]")
    ] = None,
    classes: Annotated[
        str, typer.Option(help="Class names apart by commas. [default: the plan's]")
    ] = "",
    columns: Annotated[
        str, typer.Option(help="Of answers: item=COL,annotator=COL,label=COL,...")
    ] = "",
    question: Annotated[
        str | None, typer.Option(help="Of answers: the question, where files hold several.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the questions drawn.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Write annotation projects for what a plan says to buy, so that collecting can start.

    Given files of answers instead, write them for other programs: see --to.
    """
    from labelbits.answers.export.asked_items import read_items
    from labelbits.answers.export.export import export_answers, export_plan, is_plan
    from labelbits.answers.export.targets import target_of
    from labelbits.outputs import check_folder

    target = target_of(to)
    check_folder(out)
    names = names_in(classes)
    if target.of_plan is None or (target.of_answers and not is_plan(files[0])):
        from labelbits.annotators.pilot import run_pilot

        if is_plan(files[0]):
            raise InputError(
                f"{files[0]}: a plan; --to {to} describes answers: expected the files of answers"
            )
        found = run_pilot(
            files, columns=told_columns(columns), question=question, classes=names, seed=seed
        )
        folders, notes = [export_answers(found.answers, found.to_dict(), out, to)], []
    else:
        if len(files) > 1:
            raise InputError(f"{files[1]}: one plan is exported at a time; expected one plan.json")
        shown = [] if items is None else read_items(items)
        folders, notes = export_plan(files[0], out, items=shown, classes=names, seed=seed, to=to)
    for note in notes:
        inform(note)
    if as_json:
        print_json({"folders": [str(folder) for folder in folders]})
    else:
        for folder in folders:
            inside = sorted(path.name for path in folder.iterdir() if path.name[0] != ".")
            put(f"{folder}: {', '.join(inside)}")
