"""Features as a file that plans read."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from labelbits.atomic import write_whole
from labelbits.outputs import check_table, unwritable


def write_features(ids: Sequence[str], features: np.ndarray, path: Path) -> Path:
    """A row an item: columns `item` and `embedding` (a vector) as Parquet, or `item, f0, f1, ...`
    as CSV; returns the path. Raises `InputError` where it cannot be written."""
    path = check_table(path)
    made = io.BytesIO()
    if path.suffix.lower() == ".parquet":
        vectors = pl.Series("embedding", features, dtype=pl.Array(pl.Float32, features.shape[1]))
        pl.DataFrame({"item": list(ids), "embedding": vectors}).write_parquet(made)
    else:
        columns = {f"f{k}": features[:, k] for k in range(features.shape[1])}
        pl.DataFrame({"item": list(ids), **columns}).write_csv(made)
    try:
        write_whole(path, made.getbuffer())
    except OSError as problem:
        raise unwritable(path, problem) from None
    return path
