"""Bits of many answers by Laplace's approximation: 1/2 log2 det(I + F).

F is the expected Fisher information of the answers about all coordinates, at points drawn from
the world; the prior is N(0, I). Useful where answers pin every coordinate down, and no bound:
see the warning that `joint` attaches.
"""

from __future__ import annotations

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
import scipy.sparse
from jaxtyping import Array, Float, Int, PRNGKeyArray

from labelbits.compilation import ONCE, compiled_briefly, exact_product
from labelbits.errors import InputError
from labelbits.interface import Signal, World
from labelbits.signals.base import traced

#: Most coordinates of a dense information matrix: 20,000 take 3.2 GB in float64.
MOST_COORDINATES = 20_000
#: Answers drawn for the Fisher information of signals whose answers cannot be listed.
DRAWS = 256
#: Numbers in the Jacobians of one chunk of questions.
CHUNK = 2**22

Asks = tuple[tuple[Signal, np.ndarray], ...]


def question_turns(questions: np.ndarray) -> np.ndarray:
    """Which of the questions about its items each row asks, modulo their number: items begin with
    different ones, and rows that repeat an item go on to the next."""
    seen: dict[tuple[int, ...], int] = {}
    turns = np.zeros(len(questions), dtype=int)
    for i, row in enumerate(map(tuple, questions.tolist())):
        turns[i] = row[0] + seen.get(row, 0)
        seen[row] = seen.get(row, 0) + 1
    return turns


def _channel_information(
    signal: Signal,
    key: PRNGKeyArray,
    d2: Array,
    answers: Array | None,
    question: Array,
    draws: int,
) -> Array:
    """Square root R (r, reads) of the Fisher information R' R about the distances read."""
    score = jax.grad(lambda d, a: signal.log_prob(a, d))
    if answers is None:
        many = jnp.broadcast_to(d2, (draws, *d2.shape))
        drawn = signal.sample(key, many, question)
        return jax.vmap(lambda a: score(d2, a).ravel())(drawn) / math.sqrt(draws)
    listed = answers[question]
    p = jnp.exp(jax.vmap(lambda a: signal.log_prob(a, d2))(listed))
    scores = jax.vmap(lambda a: score(d2, a).ravel())(listed)
    # An answer of probability 0 has no weight, whatever its score.
    return jnp.sqrt(p)[:, None] * jnp.where(p[:, None] > 0, scores, 0.0)


def _roots(
    signal: Signal,
    key: PRNGKeyArray,
    points: Float[Array, "n arity dims"],
    prototypes: Float[Array, "classes dims"] | None,
    answers: Array | None,
    question: Int[Array, "n"],
    draws: int,
) -> tuple[Array, Array]:
    """Square roots of each question's information: (n, r, arity dims) about its items and
    (n, r, classes dims) about the prototypes."""

    def one(key: PRNGKeyArray, x: Array, question: Array) -> tuple[Array, Array]:
        def read(x: Array, c: Array | None) -> Array:
            return signal.distances(x[None], None if c is None else c[None])[0]

        root = _channel_information(signal, key, read(x, prototypes), answers, question, draws)
        about_items = jax.jacrev(read, argnums=0)(x, prototypes)
        items = exact_product(root, about_items.reshape(root.shape[1], -1))
        if prototypes is None:
            return items, jnp.zeros((root.shape[0], 0))
        about_classes = jax.jacrev(read, argnums=1)(x, prototypes)
        return items, exact_product(root, about_classes.reshape(root.shape[1], -1))

    return jax.vmap(one)(jax.random.split(key, len(points)), points, question)


#: For many chunks of questions, and for few enough that compiling takes longer than running.
_blocks, _blocks_once = eqx.filter_jit(_roots), compiled_briefly(_roots, ONCE)


def _check(asks: Asks, world: World, about: str) -> int:
    for signal, _ in asks:
        if math.isinf(float(signal.precision)):
            raise InputError(
                f"precision of {signal.name} is inf; noise-free answers have zero or infinite "
                "Fisher information: give a finite precision or use few enough items to enumerate"
            )
    free = any(s.uses_classes for s, _ in asks) and about == "geometry"
    classes = world.classes if free and world.known_prototypes is None else 0
    return (world.items + classes) * world.dims


def laplace_bits(asks: Asks, world: World, about: str, key: PRNGKeyArray) -> tuple[float, float]:
    """(bits, bits of the least determined coordinate) of all answers at one drawn world."""
    coordinates = _check(asks, world, about)
    item_key, prototype_key, draw_key = jax.random.split(key, 3)
    items = world.sample_items(item_key, (world.items,))
    uses = any(s.uses_classes for s, _ in asks)
    prototypes = world.sample_prototypes(prototype_key, ()) if uses else None
    borders = coordinates - world.items * world.dims
    if all(s.uses_classes and s.arity == 1 for s, _ in asks):
        return _bordered(asks, world, items, prototypes, borders, draw_key)
    if coordinates > MOST_COORDINATES:
        raise InputError(
            f"{coordinates:,} coordinates; at most {MOST_COORDINATES:,} fit a dense information "
            "matrix: use fewer items or dims"
        )
    return _dense(asks, world, items, prototypes, coordinates, borders, draw_key)


