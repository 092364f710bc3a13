"""The command line: parse, call, print. Everything heavy is imported inside the commands."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from labelbits.errors import InputError, NotFiniteError

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


JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]


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
    """Ctrl-C ends long work with one line, `then` in it, and status 130."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"labelbits: stopped; {then}", err=True)
        raise typer.Exit(130) from None


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


@app.command()
def bits(
    signal: Annotated[str, typer.Option(help="Name of the signal, or 'all' for a table of them.")],
    dims: Annotated[int, typer.Option(help="Dimensions of the latent space.")] = 5,
    classes: Annotated[int, typer.Option(help="Number of classes.")] = 10,
    precision: Annotated[float, typer.Option(help="Above 0; inf is noise-free.")] = 1.0,
    lapse: Annotated[float, typer.Option(help="Share of random answers, 0 to below 1.")] = 0.0,
    top: Annotated[
        int | None, typer.Option(help="Classes named (ranking 3, sparse-soft 2).")
    ] = None,
    negatives: Annotated[
        int | None, typer.Option(help="Candidates beside the match (contrastive 4).")
    ] = None,
    about: Annotated[
        str, typer.Option(help="geometry: items and prototypes unknown; items: prototypes given.")
    ] = "geometry",
    standard_error: Annotated[float, typer.Option(help="Draw until it is met, in bits.")] = 1e-3,
    seed: Annotated[int, typer.Option(help="Same seed, same value.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """How many bits one answer carries."""
    from labelbits import information, signals
    from labelbits.report.information import bits_json, print_bits
    from labelbits.worlds import World

    if signal == "all" and as_json:
        raise InputError("--signal is all; --json prints one signal: give its name")
    names = list(signals.REGISTRY) if signal == "all" else [signal]
    world = World(items=max(100, (negatives or 0) + 2), classes=classes, dims=dims)
    rows = []
    with progress_bar() as tell:
        for done, name in enumerate(names):
            tell(name, done / len(names))
            has = signals.signal_class(name).options
            options = {
                key: value
                for key, value in {"top": top, "negatives": negatives}.items()
                if value is not None and (key in has or len(names) == 1)
            }
            asked = signals.make(name, dims, classes, precision=precision, lapse=lapse, **options)
            estimate = information.per_answer(
                asked,
                world,
                about=about,  # type: ignore[arg-type]  # per_answer checks it, with a message
                standard_error=standard_error,
                seed=seed,
            )
            rows.append((asked, estimate))
    if as_json:
        for warning in rows[0][1].warnings:
            typer.echo(f"labelbits: {warning}", err=True)
        print_json(bits_json(*rows[0]))
    else:
        print_bits(rows, world)


@app.command()
def predict(
    signal: Annotated[str, typer.Option(help="Name of the signal.")],
    items: Annotated[int, typer.Option(help="Number of items.")] = 100,
    classes: Annotated[int, typer.Option(help="Number of classes, prototypes unknown.")] = 10,
    dims: Annotated[int, typer.Option(help="Dimensions of the latent space.")] = 5,
    answers_per_item: Annotated[float, typer.Option(help="Answers over items.")] = 10,
    precision: Annotated[float, typer.Option(help="Above 0.")] = 1.0,
    lapse: Annotated[float, typer.Option(help="Share of random answers, 0 to below 1.")] = 0.0,
    prior: Annotated[str, typer.Option(help="normal, hypercube, sphere or clusters.")] = "normal",
    as_json: JsonFlag = False,
) -> None:
    """How well the items will be recovered, at once; refuses where that was not checked."""
    from dataclasses import asdict

    from labelbits import signals
    from labelbits.prediction import predict_quality
    from labelbits.worlds import World

    asked = signals.make(signal, dims, classes, precision=precision, lapse=lapse)
    world = World(items, classes, dims, prior=prior)  # type: ignore[arg-type]  # World checks it
    found = predict_quality(asked, world, answers_per_item)
    if as_json:
        print_json({"signal": signal, **asdict(found)})
        return
    for name, mean, low, high in (
        ("Spearman of distances", found.spearman, found.low, found.high),
        ("Procrustes disparity", found.procrustes, found.procrustes_low, found.procrustes_high),
    ):
        typer.echo(f"{name}  {mean:.3f}  ({found.level:.0%} of worlds: {low:.3f} to {high:.3f})")
    typer.echo(f"{found.method}, prototypes unknown; not simulated for this case")
    if found.checked is not None:
        typer.echo(
            f"checked at {found.checked.points} other points of {signal}: off by "
            f"{found.checked.median_error:.3f} (median), {found.checked.ninth_decile:.3f} (90th "
            "percentile) in Spearman"
        )


@app.command()
def recover(
    answers: Annotated[Path, typer.Argument(help="File of answers, in any format pilot reads.")],
    dims: Annotated[str, typer.Option(help='Dimensions of the space, or "auto".')],
    out: Annotated[Path | None, typer.Option(help="Write the embedding: .parquet or .csv.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same embedding.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Learn where items lie from any mixture of answers."""
    import time
    import warnings

    from labelbits.answers import read_answers
    from labelbits.recovery import SignalEmbedding, write_embedding
    from labelbits.recovery.writing import check_writable

    if dims != "auto" and not (dims.isascii() and dims.isdecimal()):
        raise InputError(f"--dims is {dims!r}; expected a whole number of at least 1, or auto")
    if out is not None:
        check_writable(out)
    began = time.perf_counter()
    read = read_answers(answers, seed=seed)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        embedding = SignalEmbedding(
            "auto" if dims == "auto" else int(dims), random_state=seed, verbose=True
        ).fit(read)
    for warning in told:
        typer.echo(f"labelbits: {warning.message}", err=True)
    if out is not None:
        write_embedding(embedding, out)
    result = {
        "items": len(embedding.items_),
        "dims": embedding.embedding_.shape[1],
        "answers": len(read),
        "train_error": embedding.train_error_,
        "lapse": embedding.lapse_,
        "precision": embedding.precision_,
        "seconds": time.perf_counter() - began,
    }
    if as_json:
        print_json(result)
        return
    for name, value in result.items():
        typer.echo(f"{name:12} {value:.4g}" if isinstance(value, float) else f"{name:12} {value}")
    typer.echo(f"embedding    {out or 'not written: give --out FILE'}")


@app.command()
def pilot(
    files: Annotated[list[Path], typer.Argument(help="Files of answers, in any formats.")],
    file_format: Annotated[
        str, typer.Option("--format", help="auto, or the format of all files.")
    ] = "auto",
    out: Annotated[Path | None, typer.Option(help="Write the canonical table here.")] = None,
    gold: Annotated[
        Path | None, typer.Option(help="True classes: item,class as CSV, or .npz.")
    ] = None,
    signal: Annotated[str | None, typer.Option(help="What a table of labels was asked.")] = None,
    dims: Annotated[int | None, typer.Option(help="Dimensions of the world of precision.")] = None,
    wage: Annotated[float | None, typer.Option(help="Wage per hour: adds prices.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Read answers that you already have; measure their noise, time and reliability."""
    from labelbits.answers.pilot import run_pilot
    from labelbits.answers.show import show_pilot

    result = run_pilot(
        files, file_format, out=out, gold=gold, signal=signal, dims=dims, wage=wage, seed=seed
    )
    if as_json:
        print_json(result.to_dict())
    else:
        show_pilot(result)


@app.command()
def bounds(
    items: Annotated[int, typer.Option(help="Number of items.")],
    classes: Annotated[int, typer.Option(help="Number of classes.")],
    dims: Annotated[int, typer.Option(help="Dimensions of the latent space.")],
    as_json: JsonFlag = False,
) -> None:
    """The most bits that every question of each signal can carry, and the limit they set."""
    from labelbits.report.information import bounds_json, print_bounds
    from labelbits.worlds import World

    found = bounds_json(World(items=items, classes=classes, dims=dims))
    if as_json:
        print_json(found)
    else:
        print_bounds(found)


@app.command()
def sweep(
    spec: Annotated[Path, typer.Argument(help="Sweep file in TOML.")],
    store: Annotated[Path, typer.Option(help="Folder for the results; continued if it exists.")],
    workers: Annotated[
        int | None, typer.Option(help="Local processes. [default: one a core]")
    ] = None,
    backend: Annotated[str, typer.Option(help="local, dask or ray.")] = "local",
    address: Annotated[str | None, typer.Option(help="Of the Dask or Ray cluster.")] = None,
) -> None:
    """Simulate a grid of worlds; stopped at any moment, the same command continues."""
    with stoppable("the same command continues the sweep"):
        from labelbits.sweeps import read_sweep, run_sweep
        from labelbits.sweeps.console import sweep_progress

        grid = read_sweep(spec)
        with sweep_progress() as tell:
            path = run_sweep(
                grid, store, workers=workers, backend=backend, address=address, progress=tell
            )
    typer.echo(path)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="plan.json of labelbits plan.")],
    to: Annotated[str, typer.Option(help="label-studio.")] = "label-studio",
    out: Annotated[Path, typer.Option(help="Folder for the projects.")] = Path("export"),
    items: Annotated[
        Path | None, typer.Option(help="Items to show, one a line. [default: 0, 1, 2, ...]")
    ] = None,
    classes: Annotated[
        str, typer.Option(help="Class names apart by commas. [default: the plan's]")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of the questions drawn.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Write annotation projects for what a plan says to buy, so that collecting can start."""
    from labelbits.answers.export import export_plan, read_items

    if to != "label-studio":
        raise InputError(f"--to is {to!r}; expected label-studio")
    names = [name.strip() for name in classes.split(",") if name.strip()]
    shown = [] if items is None else read_items(items)
    folders, notes = export_plan(file, out, items=shown, classes=names, seed=seed)
    for note in notes:
        typer.echo(f"labelbits: {note}", err=True)
    if as_json:
        print_json({"folders": [str(folder) for folder in folders]})
    else:
        for folder in folders:
            typer.echo(f"{folder}: config.xml, tasks.json, README.md")


@app.command()
def reproduce(
    figures: Annotated[
        list[str] | None, typer.Argument(help="Names of figures. [default: all]")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for figures and numbers.")] = Path("reproduce"),
    quick: Annotated[bool, typer.Option("--quick", help="Fewer signals and worlds.")] = False,
) -> None:
    """Regenerate the analyses of the paper: figures and a table with standard errors.

    Stopped at any moment, the same command continues.
    """
    with stoppable("the same command continues"):
        from labelbits.report.reproduce import PAGE, write
        from labelbits.sweeps.console import sweep_progress
        from labelbits.sweeps.reproduction import reproduce as compute

        with sweep_progress("pieces") as tell:
            table = compute(figures, out / "store", quick=quick, progress=tell)
        for missing in write(table, out):
            typer.echo(f"labelbits: {missing}", err=True)
    typer.echo(out / PAGE)


def main() -> None:
    """Run the command line; a user's mistake is one message and status 2."""
    use_compilation_cache()
    try:
        app()
    except (InputError, NotFiniteError) as problem:
        typer.echo(f"labelbits: {problem}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
