"""Which column holds the seconds of an answer, and whether they are seconds.

Times are read under their usual names, as numbers, `h:m:s` or with decimal commas. What a name
does not say about the unit the median does: an answer takes seconds to minutes.
"""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from labelbits.answers.formats import languages
from labelbits.answers.formats.cells import names as as_names
from labelbits.answers.formats.cells import numbers
from labelbits.answers.formats.stamps import seconds_between
from labelbits.answers.formats.usual import plain

#: Keys of `--columns` that name a column of times, in the order of the arguments of `seconds`.
KEYS = ("seconds", "milliseconds")
#: Usual names without marks and capitals: seconds for certain, milliseconds, either.
SECONDS = (
    "seconds", "secs", "sec", "rts", "timeseconds", "durationseconds", "elapsedseconds",
    "worktimeinseconds", "timespentinseconds", "leadtime", "timetaken", "timespent", "duration",
    "responsetime", "reactiontime", "rt", "rtime", "elapsed", "elapsedtime", "answertime",
    "annotationtime", "worktime", "time", "ttr", "latency", "timeelapsed", "handletime",
    "handlingtime", "aht", "readtime", "readingtime", "reviewtime", "timeontask", "tasktime",
    "decisiontime", "labeltime", "labelingtime", "labellingtime", "timetoanswer", "timetoannotate",
    "timetolabel", "secondstolabel", "secondstoreview", "speechtime", "transcriptiontime",
    "codingtime", "ratingtime", "judgmenttime",
    *languages.SECONDS, *languages.TIME,
)  # fmt: skip
#: Names of columns that hold minutes or hours: what follows a word for time.
_LONG = re.compile(
    rf"^(?=.*(time|dur|elapsed|spent|taken|handl|aht|{'|'.join(languages.OF_TIME)}))"
    rf"\w*?(minutes|mins|min|{languages.IN_MINUTES}|hours|hrs|stunden)$"
    rf"|^(minutes|mins|{languages.IN_MINUTES})$"
)
#: Pairs of columns of points in time between which an answer was given.
SPANS = (
    ("starttime", "endtime"), ("startedat", "finishedat"), ("startedat", "endedat"),
    ("startedat", "completedat"), ("startedat", "submittedat"), ("starttime", "submittime"),
    ("start", "end"), ("started", "ended"), ("started", "finished"), ("started", "completed"),
    ("started", "submitted"), ("opened", "submitted"), ("openedat", "submittedat"),
    ("timestart", "timeend"), ("starttimestamp", "endtimestamp"), ("begin", "end"),
    ("begintime", "endtime"), ("startdate", "enddate"), ("acceptedat", "submittedat"),
    ("startts", "endts"), ("tsstart", "tsend"), ("startepoch", "endepoch"),
    ("startms", "endms"), ("starttimems", "endtimems"), ("onset", "offset"),
)  # fmt: skip
SURE = ("seconds", "secs", "sec", "rts", "leadtime", *languages.SECONDS)
MILLISECONDS = ("milliseconds", "millis", "ms", "msec")
#: Seconds an answer: a longer median is asked about, in a column of unknown unit it is thousandths.
PLAUSIBLE = 600.0
#: What reactions are called: whole numbers above so many seconds are thousandths.
REACTIONS = frozenset({"rt", "rtime", "reactiontime", "responsetime", "latency", "responselatency"})
LONGEST_REACTION = 60.0
#: Seconds an answer that no question takes: a day.
LONGEST = 86_400.0
#: Milliseconds an answer below which a column that is called so cannot hold them.
SHORTEST_MS = 50.0
#: Seconds an answer below which nobody answers: spreadsheets write times as parts of a day.
SHORTEST = 0.01
#: Seconds after a name.
_UNIT = rf"[\s_(\[]+(in |en |em )?(s|secs?|seconds?|{languages.IN_SECONDS})\.?[\])]*$"


def plain_name(name: str) -> str:
    """A column's name in small letters, without marks: `RT (s)` and `rt_s` are `rts`."""
    return re.sub(r"[^a-z0-9]", "", plain(name))


def _in_ms(plain: str) -> bool:
    return plain in MILLISECONDS or (
        plain.endswith(("ms", "msec", "millis", "milliseconds"))
        and plain not in ("items", "forms", "terms", "params")
        and any(
            word in plain
            for word in ("time", "dur", "rt", "elapsed", "latency", "spent", *languages.OF_TIME)
        )
    )


def _without_unit(name: str) -> str:
    """The plain name without seconds in brackets or after a blank: `Response time (s)`."""
    return plain_name(re.sub(_UNIT, "", name, flags=re.I))


