"""Compute the paper's analyses (arXiv 2211.01407) piece by piece, in a store that continues."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from labelbits.errors import InputError
from labelbits.interrupts import heard
from labelbits.signals import REGISTRY
from labelbits.sweeps.analyses.bits import bits
from labelbits.sweeps.analyses.crowd.curves import ANYWHERE, REPORTED, curves, on_reported
from labelbits.sweeps.analyses.crowd.encoders import available, courses
from labelbits.sweeps.analyses.crowd.gains import gains
from labelbits.sweeps.analyses.crowd.people import VARIABLE, Source, find
from labelbits.sweeps.analyses.crowd.size import FULL_CROWD, QUICK_CROWD, CrowdSize
from labelbits.sweeps.analyses.crowd.transfer import HELD_OUT, transfer
from labelbits.sweeps.analyses.dynamics import dynamics
from labelbits.sweeps.analyses.figures import FIGURES, OF_PEOPLE, numbers
from labelbits.sweeps.analyses.fits import ceiling, fits
from labelbits.sweeps.analyses.piece import Piece, Size, table
from labelbits.sweeps.analyses.saturation import saturation
from labelbits.sweeps.analyses.total import total, total_axes, triplets
from labelbits.sweeps.backends import results
from labelbits.sweeps.runner import Progress
from labelbits.sweeps.store import Parts

ANALYSES = {
    "fits": fits, "ceiling": ceiling, "bits": bits, "total": total, "triplets": triplets,
    "saturation": saturation, "total axes": total_axes, "dynamics": dynamics,
    "crowd curves": curves, "crowd on reported": on_reported, "crowd gains": gains,
    "crowd transfer": transfer, "crowd encoders": courses,
}  # fmt: skip

FULL = Size(
    items=100, classes=10, dims=3, seeds=12, answers=(1, 2, 4, 8, 16, 32), draws=512,
    axis_classes=(3, 10, 30), axis_dims=(1, 3, 10), axis_precision=(0.3, 1.0, 3.0),
    axis_lapse=(0.0, 0.1, 0.3), saturation_dims=(3,), saturation_classes=(2, 3, 4, 6, 12),
    prototype_sets=4, small_items=10, small_worlds=8, small_answers=(1, 4, 16), temperatures=150,
    triplets=(30, 100, 300, 1000, 3000), shots=(1, 2, 4),
    encoder_items=500, encoder_answers=2000, encoder_steps=8000, encoder_look=10, encoder_seeds=5,
    encoder_precision=2.0, encoder_axis_answers=(125, 500, 2000, 8000),
    encoder_axis_classes=(2, 4, 10, 30), encoder_axis_dims=(1, 2, 3, 5),
    encoder_axis_precision=(0.5, 1.0, 2.0, 8.0), encoder_axis_negatives=(1, 2, 4, 8, 16),
)  # fmt: skip
QUICK = replace(
    FULL, items=50, seeds=8, answers=(1, 4, 16), draws=256, axis_classes=(3, 5, 10),
    axis_dims=(1, 2, 3), axis_precision=(0.3, 1.0, 3.0), axis_lapse=(0.0, 0.1, 0.3),
    saturation_dims=(3,), saturation_classes=(2, 3, 5, 9), prototype_sets=3, small_items=8,
    small_worlds=4, small_answers=(1, 4, 16), temperatures=60, triplets=(30, 300, 1000),
    shots=(1, 2, 4),
    encoder_items=300, encoder_answers=1000, encoder_steps=2000, encoder_look=10, encoder_seeds=3,
    encoder_axis_answers=(125, 500, 2000), encoder_axis_classes=(2, 4, 10),
    encoder_axis_dims=(1, 2, 4), encoder_axis_precision=(0.5, 2.0, 8.0),
    encoder_axis_negatives=(1, 4, 16),
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What one way of reproducing covers."""

    size: Size
    signals: tuple[str, ...]
    #: Signals whose bits in total are computed along every axis.
    along_axes: tuple[str, ...]
    triplet_items: tuple[int, ...]
    #: Signals, and mixtures of them, that encoders are trained on.
    encoders: tuple[str, ...]
    #: How much of the figures that rest on people's answers.
    crowd: CrowdSize = QUICK_CROWD


