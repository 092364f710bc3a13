"""Fused loops over triplets: loss with gradient, one stochastic pass, Fisher blocks.

A triplet (i, j, k) says that i is closer to j than to k. With x = d2_ik - d2_ij and lapse eps,

    P = (1 - eps) sigma(x) + eps / 2,    loss = -sum weight ln P + ridge / 2 |z|^2.

Precision is 1 here: the scale of the points carries it. Everything is float32 and single-threaded
and touches each triplet once; autodiff writes several arrays as long as the triplets instead.
Measured at N=2000, D=5, 548,289 triplets: 17 ms a gradient here, 55 ms by JAX on the same machine
(docs/recovery.md). The number of dimensions is an argument of the compiled code, so another size
compiles nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

_f = np.float32
#: Triplets handled together: their margins fit the first-level cache and vectorise.
_BLOCK = 256
#: A triplet fulfilled by this margin has a gradient below 1e-5 of a violated one: skipped.
_FULFILLED = _f(12)


def _compiled(function: Callable[..., Any]) -> Any:
    """numba's compiler with its cache on disk, in memory only where nothing can be written."""
    try:
        return numba.njit(fastmath=True, nogil=True, cache=True)(function)
    except RuntimeError:  # no folder for the cache, in the package or in the user's home
        return numba.njit(fastmath=True, nogil=True)(function)


@_compiled
def _margins(points, triplets, first, last, out):
    """x of triplets first..last into `out`."""
    dims = points.shape[1]
    for t in range(first, last):
        i, j, k = triplets[t, 0], triplets[t, 1], triplets[t, 2]
        x = _f(0)
        for d in range(dims):
            anchor = points[i, d]
            near, far = anchor - points[j, d], anchor - points[k, d]
            x += far * far - near * near
        out[t - first] = x


@_compiled
def _exp_minus(x, count, out, bits):
    """out = exp(-x), x clipped to +-80; `bits` is `out` seen as int32.

    exp(u) = 2^n p(f): a polynomial (relative error 3e-6) whose exponent field is raised by n.
    Unlike the library's exp it vectorises.
    """
    for t in range(count):
        u = min(max(-x[t], _f(-80)), _f(80)) * _f(1.4426950408889634)
        n = np.int32(u + _f(1000.5)) - np.int32(1000)
        f = (u - _f(n)) * _f(0.6931471805599453)
        p = _f(0.041666667) + f * _f(0.0083333333)
        out[t] = _f(1) + f * (_f(1) + f * (_f(0.5) + f * (_f(0.16666667) + f * p)))
        bits[t] += n << np.int32(23)


@_compiled
def loss_gradient(points, triplets, weight, lapse, ridge, gradient):
    """Loss, and its gradient into `gradient` (items, dims).

    `points` (items, dims) float32, `triplets` (n, 3) int32, `weight` (n,) float32 or (0,) for
    all ones. Returns (loss, expected number of lapses), the second being the sum over triplets
    of weight P(lapse | answer).
    """
    items, dims = points.shape
    weighted = weight.shape[0] > 0
    x = np.empty(_BLOCK, np.float32)
    e = np.empty(_BLOCK, np.float32)
    bits = e.view(np.int32)
    keep, half = _f(1 - lapse), _f(lapse / 2)
    loss, lapses = 0.0, 0.0
    gradient[:] = 0
    for first in range(0, triplets.shape[0], _BLOCK):
        last = min(first + _BLOCK, triplets.shape[0])
        _margins(points, triplets, first, last, x)
        _exp_minus(x, last - first, e, bits)
        block_loss, block_lapses = _f(0), _f(0)
        for t in range(last - first):
            w = weight[first + t] if weighted else _f(1)
            r = _f(1) + e[t]  # 1 / sigma(x)
            mixed = keep + half * r  # P / sigma(x)
            block_loss += w * np.log(r / mixed)
            block_lapses += w * half * r / mixed
            e[t] = w * keep * e[t] / (r * mixed)  # d ln P / dx
        loss += block_loss
        lapses += block_lapses
        for t in range(last - first):
            g = _f(2) * e[t]
            if g < _f(1e-7):
                continue
            i, j, k = triplets[first + t, 0], triplets[first + t, 1], triplets[first + t, 2]
            for d in range(dims):
                anchor = points[i, d]
                near, far = g * (anchor - points[j, d]), g * (anchor - points[k, d])
                gradient[i, d] += near - far
                gradient[j, d] -= near
                gradient[k, d] += far
    power = 0.0
    for i in range(items):
        for d in range(dims):
            power += points[i, d] * points[i, d]
            gradient[i, d] += _f(ridge) * points[i, d]
    return loss + 0.5 * ridge * power, lapses


