"""The port of the page, taken before any work; light, so that its user knows at once."""

from __future__ import annotations

import socket

from labelbits.errors import InputError


def claim(port: int) -> socket.socket:
    """Take `port` on this machine alone (0: any that is free), before any other work.

    Raises `InputError` when it cannot be had.
    """
    # asyncio sends small answers at once only where a socket says that it is TCP: else an answer
    # waits 40 ms for the browser to confirm its head.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
    except (OSError, OverflowError) as problem:
        listener.close()
        why = getattr(problem, "strerror", None) or problem
        raise InputError(f"--port {port} cannot be used ({why}); give another one") from None
    return listener


def address(listener: socket.socket, token: str) -> str:
    """What to open in a browser."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}/?token={token}"
