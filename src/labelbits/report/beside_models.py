"""What `labelbits pilot` says of people beside a language model: may it label for us?"""

from __future__ import annotations

from collections.abc import Iterator

from labelbits.annotators.alternative import MOST_TIMES
from labelbits.annotators.beside_models import BesideModel

VERDICTS = {
    "yes": "yes, within epsilon {epsilon:.2g}",
    "no": "no: most people are better than it by more than epsilon {epsilon:.2g}",
    "open": "not shown, at epsilon {epsilon:.2g}",
}


def lines_beside(found: BesideModel) -> Iterator[tuple[str, str]]:
    """(label, text) of one comparison."""
    people = len(found.people)
    won = sum(one.beaten for one in found.people)
    yield "may it label?", VERDICTS[found.verdict].format(epsilon=found.epsilon)
    yield "", f"epsilon from {found.epsilon_source}" if found.epsilon_source != "given" else ""
    yield (
        "beside people",
        f"matches or beats {won} of {people} people ({100 * found.winning_rate:.0f} %; half are "
        f"needed) on the same {found.items:,} items against {found.against}",
    )
    low, high = 100 * found.advantage.low, 100 * found.advantage.high
    yield (
        "as good",
        f"as a person, or better, on {100 * found.advantage.value:.1f} % of items "
        f"[{low:.1f}, {high:.1f}]",
    )
    yield "score", f"{found.model_score:.3f}; a person's is {found.person:.3f} ({found.score})"
    if found.verdict == "open":
        more = f"more than {MOST_TIMES:,.0f} times these items"
        if found.more_items is not None:
            more = f"about {found.more_items:,} more items that it and these people answer"
        yield "to settle it", f"{more}, if the differences stay as they are"
    if found.verdict != "yes" and found.passes_from < 1:
        yield "passes from", f"epsilon {found.passes_from:.2f} up"
    if found.unanswered:
        yield "left out", f"{found.unanswered:,} items of people that it did not answer"
    if found.left_out:
        yield "left out", f"{found.left_out:,} people with too few items"
