"""Few threads with much work each: BLAS kept to one thread, fits spread over the cores.

The matrices here are small. BLAS threads that wait for each other on them cost more than they
gain (measured: 1,000 x 256 x 10 fits took 6 ms on one thread and 20 to 260 ms on two, with
another job on the machine).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

from threadpoolctl import ThreadpoolController

Task = TypeVar("Task")
Result = TypeVar("Result")


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[object]:
    """A context in which BLAS uses one thread."""
    return _controller().limit(limits=1, user_api="blas")


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(work: Callable[[Task], Result], tasks: Iterable[Task]) -> list[Result]:
    """`work` applied to every task, over the cores; results in the order of the tasks."""
    todo = list(tasks)
    if len(todo) < 2 or cores() < 2:
        return [work(task) for task in todo]
    with ThreadPoolExecutor(min(cores(), len(todo))) as pool:
        return list(pool.map(work, todo))
