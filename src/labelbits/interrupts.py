"""Ctrl-C and SIGTERM stop long work once, and never get lost."""

from __future__ import annotations

import _thread
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

#: Seconds after which a stop that came where Python drops exceptions comes again.
AGAIN = 0.02


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """In the block SIGTERM stops as Ctrl-C does, and a `KeyboardInterrupt` is not dropped.

    Callbacks of the garbage collector and finalisers cannot raise: Python prints their exception
    and goes on, and JAX installs such a callback. A stop that comes there comes again a moment
    later. Outside the main thread nothing changes: whoever owns that one handles signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    show = sys.unraisablehook

    def come_again(dropped: sys.UnraisableHookArgs) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            show(dropped)
            return
        # Not at once: the interpreter is still where exceptions are dropped.
        again = threading.Timer(AGAIN, _thread.interrupt_main)
        again.daemon = True
        again.start()

    before = signal.signal(signal.SIGTERM, _interrupt)
    sys.unraisablehook = come_again
    try:
        yield
    finally:
        sys.unraisablehook = show
        signal.signal(signal.SIGTERM, before)
