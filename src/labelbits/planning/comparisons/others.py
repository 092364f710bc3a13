"""Questions that nobody was asked: what a pilot's few held-out ones miss of all there are.

Some held-out questions are easy, others hard, and a few hundred of them are more of one kind by
luck. Fits and twins foretell how hard a question is, so they are judged on many others as well: in
13 pilots the luck that twins saw in the tested questions correlated .77 with that of what was
measured on them (docs/comparisons.md).
"""

from __future__ import annotations

import numpy as np

from labelbits.interface import Batch
from labelbits.planning.comparisons.held import Held
from labelbits.planning.comparisons.twins import asking_of, different

#: Other questions, and how many times as many there have to be to ask in all.
OTHERS, PLENTY = 2000, 10


def other_questions(held: Held, rows: np.ndarray, seed: int) -> list[Batch]:
    """Random questions of the kinds in these rows, as many of each as is its share of them; none
    where a pool is asked again and again or there are few to ask. Answers in them say nothing."""
    found = []
    for number, batch in enumerate(held.batches(rows)):
        signal = batch.signal
        asking = asking_of(held, (signal.name, ""), signal, seed)
        every = signal.all_questions(held.items, 2) / held.items ** len(asking.always)
        if asking.pool is not None or every < PLENTY * (OTHERS + len(held)):
            return []
        count = max(round(OTHERS * len(batch) / len(rows)), 1)
        generator = np.random.default_rng([seed, 37, number])
        items = different(count, held.items, signal.arity, generator, asking.always)
        any_answer = np.repeat(signal.enumerate(2)[:1], count, axis=0).astype(batch.answer.dtype)
        same = np.zeros(count, dtype=np.int32), np.ones(count, dtype=np.float32)
        found.append(Batch(signal, items, any_answer, *same))
    return found