def _each_chunk(
    asks: Asks,
    world: World,
    items: Array,
    prototypes: Array | None,
    key: Array,
    draws: int = DRAWS,
):
    """Yield (items asked (n, arity), roots about items, roots about prototypes)."""
    for signal, questions in asks:
        listed = signal.outcomes(world.classes) <= 64
        kinds = signal.questions(world.classes)
        answers = None
        if listed:
            answers = jnp.asarray(
                np.stack([signal.enumerate(world.classes, q) for q in range(kinds)])
            )
        outcomes = int(signal.outcomes(world.classes)) if listed else draws
        width = (signal.arity + (world.classes if signal.uses_classes else 0)) * world.dims
        most = max(1, CHUNK // (outcomes * width))
        # A power of two, filled up with the first question: few sizes, few compiled programs.
        n = int(min(most, 1 << (len(questions) - 1).bit_length()))
        channel = traced(signal)
        blocks = _blocks_once if len(questions) <= n else _blocks
        given = prototypes if signal.uses_classes else None
        turns = question_turns(questions) if kinds > 1 else np.zeros(len(questions), dtype=int)
        for start in range(0, len(questions), n):
            rows = questions[start : start + n]
            filled = np.concatenate([rows, np.repeat(questions[:1], n - len(rows), axis=0)])
            key, one = jax.random.split(key)
            kind = jnp.asarray(np.resize(turns[start : start + n], n) % kinds)
            about_items, about_classes = blocks(
                channel, one, items[filled], given, answers, kind, draws
            )
            yield (
                rows,
                np.asarray(about_items, dtype=np.float64)[: len(rows)],
                np.asarray(about_classes, dtype=np.float64)[: len(rows)],
            )


def _bordered(
    asks: Asks, world: World, items: Array, prototypes: Array | None, borders: int, key: Array
) -> tuple[float, float]:
    """log det of a block diagonal of items with a border of prototypes, by Schur complement."""
    dims = world.dims
    diagonal = np.tile(np.eye(dims), (world.items, 1, 1))
    corner = np.eye(borders)
    cross = np.zeros((world.items, dims, borders))
    for rows, a, c in _each_chunk(asks, world, items, prototypes, key):
        np.add.at(diagonal, rows[:, 0], np.einsum("nri,nrj->nij", a, a))
        if borders:
            np.add.at(cross, rows[:, 0], np.einsum("nri,nrj->nij", a, c))
            flat = c.reshape(-1, borders)
            corner += flat.T @ flat
    least = float(np.linalg.eigvalsh(diagonal).min())
    nats = 0.5 * float(np.linalg.slogdet(diagonal)[1].sum())
    if borders:
        solved = np.linalg.solve(diagonal, cross)
        corner -= np.einsum("nij,nik->jk", cross, solved)
        nats += 0.5 * float(np.linalg.slogdet(corner)[1])
    return nats / math.log(2), 0.5 * math.log2(max(least, 1.0))


def question_information(
    signal: Signal,
    world: World,
    items: Float[Array, "items dims"],
    prototypes: Float[Array, "classes dims"],
    questions: np.ndarray,
    key: PRNGKeyArray,
    draws: int = DRAWS,
) -> np.ndarray:
    """Mean Fisher information of `questions` (n, arity) at these points, (P, P).

    Coordinates are those of the items, then of the prototypes: P = (items + classes) x dims.
    Answers that cannot be listed are drawn, `draws` to a question. Raises `InputError` for a
    noise-free signal.
    """
    asks = ((signal, questions),)
    _check(asks, world, "geometry")
    borders = prototypes.size
    total = _sum(asks, world, items, prototypes, items.size + borders, borders, key, draws)
    return total / len(questions)


def _sum(
    asks: Asks,
    world: World,
    items: Array,
    prototypes: Array | None,
    coordinates: int,
    borders: int,
    key: Array,
    draws: int = DRAWS,
) -> np.ndarray:
    """Fisher information of all questions together, (coordinates, coordinates)."""
    matrix = np.zeros((coordinates, coordinates))
    dims = world.dims
    for rows, a, c in _each_chunk(asks, world, items, prototypes, key, draws):
        n, r = a.shape[:2]
        columns = (rows[:, :, None] * dims + np.arange(dims)).reshape(n, -1)
        root = a
        if borders and c.shape[2]:  # comparisons tell nothing about the prototypes
            own = world.items * dims + np.arange(borders)
            columns = np.concatenate([columns, np.broadcast_to(own, (n, borders))], axis=1)
            root = np.concatenate([a, c], axis=2)
        # Sparse R, one row an outcome of a question: R' R adds all blocks at once.
        width = columns.shape[1]
        sparse = scipy.sparse.csr_matrix(
            (
                root.ravel(),
                np.repeat(columns, r, axis=0).ravel(),
                np.arange(0, n * r * width + 1, width),
            ),
            shape=(n * r, coordinates),
        )
        product = (sparse.T @ sparse).tocoo()
        matrix[product.row, product.col] += product.data
    return matrix


def _dense(
    asks: Asks,
    world: World,
    items: Array,
    prototypes: Array | None,
    coordinates: int,
    borders: int,
    key: Array,
) -> tuple[float, float]:
    matrix = _sum(asks, world, items, prototypes, coordinates, borders, key)
    matrix[np.diag_indices(coordinates)] += 1.0
    least = float(matrix.diagonal().min())
    factor = scipy.linalg.cholesky(matrix, lower=True, overwrite_a=True, check_finite=False)
    bits = float(np.log2(factor.diagonal()).sum())
    return bits, 0.5 * math.log2(max(least, 1.0))