ENCODED = (
    "hard", "soft", "sparse-soft", "ranking", "triplet", "contrastive 4", "rating", "hard+triplet",
    "soft+triplet",
)  # fmt: skip
ENCODED_QUICK = ("hard", "soft", "triplet", "contrastive 4", "hard+triplet")
PLANS = {
    "full": Plan(
        FULL, tuple(REGISTRY), ("hard", "triplet", "similarity"), (12,), ENCODED, FULL_CROWD
    ),
    "quick": Plan(
        QUICK,
        ("hard", "soft", "ranking", "triplet"),
        ("hard", "triplet"),
        (10,),
        ENCODED_QUICK,
        QUICK_CROWD,
    ),
}


def pieces(plan: Plan, source: Source | None = None) -> list[Piece]:
    """Everything that the plan computes, what several figures need first; what rests on people's
    answers where there is a `source` of them."""
    subjects: dict[str, Sequence[str]] = {
        "fits": plan.signals,
        "ceiling": ("true positions",),
        "bits": plan.signals,
        "total": plan.signals,
        "triplets": [str(items) for items in plan.triplet_items],
        "saturation": [
            f"{kind} {d}" for d in plan.size.saturation_dims for kind in ("careful", "usual")
        ],
        "total axes": plan.along_axes,
        "dynamics": plan.encoders,
    }
    found = [
        Piece(analysis, subject, plan.size)
        for analysis in subjects
        for subject in subjects[analysis]
    ]
    if source is not None:
        people = {
            "crowd curves": ANYWHERE,
            "crowd on reported": REPORTED,
            "crowd gains": ("kinds of labels",),
            "crowd transfer": tuple(HELD_OUT),
            "crowd encoders": available(source),
        }
        found += [Piece(a, s, plan.crowd, source) for a in people for s in people[a]]
    return found


def run_piece(piece: Piece) -> pl.DataFrame:
    """The rows of one piece."""
    import warnings

    with warnings.catch_warnings():
        # Small samples on purpose: their standard errors stand in the table.
        warnings.simplefilter("ignore", UserWarning)
        rests_on = () if piece.source is None else (piece.source,)
        return table(ANALYSES[piece.analysis](piece.subject, piece.size, *rests_on))


def compute(
    analyses: Sequence[str],
    folder: Path,
    *,
    quick: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
    source: Source | None = None,
) -> dict[str, pl.DataFrame]:
    """Run what is left of the named analyses and return the rows of each.

    Finished pieces stay in `folder`; the same call continues after an interruption. Raises
    `InputError` if the folder is in use or cannot be written; what is finished is kept.
    """
    for name in analyses:
        if name not in ANALYSES:
            raise InputError(f"unknown analysis {name!r}; expected: {', '.join(ANALYSES)}")
    wanted = [
        p for p in pieces(PLANS["quick" if quick else "full"], source) if p.analysis in analyses
    ]
    with heard(), Parts(folder) as store:
        finished = store.done(wanted)
        left = [piece for piece in wanted if piece.key not in finished]
        tell = progress or (lambda done, total, what: None)
        tell(len(finished), len(wanted), "continuing" if finished else "starting")
        if left:
            stream: Iterator = results(left, run_piece, workers=workers)
            with contextlib.closing(stream):  # type: ignore[type-var]
                for done, (piece, rows) in enumerate(stream, len(finished) + 1):
                    store.add(piece, rows)
                    tell(done, len(wanted), piece.where())
        return {
            name: pl.concat([store.read(p) for p in wanted if p.analysis == name])
            for name in analyses
        }


def reproduce(
    names: Sequence[str] | None,
    folder: Path,
    *,
    quick: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
    data: Path | None = None,
) -> pl.DataFrame:
    """The numbers of the named figures; if none is named, of all that have what they need.

    `data` is the folder of people's answers for the figures that rest on them (left out:
    LABELBITS_DATA). Raises `InputError` for an unknown figure, where those answers are missing,
    and as `compute` does.
    """
    there = data is not None or bool(os.environ.get(VARIABLE))
    chosen = list(dict.fromkeys(names or [n for n in FIGURES if there or n not in OF_PEOPLE]))
    for name in chosen:
        if name not in FIGURES:
            raise InputError(f"unknown figure {name!r}; expected: {', '.join(FIGURES)}")
    source = find(data) if any(name in OF_PEOPLE for name in chosen) else None
    needed = [a for a in ANALYSES if any(a in FIGURES[name].analyses for name in chosen)]
    found = compute(needed, folder, quick=quick, workers=workers, progress=progress, source=source)
    return numbers(chosen, found, PLANS["quick" if quick else "full"].size)
