"""Which of two is better: crowd-kit's pairs and arena battles.

A tie makes the whole question a `preference` (0, 1 or "tie"), kept whole though no signal models
it yet; crowd-kit's pairs without ties are read as triplets round an ideal point (Coombs 1950).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from labelbits.answers.files.opening import Rejects
from labelbits.answers.formats import cells, usual
from labelbits.answers.formats.class_columns import head_of
from labelbits.answers.formats.crowdkit import optional
from labelbits.answers.formats.keys import (
    LEFT,
    are_keys,
    is_pressed,
    pressed_column,
    sides_of_keys,
    with_time,
)
from labelbits.answers.formats.named import check_keys
from labelbits.answers.formats.opposites import asks_for_the_worse
from labelbits.answers.formats.other_answers import say_unread
from labelbits.answers.formats.practice import without_practice
from labelbits.answers.formats.reader import (
    TOLD,
    Kind,
    Options,
    Probe,
    Reader,
    columns_in,
    first_of,
    lists_of,
    opened,
    told_column,
)
from labelbits.answers.formats.scored_sides import scored_pair, sides_are_scored, with_scored
from labelbits.answers.formats.ties import WORDS, are_ties, ties_in
from labelbits.answers.formats.two_sides import (
    LEAST,
    LOOKED_AT,
    SHARED,
    are_codes,
    compared_in,
    pairs_in,
    side_of,
)
from labelbits.answers.formats.who import annotators, who_column
from labelbits.answers.formats.winner_columns import (
    as_headings,
    one_sided,
    winner_columns,
    with_winner,
)
from labelbits.answers.table.columns import IDEAL, PREFERENCE, Parsed
from labelbits.errors import InputError

#: Columns that show two things side by side, the first pair that is there.
SIDES = (
    ("model_a", "model_b"), ("answer_a", "answer_b"), ("response_a", "response_b"),
    ("completion_a", "completion_b"), ("output_a", "output_b"), ("text_a", "text_b"),
    ("item_a", "item_b"), ("output_1", "output_2"), ("response_1", "response_2"),
    ("answer_1", "answer_2"), ("left", "right"), ("a", "b"),
)  # fmt: skip
#: Left columns that name what wrote an answer, not the answer.
MODELS = ("model_a", "system_a", "model_1", "system_1", "model a", "system a")
#: Columns that name the comparison where the two things themselves are not in the file.
COMPARISON = ("comparison_id", "pair_id", "pair", "battle_id")
GROUP = (
    "question_id",
    "query",
    "query_id",
    "prompt",
    "prompt_id",
    "question",
    "instruction",
    "context",
)


def sides_in(table: pl.DataFrame) -> tuple[str, str] | None:
    """The two columns that are compared."""
    for left, right in SIDES:
        found = first_of(table, left), first_of(table, right)
        if found[0] and found[1]:
            return found[0], found[1]
    return None


def _compared(table: pl.DataFrame) -> tuple[str, str, str] | None:
    """(the one, the other, the winner) by what the rows say, with nothing that both are like."""
    item, *found = compared_in(table, ties=True) or (None, "", "", "")
    return (found[0], found[1], found[2]) if found[0] and item is None else None


def _keyed(table: pl.DataFrame) -> tuple[str, str, str] | None:
    """(the one, the other, the key that was pressed) of a script: `leftImg`, `rightImg`."""
    head = table.head(LOOKED_AT)
    pressed = pressed_column(head)
    if pressed is None:
        return None
    said = [one for one in cells.names(head[pressed]).unique() if one is not None]
    own = [n for n in head.columns if n not in (pressed, "row") and not head[n].dtype.is_nested()]
    for left, right in pairs_in(own):
        shown = head.filter(pl.col(left).is_not_null() & pl.col(right).is_not_null())
        one, two = (set(cells.names(shown[name])) for name in (left, right))
        alike = len(one & two) >= SHARED * max(1, min(len(one), len(two)))
        apart = len(shown) >= LEAST and bool((shown[left] != shown[right]).all())
        if apart and alike and are_keys(pressed, said, {one.casefold() for one in one | two}):
            return left, right, pressed
    return None


def read_pairs(path: Path, kind: Kind, options: Options) -> Parsed:
    """One comparison a row, the winner by its name, its side or a word for a tie."""
    check_keys(options.columns)
    table, rejects, notes = opened(path, kind)
    told = {key: told_column(path, table, options, key) for key in ("left", "right", "winner")}
    both = (told["left"], told["right"]) if told["left"] and told["right"] else sides_in(table)
    if both is None and told["winner"] is None:
        both = scored_pair(table)
    if both is not None and told["winner"] is None:
        table = with_winner(table, both)
    winner = (
        told["winner"]
        or told_column(path, table, options, "label")
        or first_of(table, *usual.WINNER)
    )
    comparison = first_of(table, *COMPARISON)
    if winner is None and both is not None:
        winner = one_sided(table, both)
        if winner is None:
            table, winner = with_scored(path, table, both, notes)
    if winner is None or both is None:
        *guessed, choice = _compared(table) or _keyed(table) or (None, None, None)
        if both is None and guessed[0] and guessed[1]:
            both = (guessed[0], guessed[1])
        winner = winner or choice
    if winner is None or (both is None and comparison is None):
        raise InputError(
            f"{path}: found columns {columns_in(table)}; expected two columns that are compared "
            "and the winner: --columns left=COL,right=COL,winner=COL"
        )
    if both is None:
        # Only the sides are known: they are named after the comparison.
        assert comparison is not None
        name = cells.names(table[comparison])
        table = table.with_columns((name + "/A").alias("A"), (name + "/B").alias("B"))
        both = ("A", "B")
    table = as_headings(table, winner, both)
    others = table.drop(*both, winner)
    worker = told_column(path, table, options, "annotator") or who_column(others)
    group = told_column(path, table, options, "group") or first_of(others, *GROUP)
    options = with_time(options, table, winner)
    say_unread(path, table, {*both, winner, worker, group, comparison}, options, notes)
    table = without_practice(
        path, table, {*both, winner, worker, group, comparison}, rejects, notes
    )
    own = table.select(
        a=cells.text(both[0], table),
        b=cells.text(both[1], table),
        winner=cells.text(winner, table),
        annotator=annotators(path, table, worker, notes),
        group=pl.lit(None, pl.String) if group is None else cells.text(group, table),
        **optional(path, table, options, notes),
        row="row",
    )
    if comparison and group is None:
        own = own.with_columns(cells.text(comparison, table).alias("group"))
    elif group is None and worker is not None and both[0].lower() in MODELS:
        own = prompts_apart(path, own, notes)
    pressed = None
    if is_pressed(winner) or LEFT in options.columns:
        pressed = sides_of_keys(path, table, (both[0], both[1], winner), options, notes)
    if pressed is None:
        own = _third_letter(path, own, notes)
    strength = None if pressed is not None else _strengths(path, own, both, options, notes)
    if strength is not None:
        answer = strength
    else:
        answer = _who_won(path, own, both, notes) if pressed is None else pressed.cast(pl.String)
        if asks_for_the_worse(winner):
            answer = answer.replace({"0": "1", "1": "0"})
            notes.append(f"{path.name}: {winner!r} names the one that is worse: the other wins")
    own = own.with_columns(answer.alias("answer"))
    lost = own.filter(own["answer"].is_null())
    for row, found in lost.select("row", "winner").iter_rows():
        said = "label is neither left nor right; expected the winner's name, a side or tie"
        rejects.add(row, said, found or "")
    if strange := list(lost["winner"].drop_nulls().unique(maintain_order=True)):
        notes.append(
            f"{path.name}: {len(lost):,} of {len(own):,} rows say {cells.shown(map(repr, strange))}"
            f" in {winner!r}, neither a side nor a tie, and are left out (a tie is {WORDS})"
        )
    own = own.filter(own["answer"].is_not_null())
    if len(lost) > len(own) and (own["answer"] == '"tie"').all():
        raise InputError(
            f"{path}: {len(lost):,} rows name no side that is known and the other {len(own):,} are "
            f"ties; found {cells.shown(map(repr, strange))} in {winner!r}; expected the winner's "
            f"name, A or B, left or right, or a tie ({WORDS})"
        )
    known = both == ("left", "right") and group is None and not (own["answer"] == '"tie"').any()
    if known and options.signal != PREFERENCE:
        notes.append(
            f"{path.name}: preferences are read as triplets with the anchor {IDEAL!r}: the winner "
            "is the one nearer to an ideal point"
        )
        triplets = own.with_columns(ideal=pl.lit(IDEAL))
        return parsed(triplets, "triplet", ["ideal", "a", "b"], rejects, notes)
    notes.append(kept_whole(path, int((own["answer"] == '"tie"').sum()), len(own)))
    return parsed(own, PREFERENCE, ["a", "b"], rejects, notes)


def _strengths(
    path: Path, own: pl.DataFrame, both: tuple[str, str], options: Options, notes: list[str]
) -> pl.Series | None:
    """Who won by the side of the middle of a scale (-3 to 3, 1 to 7); None of anything else.

    Raises `InputError` where nobody said which side is below it: studies write it in both ways.
    """
    said = own["winner"].drop_nulls().unique().to_list()
    if not said or not all(map(cells.is_number, said)):
        return None
    numbers = [float(one.replace(",", ".")) for one in said]
    middle = _middle(numbers)
    if middle is None:
        return None
    if not {"left", "right"} <= options.columns.keys():
        left, right = both
        raise InputError(
            f"{path}: preferences are numbers from {min(numbers):g} to {max(numbers):g}, which do "
            f"not say whose side is below {middle:g}; --columns left={left},right={right} reads "
            f"those below {middle:g} as {left!r} preferred, --columns left={right},right={left} as "
            f"{right!r}"
        )
    notes.append(
        f"{path.name}: preferences below {middle:g} prefer {both[0]!r}, above {middle:g} "
        f"{both[1]!r}, and {middle:g} is a tie; how strongly is not used"
    )
    value = cells.numbers(own["winner"]) - middle
    made = (
        pl.when(pl.col("v") < 0).then(pl.lit("0")).when(pl.col("v") > 0).then(pl.lit("1"))
        .when(pl.col("v") == 0).then(pl.lit('"tie"'))
    )  # fmt: skip
    return value.to_frame("v").select(answer=made)["answer"]


def _middle(numbers: Sequence[float]) -> float | None:
    """The middle of a scale from one side to the other: 0 of -3 to 3, 4 of 1 to 7; else None."""
    low, high = min(numbers), max(numbers)
    if low < 0 < high and len(numbers) >= 3:
        return 0.0
    steps = all(number == round(number) for number in numbers)
    whole = steps and low == 1 and high in (5, 7, 9, 11) and len(numbers) > 3
    return (1 + high) / 2 if whole else None


def prompts_apart(path: Path, own: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """Each row a prompt of its own, where one judge meets a pair of models several times.

    What two models said to a prompt differs from prompt to prompt: without a column of prompts, a
    pair that comes again is no question that is asked again.
    """
    pair = pl.concat_list("a", "b").list.sort()
    again = int(own.select(pl.struct(pair, "annotator").is_duplicated().sum()).item())
    if not again:
        return own
    notes.append(
        f"{path.name}: no column says which prompt was answered, so each row counts as a prompt of "
        "its own and judges cannot be compared on one; --columns group=COL names the column"
    )
    return own.with_columns(pl.col("row").cast(pl.String).alias("group"))


def parsed(
    own: pl.DataFrame, signal: str, items: Sequence[str], rejects: Rejects, notes: list[str]
) -> Parsed:
    kept = [name for name in ("seconds", "price", "group") if name in own.columns]
    table = own.select(
        pl.lit(signal).alias("signal"), "annotator", lists_of(items), "answer", *kept, "row"
    )
    return Parsed(table, rejects, notes=notes)


def kept_whole(path: Path, ties: int, rows: int) -> str:
    return (
        f"{path.name}: {rows:,} comparisons ({ties:,} ties) are kept whole as {PREFERENCE}: which "
        "of two is better; plans and recover read them as comparisons with an ideal item"
    )


def _third_letter(path: Path, own: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """`own` with a tie for C, where judges write A, B or C (MT-bench's prompt) of two things."""
    bare = own["winner"].str.strip_chars("[] .").str.to_uppercase()
    called = {str(one).upper() for one in (*own["a"], *own["b"])}
    if set(bare.drop_nulls()) != {"A", "B", "C"} or {"A", "B", "C"} & called:
        return own  # letters that name things are no sides
    thirds = int((bare == "C").sum())
    notes.append(f"{path.name}: {thirds:,} rows say C beside A and B, which is read as a tie")
    tie = pl.when(bare == "C").then(pl.lit("tie")).otherwise("winner")
    return own.with_columns(tie.alias("winner"))


def _who_won(path: Path, own: pl.DataFrame, both: tuple[str, str], notes: list[str]) -> pl.Series:
    """0 where the first wins, 1 where the second does, "tie", null for anything else."""
    low = pl.col("winner").str.to_lowercase()
    first, second = both[0].lower(), both[1].lower()
    heard = own["winner"].str.to_lowercase().drop_nulls().unique().to_list()
    words = [[one for one in heard if side_of(one) == side] for side in (0, 1)]
    tie = pl.col("winner").is_in(ties_in(own["winner"].drop_nulls().unique()))
    names = not are_codes(own["winner"], own["a"], own["b"])
    by_name = [names & (pl.col("winner") == pl.col(side)) for side in ("a", "b")]
    answer = (
        pl.when(by_name[0]).then(pl.lit("0"))
        .when(by_name[1]).then(pl.lit("1"))
        .when(tie).then(pl.lit('"tie"'))
        .when((low == first) | low.is_in(words[0])).then(pl.lit("0"))
        .when((low == second) | low.is_in(words[1])).then(pl.lit("1"))
    )  # fmt: skip
    found = own.select(answer.alias("answer"))["answer"]
    told = own.filter(~are_ties(own["winner"]))
    known = told.select(answer.alias("answer"))["answer"]
    said = set(told["winner"].drop_nulls().unique())
    if not said or known.null_count() < len(known) or not said <= {"0", "1", "2", "1.5"}:
        return found
    if not said & {"2", "1.5"}:
        raise InputError(
            f"{path}: winners are 0 and 1, which does not say whether 1 is the first or the "
            "second; write a, b and tie, or 1, 2 and 0 for a tie"
        )
    notes.append(
        f"{path.name}: winner 1 is the first ({both[0]}), 2 the second ({both[1]}), other numbers "
        "are ties"
    )
    numbers = {"1": "0", "2": "1", "0": '"tie"', "1.5": '"tie"'}
    by_number = own["winner"].replace_strict(numbers, default=None, return_dtype=pl.String)
    return by_number.zip_with(by_number.is_not_null(), found)


def is_pairs(probe: Probe) -> bool:
    """crowd-kit's columns."""
    return probe.has("worker", "left", "right", "label")


def is_arena(probe: Probe) -> bool:
    """Two columns that are compared and a winner, or a comparison's number and a preference."""
    table = pl.DataFrame(schema=dict.fromkeys(probe.columns, pl.String))
    winner = first_of(table, "winner", "preference", "pref", "preferred", "verdict")
    sides = sides_in(table)
    both = sides or first_of(table, *COMPARISON)
    third = any(first_of(table, name) for name in ("c", "model_c", "item_c"))
    own = winner and both and not third
    if not own and not third and probe.kind in ("csv", "parquet", "json"):
        head = head_of(probe)
        own = head is not None and _compared_by_rows(head, sides)
    return bool(own) and not is_pairs(probe) and not probe.has("head")


def _compared_by_rows(head: pl.DataFrame, sides: tuple[str, str] | None) -> bool:
    """Do rows say which of two won: in a column a side, by yes or no to one, a number, a name?"""
    if sides is None:
        told = scored_pair(head)
    else:
        told = winner_columns(head, sides) or one_sided(head, sides)
        told = told or sides_are_scored(head, sides)
    return bool(told) or (_compared(head) or _keyed(head)) is not None


PAIRS = Reader(
    "crowd-kit-pairwise",
    "crowd-kit comparisons: worker, left, right, label (the winner)",
    is_pairs,
    read_pairs,
    tells=TOLD | {"left", "right", "winner", "label", "group"},
)
BATTLES = Reader(
    "battles",
    "arena battles: model_a, model_b, winner (or answer_a, ...), ties",
    is_arena,
    read_pairs,
    tells=TOLD | {"left", "right", "winner", "label", "group"},
)
