"""Where tasks run: local processes, a Dask cluster or a Ray cluster. One generator each.

A generator takes tasks and a function, and yields (task, result) as results come in, in any
order. Only the caller writes files, so workers need no shared disk. Local workers get one core
each: two processes that share a thread pool would take turns.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from multiprocessing import resource_tracker
from typing import Any, Protocol, TypeVar

from labelbits.errors import InputError

#: Tasks given to a worker in advance.
AHEAD = 2
#: Times that dead local workers are replaced before the sweep gives up.
REPLACEMENTS = 3


class Task(Protocol):
    """What can be sent to a worker, and named where it fails."""

    def where(self) -> str:
        """The task in words."""
        ...


T = TypeVar("T", bound=Task)
#: Called with (workers, bytes of memory of them all) before anything is sent to a cluster.
Check = Callable[[int, int], None]
#: Seconds that a cluster may take until it has a worker.
PATIENCE = 30
#: Seconds after which a local worker without work ends.
IDLE = 600
#: Seconds that the pool may need to take what was submitted; it needs milliseconds.
TAKING = 1.0

Run = Callable[[T], Any]
Results = Iterator[tuple[T, Any]]


@contextlib.contextmanager
def stops_held() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until the block is over. Processes started in it never see Ctrl-C,
    which the terminal sends to all of them: only the caller is to answer it."""
    # Started with the first process, Python's resource tracker would unblock both for the rest.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with(parent: int) -> None:
    """In a worker: leave Ctrl-C to its parent; end when that is gone, however it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def wait_until_taken(submitted: Iterable[Future[Any]]) -> None:
    """Until loky has taken all that was submitted: told to end before, its thread may fail."""
    deadline = time.monotonic() + TAKING
    while time.monotonic() < deadline:
        if all(future.running() or future.done() for future in submitted):
            return
        time.sleep(0.001)


def run_local(tasks: Sequence[T], run: Run[T], workers: int) -> Results[T]:
    """Processes on this machine (joblib's loky), one core each."""
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import BrokenProcessPool

    # A worker that has grown is replaced after its task; nothing is lost by that.
    warnings.filterwarnings("ignore", message="A worker stopped while some jobs", module="joblib")
    left, deaths = list(tasks), 0
    while left:
        environment = {"NPROC": "1", "OMP_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"}
        pool = ProcessPoolExecutor(
            max_workers=workers, timeout=IDLE, env=environment,
            initializer=end_with, initargs=(os.getpid(),),
        )  # fmt: skip
        queue, running = list(reversed(left)), {}
        try:
            while queue or running:
                with stops_held():
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
            wait_until_taken(running)
            pool.shutdown(wait=True, kill_workers=True)


def run_dask(
    tasks: Sequence[T], run: Run[T], address: str | None, check: Check | None = None
) -> Results[T]:
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
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise InputError(
                f"backend dask: the cluster at {address} has no workers after {PATIENCE} s; start "
                "some with `dask worker`"
            ) from None
        members: Any = client.scheduler_info(n_workers=-1)["workers"]
        threads = sum(member["nthreads"] for member in members.values())
        least = min(member["memory_limit"] / member["nthreads"] for member in members.values())
        if check and least:  # a worker without a limit says 0
            check(threads, int(least * threads))
        queue = list(reversed(tasks))
        by_key: dict[Any, T] = {}

        def submit() -> Any:
            task = queue.pop()
            future = client.submit(run, task, pure=False, retries=REPLACEMENTS)
            by_key[future.key] = task
            return future

        ahead = AHEAD * threads
        first = [submit() for _ in range(min(ahead, len(queue)))]
        pending = as_completed(first, loop=client.loop)
        for future in pending:
            yield by_key.pop(future.key), future.result()
            if queue:
                pending.add(submit())


def run_ray(
    tasks: Sequence[T], run: Run[T], address: str | None, check: Check | None = None
) -> Results[T]:
    """A Ray cluster; tasks of a worker that dies run again on another one."""
    if not address:
        raise InputError("backend ray: give the cluster, --address HOST:6379")
    try:
        import ray  # pyright: ignore[reportMissingImports] -- an extra
    except ImportError:
        raise InputError("backend ray: install labelbits[ray] first") from None
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        if port.isdigit():  # Ray itself would try for minutes
            socket.create_connection((host, int(port)), timeout=PATIENCE).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise InputError(
            f"backend ray: no cluster answers at {address} ({reason}); start one with "
            "`ray start --head`, or correct --address"
        ) from None
    try:
        remote = ray.remote(max_retries=REPLACEMENTS)(run)
        resources = ray.cluster_resources()
        cores = max(1, int(resources.get("CPU", 1)))
        if check and "memory" in resources:
            check(cores, int(resources["memory"]))
        ahead = AHEAD * cores
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
    tasks: Sequence[T],
    run: Run[T],
    backend: str = "local",
    workers: int | None = None,
    address: str | None = None,
    check: Check | None = None,
) -> Results[T]:
    """(task, result) pairs from the named backend. Raises `InputError` for an unknown one, for an
    unreachable cluster, and what `check` raises when it is told a cluster's memory."""
    if backend == "local":
        return run_local(tasks, run, min(workers or os.cpu_count() or 1, max(1, len(tasks))))
    if backend == "dask":
        return run_dask(tasks, run, address, check)
    if backend == "ray":
        return run_ray(tasks, run, address, check)
    raise InputError(f"unknown backend {backend!r}; expected local, dask or ray")
