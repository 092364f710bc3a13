"""`write_embedding`: the embedding as a table, written to a temporary name and then renamed."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import polars as pl

from labelbits.atomic import replacing
from labelbits.errors import InputError
from labelbits.recovery.embedding import SignalEmbedding


def check_writable(path: str | PathLike[str]) -> Path:
    """The path, or an `InputError` when an embedding cannot be written there."""
    path = Path(path)
    if path.suffix.lower() not in (".parquet", ".csv"):
        found = path.suffix or "no suffix"
        raise InputError(f"{path}: cannot write {found}; expected .parquet or .csv")
    if not path.parent.is_dir():
        raise InputError(f"{path}: folder {path.parent} does not exist; create it first")
    return path


def write_embedding(embedding: SignalEmbedding, path: str | PathLike[str]) -> Path:
    """Write columns `item, z0 .. z{D-1}`, a row an item, as Parquet or CSV; returns the path."""
    path = check_writable(path)
    points = embedding.embedding_
    columns = {f"z{d}": points[:, d] for d in range(points.shape[1])}
    table = pl.DataFrame({"item": [str(name) for name in embedding.items_], **columns})
    with replacing(path) as temporary:
        if path.suffix.lower() == ".parquet":
            table.write_parquet(temporary, compression="zstd")
        else:
            table.write_csv(temporary)
    return path
