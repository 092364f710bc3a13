"""Local workers leave stops to the process that started them, and end with it in silence."""

from __future__ import annotations

import subprocess
import sys

WORKERS = """
import os, signal, time
from pathlib import Path
from labelbits.sweeps.backends import run_local

class Task:
    def where(self):
        return "here"

def sees_interrupts(task):
    time.sleep(0.2)  # so that each worker gets one
    # The main thread's mask, as it was before any code of ours ran there.
    status = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/status").read_text()
    mask = next(line for line in status.splitlines() if line.startswith("SigBlk"))
    blocked = int(mask.split()[1], 16) >> (signal.SIGINT - 1) & 1
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return os.getpid(), blocked, ignored

for pool in range(2):
    found = [result for _, result in run_local([Task() for _ in range(6)], sees_interrupts, 2)]
    print(*sorted(set(found)), sep="\\n")
print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""


def test_workers_never_see_an_interrupt_and_their_parent_still_does() -> None:
    # A process of its own: what Python starts with its first worker may unblock signals, and in
    # this one it may have been started.
    done = subprocess.run(
        [sys.executable, "-c", WORKERS], capture_output=True, text=True, timeout=120, check=True
    )
    *workers, parent = done.stdout.split("\n")[:-1]
    assert len(workers) >= 2, workers
    assert all(line.endswith(", 1, True)") for line in workers), workers
    assert parent == "set()"


ENDED = """
import threading, time
from joblib.externals.loky import ProcessPoolExecutor
from labelbits.sweeps.backends import wait_until_taken

threading.excepthook = lambda failed: print(repr(failed.exc_value))
for _ in range(4):
    pool = ProcessPoolExecutor(max_workers=2)
    submitted = [pool.submit(time.sleep, 0) for _ in range(4)]
    submitted[0].result()
    submitted.append(pool.submit(time.sleep, 60))  # as when a stop comes just after a result
    wait_until_taken(submitted)
    pool.shutdown(wait=True, kill_workers=True)
print("ended")
"""


def test_a_pool_ended_just_after_a_task_was_given_to_it_ends_in_silence() -> None:
    # Without the wait loky's own thread failed in 18 of 20 pools, and its traceback was shown.
    done = subprocess.run(
        [sys.executable, "-c", ENDED], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "ended\n"
