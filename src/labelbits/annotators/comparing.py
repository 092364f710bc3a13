"""What comparisons cannot tell, whoever asks: too few, one annotator, few items, a sampler's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import scipy.sparse
import scipy.sparse.csgraph

from labelbits.annotators.people import people_and_models
from labelbits.answers.formats.salmon import SAMPLING
from labelbits.answers.table.columns import IDEAL
from labelbits.interface import NOBODY, Answers
from labelbits.signals import signal_class
from labelbits.signals.encoding import is_kept

#: Comparisons below which hardly any can be held out, and how many an item of a pilot to ask for.
LEAST, EACH = 100, 10
#: Share of all places in questions that so few items may fill.
FEW_ITEMS, MOST_PLACES = 5, 0.95
#: Words for questions chosen at random, in a column that says how they were (`SAMPLING`).
RANDOM = ("random", "test", "validation", "uniform", "randomsampling", "")


def sampled(answers: Answers) -> tuple[str, pl.Series, str] | None:
    """(the column that tells how questions were chosen, true for random ones, the other ways);
    None where no column tells it or all are random."""
    table = answers.table
    found = [name for name in SAMPLING if name in table.columns]
    if not found:
        return None
    said = table[found[0]].cast(pl.String).fill_null("").str.to_lowercase().str.strip_chars()
    kept = said.is_in(RANDOM)
    if kept.all():
        return None
    return found[0], kept, ", ".join(sorted(set(said.filter(~kept).to_list()))[:3])


def share_of_few(counts: np.ndarray) -> float:
    """Share of the places in questions that the `FEW_ITEMS` items take which are shown most, from
    how often each item is shown."""
    return float(np.sort(counts)[::-1][:FEW_ITEMS].sum() / max(counts.sum(), 1))


def groups_of(a: np.ndarray, b: np.ndarray, items: int) -> tuple[int, np.ndarray]:
    """(groups of items that no chain of pairs (a, b) links, the items of the smallest)."""
    graph = scipy.sparse.coo_matrix((np.ones(len(a)), (a, b)), shape=(items, items))
    _, label = scipy.sparse.csgraph.connected_components(graph, directed=False)
    asked = np.unique(np.concatenate([a, b]))
    groups, sizes = np.unique(label[asked], return_counts=True)
    return len(groups), asked[label[asked] == groups[sizes.argmin()]]


def said_of_comparisons(answers: Answers, groups: bool = True) -> list[str]:
    """Warnings about people's comparisons in a file of answers; none where it holds none.

    `groups`: say which items no question links (a fit says it too).
    """
    people, _ = people_and_models(answers)
    kinds = people.table["signal"].unique().to_list()
    names = [n for n in kinds if not is_kept(n) and not signal_class(n).uses_classes]
    own = replace(people, table=people.table.filter(pl.col("signal").is_in(names)))
    table, said = own.table, []
    if not len(table):
        return []
    number = {name: i for i, name in enumerate(own.items)}
    lists = table["items"].to_list()
    counts = np.bincount([number[i] for row in lists for i in row], minlength=len(number))
    asked = int((counts > 0).sum())
    if len(table) < LEAST:
        said.append(
            f"{len(table)} comparisons about {asked:,} items are few: what is measured on held-out "
            f"ones can hardly be told from a guess; {max(EACH * asked, LEAST):,} answers to random "
            "questions would tell it"
        )
    who = table["annotator"].unique().to_list()
    if len(who) == 1 and who != [NOBODY]:
        said.append(
            f"all {len(table):,} comparisons are those of one annotator ({who[0]}): what others "
            "would answer cannot be known from them"
        )
    many_are_wanted = IDEAL not in own.items  # few options are what preferences are about
    if many_are_wanted and asked <= FEW_ITEMS:
        said.append(
            f"all {len(table):,} comparisons are about {asked} items: they allow few different "
            "questions, and nothing is known of other items"
        )
    elif many_are_wanted and (share := share_of_few(counts)) > MOST_PLACES:
        said.append(
            f"{100 * share:.0f} % of the places in the questions are taken by {FEW_ITEMS} items: "
            f"hardly anything is known of the other {asked - FEW_ITEMS}"
        )
    if (how := sampled(own)) is not None:
        column, kept, others = how
        said.append(
            f"{int((~kept).sum()):,} of {len(table):,} comparisons were chosen by a sampler "
            f"(column {column}: {others}): such questions are near to call by design, so that "
            "what is measured on them is not what random questions would show"
        )
    ends = [(number[row[0]], number[i]) for row in lists for i in row[1:]]
    if groups and ends:
        a, b = np.array(ends).T
        many, small = groups_of(a, b, len(number))
        if many > 1:
            shown = ", ".join(own.items[i] for i in small[:5])
            said.append(
                f"the questions fall into {many} groups of items that no question links: how the "
                f"groups lie to each other is unknown. The smallest holds {shown}; ask questions "
                "that show these together with others"
            )
    return said