def unit_of(name: str) -> float:
    """Seconds of one unit of a column that says minutes or hours in its name, else 1."""
    plain = plain_name(name)
    if not _LONG.match(plain):
        return 1.0
    return 3600.0 if re.search(r"(hours|hrs|stunden)$", plain) else 60.0


def may_be_time(name: str) -> bool:
    """Could a column of this name be read as times, or be named as one that is not?"""
    plain = plain_name(name).replace("sentiment", "")  # which holds the word time
    words = ("time", "dur", "sec", "rt", "elapsed", "latency", "spent", "ms", "reaction", "ttr",
             *languages.OF_TIME)  # fmt: skip
    return any(word in plain for word in words) or any(plain in pair for pair in SPANS)


def is_time(name: str) -> bool:
    """Is a column of this name one of times for certain?"""
    return time_column(pl.DataFrame(schema={name: pl.String})) is not None


def time_column(table: pl.DataFrame) -> str | None:
    """The column that goes by a usual name for times, the surest first."""
    by_name: dict[str, str] = {}
    for column in table.columns:
        by_name.setdefault(plain_name(column), column)
    for column in table.columns:
        by_name.setdefault(_without_unit(column), column)
    found = next((by_name[name] for name in SECONDS if name in by_name), None)
    found = found or next((column for name, column in by_name.items() if _in_ms(name)), None)
    return found or next((column for name, column in by_name.items() if _LONG.match(name)), None)


def span_columns(table: pl.DataFrame) -> tuple[str, str] | None:
    """The columns of when an answer was begun and ended, where they go by usual names."""
    by_name: dict[str, str] = {}
    for column in table.columns:
        by_name.setdefault(plain_name(column), column)
    return next(((by_name[a], by_name[b]) for a, b in SPANS if a in by_name and b in by_name), None)


def read_spans(table: pl.DataFrame) -> tuple[str, ...]:
    """Those columns, where they hold points in time; `start` and `end` may be places in a text."""
    both = span_columns(table) or ()
    if both and table.select(seconds_between(table, *both)).to_series().null_count() == len(table):
        return ()
    return both


def _between(path: Path, table: pl.DataFrame, notes: list[str]) -> pl.Series | None:
    """Seconds from begin to end of each answer, where two columns hold points in time."""
    both = span_columns(table)
    if both is None:
        return None
    made = table.select(seconds_between(table, *both).alias("t")).to_series()
    if made.null_count() == len(made) or float(made.median() or 0) > LONGEST:  # type: ignore[arg-type]
        return None
    notes.append(f"{path.name}: the time of an answer is taken from {both[0]!r} to {both[1]!r}")
    return made


def seconds(
    path: Path,
    table: pl.DataFrame,
    notes: list[str],
    told: str | None = None,
    told_ms: str | None = None,
) -> pl.Series | None:
    """The seconds of each row, None where no column holds times.

    `told` and `told_ms` are columns that the user names as seconds and as milliseconds. `notes`
    say what was assumed, and name a column that looks like times and could not be read.
    """
    name = told_ms or told or time_column(table)
    if name is None:
        taken = _between(path, table, notes)
        if taken is None:
            _unread(path, table, notes)
        return taken
    found = durations(table[name])
    if found.null_count() == len(found):
        if told is None and told_ms is None and (taken := _between(path, table, notes)) is not None:
            return taken
        if table[name].null_count() < len(found):
            notes.append(f"{path.name}: column {name!r} holds no times and was not read")
        return None
    negative = int((found < 0).sum())
    if negative:
        notes.append(
            f"{path.name}: times below 0 in column {name!r} are impossible and were left out: "
            f"{negative}"
        )
        found = found.to_frame("t").select(
            pl.when(pl.col("t") >= 0).then(pl.col("t"))
        ).to_series()  # fmt: skip
    median = found.median()
    if not isinstance(median, float):
        return None
    if median > LONGEST * 1000 and not told and not told_ms:
        notes.append(f"{path.name}: column {name!r} holds points in time, no durations")
        return None
    if 0 < median < SHORTEST and not told and not told_ms and unit_of(name) == 1:
        notes.append(
            f"{path.name}: column {name!r} is read as parts of a day, as spreadsheets write times: "
            f"as seconds its median would be {median:.2g} s an answer; --columns seconds={name} "
            "reads it so"
        )
        return found * 86_400.0
    if not told_ms and unit_of(name) > 1:
        if table[name].dtype == pl.String and table[name].str.contains(":").any():
            return found  # h:m:s says itself what it is
        unit = "hours" if unit_of(name) > 60 else "minutes"
        notes.append(f"{path.name}: column {name!r} is read as {unit}, as its name says")
        return found * unit_of(name)
    return found / 1000 if _thousandths(path, name, found, told, told_ms, notes) else found


