"""Points in time as markets write them, and the seconds between two of them."""

from __future__ import annotations

import datetime
import re

import polars as pl

#: How American reports write a point in time: month first.
AMERICAN = re.compile(
    r"^(\d{1,2})/(\d{1,2})/(\d{4})[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?\s*([AaPp][Mm])?$"
)
#: How the rest of the world writes one: day first.
EUROPEAN = re.compile(
    r"^(\d{1,2})\.(\d{1,2})\.(\d{4})[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?$"
)

#: Seconds (10 digits) or milliseconds (13) since 1970, from 2001 on.
_EPOCH = re.compile(r"^([1-4]\d{9}|[1-4]\d{12})(?:\.\d+)?$")


def point(text: str) -> float | None:
    """Seconds since 1970 of ISO or American text, or of such seconds or milliseconds as a number of
    this century; None for anything else."""
    if (count := _EPOCH.match(text.strip())) is not None:
        return float(count[0]) / (1000.0 if len(count[1]) == 13 else 1.0)
    if found := AMERICAN.match(text.strip()) or EUROPEAN.match(text.strip()):
        month, day, year, hour, minute, second, *half = found.groups()
        if not half or int(month) > 12:
            month, day = day, month
        if half and half[0]:
            hour = int(hour) % 12 + 12 * (half[0].lower() == "pm")
        try:
            whole = datetime.datetime(
                int(year), int(month), int(day), int(hour), int(minute), tzinfo=datetime.UTC
            )
        except (ValueError, OverflowError):
            return None
        return whole.timestamp() + float(second or 0)
    try:
        made = datetime.datetime.fromisoformat(re.sub(r" ?(UTC|GMT)$", "+00:00", text.strip()))
    except (ValueError, OverflowError):
        return None
    if made.tzinfo is None:
        made = made.replace(tzinfo=datetime.UTC)
    try:
        return made.timestamp()
    except (ValueError, OverflowError):
        return None


def points(column: pl.Series) -> pl.Series:
    """A column of points in time, each distinct text parsed once."""
    if column.dtype.is_temporal():
        return column.cast(pl.Datetime("us"), strict=False).dt.epoch("us").cast(pl.Float64) / 1e6
    texts = column.cast(pl.String, strict=False)
    distinct = texts.drop_nulls().unique()
    made = pl.Series([point(text) for text in distinct], dtype=pl.Float64)
    return texts.replace_strict(distinct, made, default=None, return_dtype=pl.Float64)


def seconds_between(table: pl.DataFrame, started: str, ended: str) -> pl.Expr:
    """Seconds from one column to the other; null where one is missing or they are turned round."""
    if started not in table.columns or ended not in table.columns:
        return pl.lit(None, dtype=pl.Float64)
    taken = points(table[ended]) - points(table[started])
    own = taken.to_frame("t").select(pl.when(pl.col("t") >= 0).then(pl.col("t"))).to_series()
    return pl.lit(own)