@_compiled
def stochastic_pass(points, triplets, weight, lapse, shrink, rate, rate_end):
    """One pass of stochastic gradient descent over the triplets in their order, in place.

    The step falls from `rate` to `rate_end`. `shrink` (items,) is the ridge's share of one
    update of each item. Returns (share of triplets that were violated when their turn came,
    expected share of lapses): both are honest in the first pass, when no triplet was seen before.
    """
    n, dims = triplets.shape[0], points.shape[1]
    weighted = weight.shape[0] > 0
    keep, half = _f(1 - lapse), _f(lapse / 2)
    slope = _f((rate_end - rate) / max(n, 1))
    violated, lapses, total = 0.0, 0.0, 0.0
    for t in range(n):
        i, j, k = triplets[t, 0], triplets[t, 1], triplets[t, 2]
        x = _f(0)
        for d in range(dims):
            anchor = points[i, d]
            near, far = anchor - points[j, d], anchor - points[k, d]
            x += far * far - near * near
        w = weight[t] if weighted else _f(1)
        total += w
        if x < 0:
            violated += w
        if x > _FULFILLED:
            lapses += w * half
            continue
        e = np.exp(-max(x, _f(-80)))
        r = _f(1) + e
        mixed = keep + half * r
        lapses += w * half * r / mixed
        step = _f(rate) + slope * _f(t)
        # A heavy triplet must not throw its items across the space.
        g = _f(2) * min(w * step, _f(0.25)) * keep * e / (r * mixed)
        keep_i, keep_j, keep_k = (
            _f(1) - step * shrink[i],
            _f(1) - step * shrink[j],
            _f(1) - step * shrink[k],
        )
        for d in range(dims):
            zi, zj, zk = points[i, d], points[j, d], points[k, d]
            near, far = g * (zi - zj), g * (zi - zk)
            points[i, d] = zi * keep_i - near + far
            points[j, d] = zj * keep_j + near
            points[k, d] = zk * keep_k - far
    return violated / max(total, 1e-30), lapses / max(total, 1e-30)


@_compiled
def fisher_blocks(points, triplets, weight, lapse, blocks):
    """Expected Fisher information of each item's own coordinates, added to `blocks`.

    `blocks` (items, dims, dims) float32. F = sum weight P'(x)^2 / (P (1 - P)) (dx/dz)(dx/dz)^T,
    only the diagonal blocks: the other items taken as known.
    """
    dims = points.shape[1]
    weighted = weight.shape[0] > 0
    keep, half = 1 - lapse, lapse / 2
    x = np.empty(1, np.float32)
    for t in range(triplets.shape[0]):
        _margins(points, triplets, t, t + 1, x)
        sigma = 1 / (1 + np.exp(-np.float64(min(max(x[0], _f(-80)), _f(80)))))
        p = keep * sigma + half
        slope = keep * sigma * (1 - sigma)
        information = slope * slope / max(p * (1 - p), 1e-300)
        if weighted:
            information *= weight[t]
        f = _f(4 * information)
        if f < _f(1e-9):
            continue
        i, j, k = triplets[t, 0], triplets[t, 1], triplets[t, 2]
        for a in range(dims):
            far_a, near_a = points[i, a] - points[k, a], points[i, a] - points[j, a]
            for b in range(dims):
                far_b, near_b = points[i, b] - points[k, b], points[i, b] - points[j, b]
                blocks[i, a, b] += f * (far_a - near_a) * (far_b - near_b)
                blocks[j, a, b] += f * near_a * near_b
                blocks[k, a, b] += f * far_a * far_b
