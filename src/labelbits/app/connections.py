"""Connections that cannot be held open: a request is whole in time, its answer is taken in time.

uvicorn waits for ever for the rest of a request that was begun. Here each request has a deadline
that bytes do not move, and of many connections that wait for a request the oldest makes room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds from the start of a connection, or from the last answer, to the end of the next request.
REQUEST_SECONDS = 10.0
#: Seconds from there until the answer is taken.
ANSWER_SECONDS = 60.0
#: Connections that may wait for a request at once.
MOST_WAITING = 128


class Patient(H11Protocol):
    """uvicorn's protocol with deadlines."""

    #: Those that wait for a request, oldest first (a dictionary keeps the order).
    waiting: dict[Patient, None]
    _alarm: asyncio.TimerHandle | None = None
    _whole = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not hasattr(self.server_state, "waiting"):
            self.server_state.waiting = {}  # type: ignore[attr-defined]
        self.waiting = self.server_state.waiting  # type: ignore[attr-defined]
        self._expect()
        while len(self.waiting) > MOST_WAITING:
            next(iter(self.waiting)).give_up()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        self._expect()  # before the next request, which may have come already
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The program ends: requests that are not whole will not be answered."""
        if self._whole:
            super().shutdown()
        else:
            self.give_up()

    def give_up(self) -> None:
        """End the connection at once, whatever was sent or is still to be taken."""
        self._stop()
        self.transport.abort()

    def _expect(self) -> None:
        """The next request has its time from now on."""
        self._whole = False
        self.waiting[self] = None
        self._set(REQUEST_SECONDS, self.give_up)

    def _look(self) -> None:
        """A request that is whole is answered; the answer has its time from now on."""
        cycle = self.cycle
        if self._whole or cycle is None or cycle.response_complete or cycle.more_body:
            return
        self._whole = True
        self.waiting.pop(self, None)
        self._set(ANSWER_SECONDS, self.give_up)

    def _set(self, seconds: float, then: Callable[[], None]) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self.loop.call_later(seconds, then)

    def _stop(self) -> None:
        self.waiting.pop(self, None)
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
