"""What requests may hold and what answers look like: JSON of limited size, one message for a fault.

Numbers that JSON has no words for come back as null; text of users comes back as it is, and the
page shows it as text.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from labelbits.errors import ImpossibleError, InputError, NotFiniteError

#: The largest request that is read, in bytes: money, prices, what was said of a file.
LARGEST_REQUEST = 65_536
#: The same for a plan file.
LARGEST_PLAN = 1 << 20
#: Requests that are worked on at once; more are told to come again.
MOST_ASKED = 16


class RefusedError(Exception):
    """A request that is answered with a status and a message."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def error(status: int, text: str) -> Response:
    """A message as JSON."""
    return JSONResponse({"error": text}, status_code=status)


def answer(value: Any, status: int = 200) -> Response:
    """Plain values as JSON; NaN and infinity become null."""
    return JSONResponse(_clean(value), status_code=status)


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _clean(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):  # half a pair cannot be sent
        return value.encode("utf-8", "replace").decode()
    return value


async def body_of(request: Request, most: int = LARGEST_REQUEST) -> bytes:
    """The body. Raises `RefusedError` above `most` bytes."""
    body = b""
    with contextlib.suppress(ClientDisconnect):
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise RefusedError(413, f"the request is above {most:,} bytes")
    return body


def kind_of(request: Request) -> str:
    """The type that the request says its body has; JSON where it says none."""
    said = request.headers.get("content-type", "application/json")
    return said.partition(";")[0].strip().lower()


async def json_of(request: Request, most: int = LARGEST_REQUEST) -> dict[str, Any]:
    """The body as an object. Raises `RefusedError`."""
    kind = kind_of(request)
    if kind != "application/json":
        raise RefusedError(415, f"found {kind}; expected application/json")
    body = await body_of(request, most)
    try:
        found = json.loads(body)
        if b"\\u" in body:  # half a pair of UTF-16 is no character, in no path and no name
            whole = json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")
            found = json.loads(whole)
    except (ValueError, RecursionError):
        raise RefusedError(400, "expected a JSON object") from None
    if not isinstance(found, dict):
        raise RefusedError(400, "expected a JSON object")
    return found


class Turns:
    """So many requests at once and no more."""

    def __init__(self, most: int = MOST_ASKED) -> None:
        self._most, self._asked = most, 0

    @contextlib.asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """One turn. Raises `RefusedError` where all are taken."""
        self._asked += 1
        try:
            if self._asked > self._most:
                raise RefusedError(503, "too many requests at once; ask again")
            yield
        finally:
            self._asked -= 1


Handler = Callable[[Request], Awaitable[Response]]


def careful(turns: Turns, handler: Handler) -> Handler:
    """The handler with a turn of its own, and a message for every fault of the user's."""

    async def handle(request: Request) -> Response:
        try:
            async with turns.taken():
                return await handler(request)
        except RefusedError as refused:
            return error(refused.status, str(refused))
        except (InputError, ImpossibleError, NotFiniteError) as problem:
            return error(422, str(problem))
        except ClientDisconnect:
            return error(400, "the request was not whole")
        except OSError as problem:
            return error(422, f"{problem.filename or 'a file'}: {problem.strerror or problem}")

    return handle


async def page(make: Callable[[], str]) -> Response:
    """A page that is made away from the loop that answers others."""
    return HTMLResponse(await run_in_threadpool(make))
