"""The local page's server: the plan is made once, every slider move is a `replan`."""

from __future__ import annotations

import contextlib
import functools
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import jinja2
from plotly.offline import get_plotlyjs
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from labelbits.app.guard import Door, Guard, make_token
from labelbits.app.state import headings, sliders, state
from labelbits.errors import InputError
from labelbits.planning import Plan, replan
from labelbits.report.page import render
from labelbits.report.run import document
from labelbits.report.templating import SCRIPT, STYLE, environment, policy

HERE = Path(__file__).parent
#: The largest request that is read, in bytes: a budget and a few prices.
LARGEST_REQUEST = 65_536
#: The largest head of a request, in bytes.
LARGEST_HEAD = 16_384
#: Plans that are made at once; more wait for their turn up to `MOST_ASKED`.
MOST_ASKED = 16
#: Seconds that requests get to end when the program is stopped.
STOP_SECONDS = 1
#: Names of this machine inside a test; `serve` allows its own address alone.
IN_PROCESS = Door(("testserver", "localhost", "127.0.0.1"))
JAVASCRIPT, CSS = "text/javascript", "text/css"


def page(plan: Plan) -> str:
    """The page: sliders for the budget and for the price of each option."""
    return (
        _pages()
        .get_template("page.html")
        .render(title=plan.title, sliders=sliders(plan), headings=headings(plan), state=state(plan))
    )


@functools.cache
def _pages() -> jinja2.Environment:
    return environment(HERE / "templates")


@functools.cache
def _assets() -> dict[str, tuple[str, str]]:
    """Scripts and styles by their path, each with its kind."""
    script = (HERE / "page.js").read_text(encoding="utf-8")
    style = STYLE + (HERE / "page.css").read_text(encoding="utf-8")
    return {
        "/plotly.js": (get_plotlyjs(), JAVASCRIPT),
        "/script.js": (SCRIPT, JAVASCRIPT),
        "/page.js": (script, JAVASCRIPT),
        "/page.css": (style, CSS),
    }


def build_app(plan: Plan, door: Door = IN_PROCESS) -> Starlette:
    """The web application for one plan; `door` says whom it answers.

    Routes: `/` the page, `/replan` (POST {"amount", "prices"}) the state under other money,
    `/report` the report, `/plan.json` the plan, and the page's scripts and styles.
    """
    asked = 0

    @contextlib.asynccontextmanager
    async def turn() -> AsyncIterator[bool]:
        nonlocal asked
        asked += 1
        try:
            yield asked <= MOST_ASKED
        finally:
            asked -= 1

    async def home(request: Request) -> Response:
        return HTMLResponse(await run_in_threadpool(page, plan))

    async def asset(request: Request) -> Response:
        text, kind = _assets()[request.url.path]
        return Response(text, media_type=kind)

    rendered = functools.cache(lambda: render(plan))

    async def report(request: Request) -> Response:
        allowed = f"{policy()}; frame-ancestors 'none'"
        text = await run_in_threadpool(rendered)
        return HTMLResponse(text, headers={"content-security-policy": allowed})

    async def plan_json(request: Request) -> Response:
        return JSONResponse(document(plan))

    async def change(request: Request) -> Response:
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
        if kind != "application/json":
            return _error(415, f"found {kind}; expected application/json")
        body = b""
        with contextlib.suppress(ClientDisconnect):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_REQUEST:
                    return _error(413, f"the request is above {LARGEST_REQUEST:,} bytes")
        try:
            wanted = json.loads(body)
            amount, prices = float(wanted["amount"]), dict(wanted.get("prices", {}))
            prices = {str(name): float(price) for name, price in prices.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            return _error(400, 'expected {"amount": number, "prices": {name: number}}')
        async with turn() as free:
            if not free:
                return _error(503, "too many requests at once; ask again")
            try:
                made = await run_in_threadpool(replan, plan, amount=amount, prices=prices)
            except InputError as problem:
                return _error(422, str(problem))
            return JSONResponse(await run_in_threadpool(state, made))

    return Starlette(
        routes=[
            Route("/", home),
            *(Route(path, asset) for path in _assets()),
            Route("/report", report),
            Route("/plan.json", plan_json),
            Route("/replan", change, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, door=door)],
    )


def _error(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status_code=status)


def claim(port: int) -> socket.socket:
    """Take `port` on this machine alone (0: any that is free), before any other work.

    Raises `InputError` when it cannot be had.
    """
    listener = socket.socket()
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


def serve(plan: Plan, listener: socket.socket, token: str | None = None) -> None:
    """Serve the page on a port that `claim` took, until interrupted; ends within seconds then."""
    with contextlib.suppress(KeyboardInterrupt):
        import uvicorn

        from labelbits.app.connections import Patient

        port = listener.getsockname()[1]
        hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        door = Door(hosts, token or make_token(), f"labelbits-{port}")
        config = uvicorn.Config(
            build_app(plan, door),
            http=Patient,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=LARGEST_HEAD,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[listener])
