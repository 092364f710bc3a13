"""Ctrl-C and SIGTERM stop long work once, and never get lost."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

#: Seconds after which a signal that came where Python drops exceptions comes again.
AGAIN = 0.02


def drops_exceptions(frame: FrameType | None) -> bool:
    """Is this frame inside a callback of the garbage collector or a finaliser?

    What they raise is printed with its traceback and dropped; JAX installs such a callback.
    """
    callbacks = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None:
        if frame.f_code in callbacks or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def interrupt(number: int, frame: FrameType | None) -> None:
    """Handler of signals: `KeyboardInterrupt`, at once or as soon as it would be heard."""
    if drops_exceptions(frame):
        again = threading.Timer(AGAIN, os.kill, (os.getpid(), number))
        again.daemon = True
        again.start()
        return
    raise KeyboardInterrupt


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """In the block SIGTERM stops as Ctrl-C does, by a `KeyboardInterrupt` that is not lost.

    A handler of SIGINT that the caller installed stays, and so do both outside the main thread.
    """
    before: dict[int, Any] = {}
    try:
        before[signal.SIGTERM] = signal.signal(signal.SIGTERM, interrupt)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupt)
    except ValueError:  # not the main thread: whoever owns that one handles signals
        pass
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
