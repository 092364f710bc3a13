"""A stop that comes while Python would drop its exception is heard all the same."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

STOPPED = """
import contextlib, gc, os, signal, sys, time
from labelbits.interrupts import heard

number = int(sys.argv[1])

def signal_in_callback(phase, info):
    if phase == "start":
        os.kill(os.getpid(), number)
        for _ in range(100):
            pass

class Finalised:
    def __del__(self):
        os.kill(os.getpid(), number)
        for _ in range(100):
            pass

def come():
    if sys.argv[2] == "collector":
        gc.callbacks.append(signal_in_callback)
        gc.collect()
        gc.callbacks.remove(signal_in_callback)
    else:
        Finalised()

try:
    with heard() if sys.argv[3] == "heard" else contextlib.nullcontext():
        come()
        time.sleep(2)
        print("went on")
except KeyboardInterrupt:
    print("stopped")
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""


def said(number: signal.Signals, place: str, how: str) -> tuple[list[str], str]:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(int(number)), place, how],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.stdout.split("\n")[:-1], done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", ["collector", "finaliser"])
def test_a_stop_is_heard_where_exceptions_are_dropped(number: signal.Signals, place: str) -> None:
    assert said(number, place, "heard") == (["stopped", "True", "True"], "")


def test_without_it_python_drops_the_stop() -> None:
    lines, problem = said(signal.SIGINT, "collector", "not heard")
    assert lines[0] == "went on"
    assert "KeyboardInterrupt" in problem
