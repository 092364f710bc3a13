"""Long work in a process of its own: it tells how far it is, and it can be ended at any moment.

A worker is started before it is needed, so that its imports cost nobody time, and kept after it has
finished; one that is cancelled is killed. Values pass between our own two processes alone.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.process
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from labelbits.errors import ImpossibleError, InputError, NotFiniteError

#: Work that a worker does: called with (arguments, what tells progress, what tells early results).
Work = Callable[..., Any]
#: Politeness of a worker beside the server, which answers the page.
NICE = 5
#: Workers that are kept for the next work.
MOST_IDLE = 2


def _serve(pipe: Connection, warm: tuple[str, ...]) -> None:
    """The worker's life: import what is needed, then do what is sent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    with contextlib.suppress(OSError):
        os.nice(NICE)
    import importlib

    for name in warm:
        importlib.import_module(name)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            work, arguments = pipe.recv()
            pipe.send(_done(work, arguments, pipe))


def _done(work: Work, arguments: dict[str, Any], pipe: Connection) -> tuple[str, Any]:
    def tell(what: str, share: float) -> None:
        pipe.send(("progress", (what, share)))

    def early(found: Any) -> None:
        pipe.send(("early", found))

    try:
        return "done", work(**arguments, tell=tell, early=early)
    except (InputError, ImpossibleError, NotFiniteError) as problem:
        return "problem", str(problem)
    except MemoryError:
        return "problem", "the memory of this machine is not enough for this"
    except (BrokenPipeError, ConnectionResetError):
        raise
    except OSError as problem:
        return "problem", f"{problem.filename or 'a file'}: {problem.strerror or problem}"
    except Exception as problem:
        import traceback

        traceback.print_exc()
        return "problem", f"a defect of the program ({type(problem).__name__}: {problem})"


@dataclass
class Job:
    """Work that was begun: where it is, what is known, and what came of it."""

    name: str
    state: str = "running"  # running, done, problem, cancelled
    what: str = "starting"
    share: float = 0.0
    steps: list[tuple[str, float]] = field(default_factory=list)
    early: Any = None
    result: Any = None
    problem: str = ""
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    #: Set at the end.
    over: threading.Event = field(default_factory=threading.Event)

    def told(self) -> dict[str, Any]:
        """The job as the page takes it."""
        seconds = (self.ended or time.monotonic()) - self.began
        left = seconds * (1 - self.share) / self.share if self.share >= 0.05 else None
        return {
            "name": self.name, "state": self.state, "what": self.what, "share": self.share,
            "seconds": seconds, "left": left if self.state == "running" else None,
            "steps": [[what, at] for what, at in self.steps[-40:]],
            "early": self.early, "problem": self.problem,
        }  # fmt: skip

    def move(self, what: str, share: float) -> None:
        """Progress: what is being done, how much of all is done."""
        if what != self.what:
            self.steps.append((what, time.monotonic() - self.began))
        self.what, self.share = what, share

    def end(self, state: str) -> None:
        """No more will come."""
        self.state, self.ended = state, time.monotonic()
        self.over.set()


@dataclass
class _Worker:
    """A process and our end of its pipe."""

    process: multiprocessing.process.BaseProcess
    pipe: Connection

    def kill(self) -> None:
        self.process.kill()
        self.process.join(2)
        self.pipe.close()


class Workers:
    """Jobs, at most one of each name at a time, each in a process of its own.

    Raises `InputError` from `start` where no process can be had.
    """

    def __init__(self, warm: tuple[str, ...] = ()) -> None:
        self._warm = warm
        self._idle: list[_Worker] = []
        self._running: dict[str, tuple[Job, _Worker]] = {}
        self._lock = threading.RLock()
        self._closed = False

    def ready(self) -> None:
        """Start a worker now, so that it has imported what it needs when work comes."""
        with self._lock:
            if not self._idle and not self._closed:
                self._idle.append(self._new())

    def _new(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, self._warm), daemon=True, name="labelbits worker"
        )
        try:
            process.start()
        except OSError as problem:
            raise InputError(f"no process can be started ({problem.strerror})") from None
        theirs.close()
        return _Worker(process, ours)

    def start(
        self, name: str, work: Work, then: Callable[[Any], Any] | None = None, **arguments: Any
    ) -> Job:
        """Do `work(**arguments)`; what is under way under this name is cancelled. `then` turns what
        came of it into the job's result."""
        with self._lock:
            self.cancel(name)
            if self._closed:
                raise InputError("the program is ending")
            self._idle = [one for one in self._idle if one.process.is_alive()]
            worker = self._idle.pop() if self._idle else self._new()
            job = Job(name)
            self._running[name] = job, worker
            try:
                worker.pipe.send((work, arguments))
            except OSError as problem:
                raise InputError(f"a process ended ({problem}); try again") from None
        threading.Thread(target=self._follow, args=(job, worker, then), daemon=True).start()
        return job

    def cancel(self, name: str, only: Job | None = None) -> None:
        """End what is under way under this name (if it is `only`); nothing more comes of it."""
        with self._lock:
            if only is not None and self._running.get(name, (None,))[0] is not only:
                return
            job, worker = self._running.pop(name, (None, None))
            if job is not None and worker is not None:
                if job.state == "running":
                    job.end("cancelled")
                worker.kill()

    def close(self) -> None:
        """End everything."""
        with self._lock:
            self._closed = True
            for name in list(self._running):
                self.cancel(name)
            for one in self._idle:
                one.kill()
            self._idle.clear()

    def _follow(self, job: Job, worker: _Worker, then: Callable[[Any], Any] | None) -> None:
        try:
            kind, found = worker.pipe.recv()
            while kind in ("progress", "early"):
                if kind == "progress":
                    job.move(*found)
                else:
                    job.early = found
                kind, found = worker.pipe.recv()
        except (EOFError, OSError, TypeError, ValueError):
            self._free(job, worker, alive=False)
            if job.state == "running":
                job.problem = "the work ended before its time (was there enough memory?)"
                job.end("problem")
            return
        self._free(job, worker, alive=True)
        if job.state != "running":
            return
        try:
            if kind == "problem":
                raise InputError(found)
            job.result = found if then is None else then(found)
        except InputError as problem:
            job.problem = str(problem)
            job.end("problem")
            return
        job.share = 1.0
        job.end("done")

    def _free(self, job: Job, worker: _Worker, alive: bool) -> None:
        """The worker is idle again, or gone."""
        with self._lock:
            if self._running.get(job.name, (None,))[0] is job:
                del self._running[job.name]
                if alive and not self._closed and len(self._idle) < MOST_IDLE:
                    self._idle.append(worker)
                else:
                    worker.kill()
