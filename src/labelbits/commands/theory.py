"""Commands that need no data: bits, bounds, predict, sweep, reproduce."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelbits.commands.console import JsonFlag, print_json, stoppable
from labelbits.commands.signal_options import GIVEN, SignalCommand, read_options
from labelbits.errors import InputError
from labelbits.progress import progress_bar
from labelbits.speech import inform, put

if TYPE_CHECKING:
    from labelbits.interface import Estimate, Signal

app = typer.Typer()


@app.command(cls=SignalCommand)
def bits(
    context: typer.Context,
    signal: Annotated[str, typer.Option(help="Name of the signal, or 'all' for a table of them.")],
    dims: Annotated[int, typer.Option(help="Dimensions of the latent space.")] = 5,
    classes: Annotated[int, typer.Option(help="Number of classes.")] = 10,
    precision: Annotated[
        float, typer.Option(help="Above 0; inf is noise-free. With 'all': of perception.")
    ] = 1.0,
    lapse: Annotated[float, typer.Option(help="Share of random answers, 0 to below 1.")] = 0.0,
    about: Annotated[
        str, typer.Option(help="geometry: items and prototypes unknown; items: prototypes given.")
    ] = "geometry",
    standard_error: Annotated[float, typer.Option(help="Draw until it is met, in bits.")] = 1e-3,
    seed: Annotated[int, typer.Option(help="Same seed, same value.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """How many bits one answer carries.

    With --signal all, the same annotator answers every question: one precision of perception.
    """
    from labelbits import information, signals
    from labelbits.information.comparable import Comparable, comparable, of_default
    from labelbits.report.information import bits_json, print_assumed, print_bits
    from labelbits.worlds import World

    if signal == "all" and as_json:
        raise InputError("--signal is all; --json prints one signal: give its name")
    names = list(signals.REGISTRY) if signal == "all" else [signal]
    given = context.meta.get(GIVEN, {})
    world = World(items=max(100, int(given.get("negatives", 0)) + 2), classes=classes, dims=dims)

    def measured(asked: Signal) -> Estimate:
        return information.per_answer(
            asked,
            world,
            about=about,  # type: ignore[arg-type]  # per_answer checks it, with a message
            standard_error=standard_error,
            seed=seed,
        )

    rows, others, assumed = [], [], {}
    with progress_bar() as tell:
        for done, name in enumerate(names):
            tell(name, done / len(names))
            if signal == "all":
                has = signals.options_of(signals.signal_class(name))
                options = read_options(name, {k: v for k, v in given.items() if k in has})
                found = comparable(name, dims, classes, precision, lapse, **options)
            else:
                options = read_options(name, given)
                asked = signals.make(
                    name, dims, classes, precision=precision, lapse=lapse, **options
                )
                found = Comparable(asked, of_default(name, options))
            rows.append((found.signal, measured(found.signal)))
            assumed[name] = found.assumed
            others += [(name, label, measured(other)) for label, other in found.others]
    if as_json:
        for warning in rows[0][1].warnings:
            inform(warning)
        for line in assumed[signal]:
            inform(line)
        print_json(bits_json(*rows[0]))
        return
    print_bits(rows, world, precision)
    if signal == "all":
        print_assumed(precision, assumed, others)
    else:
        for line in assumed[signal]:
            put(f"{signal}: {line}.")


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
    """Predict at once how well items are recovered, for settings that were checked."""
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
        level = f"{100 * found.level:.0f} % of worlds"
        put(f"{name}  {mean:.3f}  ({level}: {low:.3f} to {high:.3f})")
    put(f"{found.method}, prototypes unknown; not simulated for this case")
    if found.checked is not None:
        put(
            f"checked at {found.checked.points} other points of {signal}: off by "
            f"{found.checked.median_error:.3f} (median), {found.checked.ninth_decile:.3f} (90th "
            "percentile) in Spearman"
        )


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
    put(path)


@app.command()
def reproduce(
    figures: Annotated[
        list[str] | None, typer.Argument(help="Names of figures. [default: all]")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for figures and numbers.")] = Path("reproduce"),
    quick: Annotated[bool, typer.Option("--quick", help="Fewer signals and worlds.")] = False,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of people's answers for crowd. [default: LABELBITS_DATA]"),
    ] = None,
) -> None:
    """Regenerate the analyses of the paper: figures and a table with standard errors.

    Stopped at any moment, the same command continues.
    """
    from labelbits.outputs import check_folder

    check_folder(out)
    with stoppable("the same command continues"):
        from labelbits.report.reproduce import PAGE, write
        from labelbits.sweeps.analyses.verdicts import verdicts
        from labelbits.sweeps.console import sweep_progress
        from labelbits.sweeps.reproduction import reproduce as compute

        with sweep_progress("pieces") as tell:
            table = compute(figures, out / "store", quick=quick, progress=tell, data=data)
        for missing in write(table, out):
            inform(missing)
    for name in table["figure"].unique(maintain_order=True):
        for verdict in verdicts(table, name):
            put(f"{name}: {verdict.line()}")
    put(out / PAGE)
