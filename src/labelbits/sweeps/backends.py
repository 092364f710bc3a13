"""Where tasks run: local processes, a Dask cluster or a Ray cluster. One generator each.

A generator takes tasks and a function, and yields (task, result) as results come in, in any
order. Only the caller writes files, so workers need no shared disk. Local workers get one core
each: two processes that share a thread pool would take turns.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from typing import Any

from labelbits.errors import InputError
from labelbits.sweeps.spec import Task

#: Tasks given to a worker in advance.
AHEAD = 2
#: Times that dead local workers are replaced before the sweep gives up.
REPLACEMENTS = 3

Run = Callable[[Task], Any]
Results = Iterator[tuple[Task, Any]]


def run_local(tasks: Sequence[Task], run: Run, workers: int) -> Results:
    """Processes on this machine (joblib's loky), one core each."""
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import BrokenProcessPool

    left, deaths = list(tasks), 0
    while left:
        environment = {"NPROC": "1", "OMP_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"}
        pool = ProcessPoolExecutor(max_workers=workers, timeout=60, env=environment)
        try:
            queue, running = list(reversed(left)), {}
            while queue or running:
                while queue and len(running) < AHEAD * workers:
                    task = queue.pop()
                    running[pool.submit(run, task)] = task
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task = running.pop(future)
                    result = future.result()
                    left.remove(task)
                    yield task, result
        except BrokenProcessPool:
            deaths += 1
            if deaths > REPLACEMENTS:
                raise InputError(
                    f"local workers died {deaths} times, the last near {left[0].where()}; most "
                    "likely memory ran out: use fewer --workers. Finished cells are kept"
                ) from None
        finally:
            pool.shutdown(wait=True, kill_workers=True)


def run_dask(tasks: Sequence[Task], run: Run, address: str | None) -> Results:
    """A Dask cluster; tasks of a worker that dies run again on another one."""
    if not address:
        raise InputError("backend dask: give the scheduler, --address tcp://HOST:8786")
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise InputError("backend dask: install labelbits[dask] first") from None
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as problem:
        raise InputError(
            f"backend dask: no scheduler answers at {address} ({problem}); start one with "
            "`dask scheduler` and `dask worker`, or correct --address"
        ) from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise InputError(f"backend dask: the cluster at {address} has no workers")
        queue = list(reversed(tasks))
        by_key: dict[Any, Task] = {}

        def submit() -> Any:
            task = queue.pop()
            future = client.submit(run, task, pure=False, retries=REPLACEMENTS)
            by_key[future.key] = task
            return future

        threads: Any = client.nthreads()
        ahead = AHEAD * sum(threads.values())
        first = [submit() for _ in range(min(ahead, len(queue)))]
        pending = as_completed(first, loop=client.loop)
        for future in pending:
            yield by_key.pop(future.key), future.result()
            if queue:
                pending.add(submit())


def run_ray(tasks: Sequence[Task], run: Run, address: str | None) -> Results:
    """A Ray cluster; tasks of a worker that dies run again on another one."""
    if not address:
        raise InputError("backend ray: give the cluster, --address HOST:6379")
    try:
        import ray  # pyright: ignore[reportMissingImports] -- an extra
    except ImportError:
        raise InputError("backend ray: install labelbits[ray] first") from None
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise InputError(
            f"backend ray: no cluster answers at {address} ({reason}); start one with "
            "`ray start --head`, or correct --address"
        ) from None
    try:
        remote = ray.remote(max_retries=REPLACEMENTS)(run)
        ahead = max(1, AHEAD * int(ray.cluster_resources().get("CPU", 1)))
        queue, running = list(reversed(tasks)), {}
        while queue or running:
            while queue and len(running) < ahead:
                task = queue.pop()
                running[remote.remote(task)] = task
            for reference in ray.wait(list(running))[0]:
                yield running.pop(reference), ray.get(reference)
    finally:
        ray.shutdown()


def results(
    tasks: Sequence[Task], run: Run, backend: str, workers: int | None, address: str | None
) -> Results:
    """(task, result) pairs from the named backend. Raises `InputError` for an unknown one."""
    if backend == "local":
        return run_local(tasks, run, min(workers or os.cpu_count() or 1, max(1, len(tasks))))
    if backend == "dask":
        return run_dask(tasks, run, address)
    if backend == "ray":
        return run_ray(tasks, run, address)
    raise InputError(f"unknown backend {backend!r}; expected local, dask or ray")
