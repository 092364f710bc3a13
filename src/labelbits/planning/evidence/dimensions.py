"""How many dimensions a plan of alignment simulates where the plan file says "auto"."""

from __future__ import annotations

import math

import numpy as np

from labelbits.planning.evidence.loading import Evidence
from labelbits.planning.result import Assumption

#: Dimensions where nothing tells them, and the most that are simulated.
UNKNOWN, MOST = 5, 20


def participation_ratio(features: np.ndarray) -> float:
    """(sum of eigenvalues)^2 / sum of squares, of the features' correlations: d for d independent
    columns, 1 for copies of one (Gao et al. 2017, bioRxiv 214262). Constant columns do not count.
    """
    spread = features.std(0)
    x = (features - features.mean(0))[:, spread > 0] / spread[spread > 0]
    # Eigenvalues of the smaller of x'x and xx'.
    gram = x.T @ x if x.shape[1] <= len(x) else x @ x.T
    return float(np.trace(gram) ** 2 / np.sum(gram**2))


def choose_dims(evidence: Evidence | None) -> tuple[int, list[Assumption], list[str]]:
    """(dims, the assumption, what to say first) for "auto"."""
    learn = "'labelbits recover' with --dims auto measures them on people's comparisons"
    if evidence is None:
        source = f"assumed, for there are no features: give dims; {learn}"
        return UNKNOWN, [Assumption("dims", UNKNOWN, "", source)], []
    ratio = participation_ratio(np.asarray(evidence.features, dtype=np.float64))
    most = min(MOST, *evidence.features.shape)
    dims = int(np.clip(math.ceil(ratio - 0.5), 1, most))
    source = (
        f"participation ratio of the features ({ratio:.1f}; Gao et al. 2017), which is not what "
        f"people may see in the items; {learn}"
    )
    first = (
        f"Dimensions were left to 'auto': {dims} are simulated, as many as the features vary in. "
        f"More dimensions take more answers. What people see in the items may differ: {learn}"
    )
    return dims, [Assumption("dims", dims, "", source)], [first]