def _thousandths(
    path: Path, name: str, own: pl.Series, told: str | None, told_ms: str | None, notes: list[str]
) -> bool:
    """Are the numbers `own` of this column milliseconds?"""
    median = float(own.median() or 0)  # type: ignore[arg-type]
    own = own.drop_nulls()
    if told_ms or told:
        return bool(told_ms)
    plain = plain_name(name)
    file = path.name
    if _in_ms(plain):
        if median >= SHORTEST_MS:
            return True
        notes.append(
            f"{file}: column {name!r} is read as seconds: as milliseconds its median would be "
            f"{median:.3g} ms an answer; --columns milliseconds={name} reads it so"
        )
        return False
    whole = plain in REACTIONS and bool((own == own.round()).all())
    if median <= (LONGEST_REACTION if whole else PLAUSIBLE):
        return False
    sure = plain in SURE or plain.endswith(("seconds", "secs", "insec"))
    long = f"{median:,.0f} s ({median / 60:,.0f} min) an answer"
    if sure:
        notes.append(
            f"{file}: the median of column {name!r} is {long}: are these milliseconds? "
            f"--columns milliseconds={name} reads them so"
        )
        return False
    notes.append(
        f"{file}: column {name!r} is read as milliseconds: as seconds its median would be {long}; "
        f"--columns seconds={name} reads it so"
    )
    return True


def durations(column: pl.Series) -> pl.Series:
    """Numbers, or `h:m:s`, `m:s`, `0d 1h 2m 3s`, `2 min`, `PT1M30S` and `900 ms`, as seconds; null
    for anything else."""
    if column.dtype in (pl.Duration, pl.Time):
        return column.cast(pl.Duration).dt.total_microseconds().cast(pl.Float64) / 1e6
    if column.dtype == pl.String:
        column = column.str.strip_chars()
    found = numbers(column)
    if column.dtype != pl.String or found.null_count() == column.null_count():
        return found
    parts = column.str.extract_groups(
        r"^([+-]?)(?:(?:(\d+)(?: days?,?|d)\s*)?(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)$"
    ).struct.unnest()
    clock = _sum(parts, (86400.0, 3600.0, 60.0, 1.0))
    units = column.str.extract_groups(
        r"^(?:.*?:)?\s*([+-]?)(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+(?:[.,]\d+)?)\s*s(?:ec)?)$"
    ).struct.unnest()
    iso = column.str.extract_groups(
        r"^([+-]?)P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?$"
    ).struct.unnest()
    iso = iso.with_columns(pl.when(pl.any_horizontal(pl.nth(1, 2, 3).is_not_null()))
                           .then(pl.nth(4).fill_null("0")).otherwise(pl.nth(4)))  # fmt: skip
    alone = column.str.extract_groups(
        r"^(\d+(?:[.,]\d+)?)\s*"
        r"(ms|msec|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)$"
    ).struct.unnest()
    each = {"ms": 0.001, "milliseconds": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    worth = pl.nth(1).str.replace(r"^(ms|milli).*$", "ms").str.replace(r"^(s|m|h)[^s].*$", "$1")
    single = alone.select(
        pl.nth(0).str.replace(",", ".").cast(pl.Float64, strict=False)
        * worth.replace_strict(each, default=None, return_dtype=pl.Float64)
    ).to_series()
    parts = [clock, *(_sum(one, (86400.0, 3600.0, 60.0, 1.0)) for one in (units, iso)), single]
    for more in parts:
        found = found.zip_with(found.is_not_null(), more)
    return found


def _sum(parts: pl.DataFrame, factors: tuple[float, ...]) -> pl.Series:
    sign = pl.when(pl.nth(0) == "-").then(-1.0).otherwise(1.0)
    terms = [
        pl.nth(i + 1).str.replace(",", ".").cast(pl.Float64, strict=False).fill_null(0.0) * factor
        for i, factor in enumerate(factors)
    ]
    total = sign * pl.sum_horizontal(terms)
    return parts.select(pl.when(pl.nth(4).is_not_null()).then(total).alias("t")).to_series()


def _unread(path: Path, table: pl.DataFrame, notes: list[str]) -> None:
    """Name a column that looks like times and is not read."""
    for column in table.columns:
        plain = plain_name(column)
        looks = any(word in plain for word in ("duration", "seconds", "elapsed", "reaction"))
        if (looks or plain.endswith("time")) and "stamp" not in plain:
            found = numbers(as_names(table[column]))
            if found.null_count() < 0.5 * len(found):
                notes.append(
                    f"{path.name}: column {column!r} may hold times and was not read; --columns "
                    f"seconds={column} (or milliseconds={column}) reads it"
                )
                return
