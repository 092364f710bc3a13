"""The end of the page: Ctrl-C ends the program within seconds, whatever is being worked on."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn

#: Seconds that what is being answered gets to end by itself.
LAST_SECONDS = 3.0


class Ending(uvicorn.Server):
    """A server that does not wait for threads that still work when it is stopped: no thread can be
    ended from outside, and the program would stay as long as the longest of them."""

    def __init__(self, config: uvicorn.Config, close: Callable[[], None]) -> None:
        super().__init__(config)
        self._close = close

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop serving; what has not ended after `LAST_SECONDS` is left where it is."""
        super().handle_exit(sig, frame)
        last = threading.Timer(LAST_SECONDS, self._leave)
        last.daemon = True
        last.start()

    def _leave(self) -> None:
        self._close()
        os._exit(0)
