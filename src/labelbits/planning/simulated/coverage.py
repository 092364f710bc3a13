"""What it costs to label only some of the items: alignment over all items, covered or not."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist
from scipy.stats import rankdata

#: Items of the reference world; its Spearman correlations are stable to about .01.
ITEMS = 300
NOISE = np.concatenate([[0.0], np.geomspace(0.03, 30, 16)])
SHARES = np.array([0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])


class Coverage:
    """Alignment over all items when a share of them is covered with a given alignment.

    Items z ~ N(0, I_dims). A covered item is estimated by its posterior mean (z + s e)/(1 + s^2),
    an item without answers by the prior mean 0, with its expected distance. The noise s stands
    for the alignment that simulation finds among covered items; the table over (s, share) is
    computed once from one fixed world and interpolated.
    """

    def __init__(self, dims: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        z = rng.standard_normal((ITEMS, dims))
        e = rng.standard_normal((ITEMS, dims))
        truth = rankdata(pdist(z, "sqeuclidean"))
        order = rng.permutation(ITEMS)
        full, table = [], []
        for s in NOISE:
            estimate = (z + s * e) / (1 + s**2)
            spread = dims * s**2 / (1 + s**2)
            row = []
            for share in SHARES:
                covered = np.zeros(ITEMS, dtype=bool)
                covered[order[: round(share * ITEMS)]] = True
                points = np.where(covered[:, None], estimate, 0.0)
                # Posterior variance adds to every expected squared distance.
                extra = np.where(covered, spread, float(dims))
                first, second = np.triu_indices(ITEMS, 1)
                d2 = pdist(points, "sqeuclidean") + extra[first] + extra[second]
                row.append(
                    0.0 if np.ptp(d2) == 0 else float(np.corrcoef(rankdata(d2), truth)[0, 1])
                )
            full.append(row[-1])
            table.append(row)
        by = np.argsort(full)
        self._full, self._table = np.array(full)[by], np.array(table)[by]

    def __call__(self, alignment: np.ndarray, share: float) -> np.ndarray:
        """Alignment over all items, for the alignment among the covered ones and their share."""
        if share >= 1:
            return np.asarray(alignment, dtype=float)
        columns = np.array([np.interp(share, SHARES, row) for row in self._table])
        return np.interp(alignment, self._full, columns)
