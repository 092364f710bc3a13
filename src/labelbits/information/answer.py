"""How many bits one answer carries: the best method for the signal and the world is chosen."""

from __future__ import annotations

import math

from labelbits.errors import InputError, NotFiniteError, check_positive
from labelbits.information import exchangeable
from labelbits.information.bounds import answer_bound, check_possible
from labelbits.information.controls import ShareControls
from labelbits.information.exchangeable import Result
from labelbits.information.grouped import ENUMERATE, grouped
from labelbits.information.importance import item_information
from labelbits.information.orbits import orbits
from labelbits.information.quadrature import few_votes, quadrature
from labelbits.information.quasi import quasi
from labelbits.information.reported import reported
from labelbits.information.ticks import ticks
from labelbits.interface import About, Estimate, Method, Signal, World

#: Draws after which a sampled estimate stops, its error met or not.
MAX_SAMPLES = 20_000_000
#: The same for answers too many to list about given prototypes, unless more are asked for: each
#: draw takes an integral of its own there.
MAX_INTEGRALS = 2**14
#: Classes up to which so many are; with more, each takes longer and fewer are, but at least these.
FEW_CLASSES, LEAST_INTEGRALS = 64, 2**10
#: Dimensions up to which these integrals are centred on the mode of the posterior.
CENTRED_DIMS = 16


def per_answer(
    signal: Signal,
    world: World,
    *,
    about: About = "geometry",
    standard_error: float = 1e-3,
    seed: int = 0,
    max_samples: int = MAX_SAMPLES,
) -> Estimate:
    """I(answer; points) in bits, for one answer to one random question.

    `about="geometry"`: items and prototypes are both unknown, I(A; z, c). `about="items"`: the
    prototypes are given, I(A; z | c), averaged over prototypes of the world. A world with known
    prototypes, and a signal that compares items only, have one value for both.

    Draws until the standard error is at most `standard_error` bits or `max_samples` questions
    are drawn; a warning in the estimate says which stopped it where the error was not met. Answers
    too many to list, about="items", stop earlier unless `max_samples` is given: a soft label there
    takes an integral a draw.
    The value is not cut to what is possible: one of a few bits may come out below 0 within its
    error. Raises `InputError` for arguments out of range, `NotFiniteError` where the information
    is infinite, and `ImpossibleError` for a value outside [0, upper_bound] beyond its error.

    Example
    -------
    >>> import labelbits as lb
    >>> world = lb.World(items=100, classes=2, dims=2)
    >>> signal = lb.signals.Hard(precision=1.0)
    >>> found = lb.information.per_answer(signal, world, standard_error=0.02)
    >>> 0 < found.bits < found.upper_bound == 1
    True
    """
    if about not in ("geometry", "items"):
        raise InputError(f"about is {about!r}; expected geometry or items")
    check_positive("standard_error", standard_error)
    check_positive("max_samples", max_samples)
    if seed != int(seed) or not 0 <= seed < 2**31:
        raise InputError(f"seed is {seed}; expected a whole number from 0 to {2**31 - 1}")
    _check_sizes(signal, world)
    target = standard_error * math.log(2)
    result, method = _integrate(signal, world, about, target, seed, int(max_samples))
    bits, error = result.nats / math.log(2), result.standard_error / math.log(2)
    if not (math.isfinite(bits) and math.isfinite(error)):
        raise NotFiniteError(
            f"bits of {signal.name} came out as {bits} +- {error}; a precision or a distance is "
            "too large for the arithmetic: scale the points or lower the precision"
        )
    warnings = result.warnings
    if error > 1.001 * standard_error:
        warnings += (
            f"stopped after {result.samples:,} draws at a standard error of {error:.2g} bits; "
            f"{standard_error:.2g} was asked: raise max_samples",
        )
    bound, name = answer_bound(signal, world, about)
    check_possible(bits, error, bound, "bits", signal, world)
    return Estimate(
        bits=bits,
        standard_error=error,
        method=method,
        about=about,
        upper_bound=bound,
        upper_bound_name=name,
        outcomes=signal.outcomes(world.classes),
        samples=result.samples,
        warnings=warnings,
    )


def _integrals(classes: int) -> int:
    """Most integrals about given prototypes: about the same work for any number of classes."""
    return max(LEAST_INTEGRALS, int(MAX_INTEGRALS * min(1.0, FEW_CLASSES / classes)))


def _check_sizes(signal: Signal, world: World) -> None:
    """Raise now, with a clear message, for a signal that does not fit the world."""
    signal.width(world.classes)
    confusion = getattr(signal, "confusion", None)
    if confusion is not None and len(confusion) != world.classes:
        raise InputError(
            f"confusion matrix is {len(confusion)} x {len(confusion)}; expected "
            f"{world.classes} x {world.classes}, one row a class"
        )


def _integrate(
    signal: Signal, world: World, about: About, target: float, seed: int, max_samples: int
) -> tuple[Result, Method]:
    exact = quadrature(signal, world, about)
    if exact is not None:
        return exact
    given = signal.uses_classes and (about == "items" or world.known_prototypes is not None)
    if not given:
        for integral in (few_votes(signal, world), ticks(signal, world, target)):
            if integral is not None and integral.standard_error <= target:
                return integral, "quadrature"
        single = exchangeable.single_orbit(signal, world.classes)
        if single is not None:
            of_many = reported(signal, world, target, seed, max_samples)
            if of_many is not None:
                return of_many, "monte-carlo"
            if ShareControls.known(signal, world) is not None:
                return orbits(signal, world, target, seed, max_samples), "monte-carlo"
            even = quasi(signal, world, single, target, seed, max_samples)
            if even is not None:
                return even, "monte-carlo"
            estimate = exchangeable.one_orbit if single else orbits
            return estimate(signal, world, target, seed, max_samples), "monte-carlo"
    one_item = signal.uses_classes and signal.arity == 1 and world.dims <= CENTRED_DIMS
    if given and one_item and signal.outcomes(world.classes) > ENUMERATE:
        most = _integrals(world.classes) if max_samples == MAX_SAMPLES else max_samples
        return item_information((signal,), (1,), world, target, seed, most), "monte-carlo"
    return (
        grouped(signal, world, target, seed, max_samples, given_prototypes=given),
        "monte-carlo",
    )
