"""`write_embedding`: the embedding as a table, written to a temporary name and then renamed."""

from __future__ import annotations

import io
from os import PathLike
from pathlib import Path

from labelbits.atomic import write_whole
from labelbits.outputs import check_table, unwritable
from labelbits.recovery.embedding import SignalEmbedding


def write_embedding(embedding: SignalEmbedding, path: str | PathLike[str]) -> Path:
    """Write columns `item, z0 .. z{D-1}`, a row an item, as Parquet or CSV; returns the path."""
    import polars as pl

    path = check_table(path)
    points = embedding.embedding_
    columns = {f"z{d}": points[:, d] for d in range(points.shape[1])}
    table = pl.DataFrame({"item": [str(name) for name in embedding.items_], **columns})
    made = io.BytesIO()  # polars raises errors of its own where a disk is full
    if path.suffix.lower() == ".parquet":
        table.write_parquet(made, compression="zstd")
    else:
        table.write_csv(made)
    try:
        write_whole(path, made.getbuffer())
    except OSError as problem:
        raise unwritable(path, problem) from None
    return path
