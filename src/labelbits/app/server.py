"""The local page's server: who may ask what is `guard`'s, what is answered is `routes`'."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from pathlib import Path

from plotly.offline import get_plotlyjs
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labelbits.app.bodies import Turns
from labelbits.app.guard import Door, Guard, make_token
from labelbits.app.readers import readers
from labelbits.app.routes import files, plans, results, scenarios, theory
from labelbits.app.workspace import Workspace
from labelbits.errors import InputError
from labelbits.planning import Plan
from labelbits.report.templating import SCRIPT, STYLE

HERE = Path(__file__).parent
#: The largest head of a request, in bytes.
LARGEST_HEAD = 16_384
#: Seconds that requests get to end when the program is stopped.
STOP_SECONDS = 1
#: Names of this machine inside a test; `serve` allows its own address alone.
IN_PROCESS = Door(("testserver", "localhost", "127.0.0.1"))
#: What the page consists of.
ROOMS = (files, plans, results, scenarios, theory)
JAVASCRIPT, CSS = "text/javascript", "text/css"
#: plotly's script is 5 MB and the same for a version: the browser may keep it, for itself alone.
KEPT = "private, max-age=3600"


@functools.cache
def _assets() -> dict[str, tuple[str, str]]:
    """Scripts and styles by their path, each with its kind."""
    found = {
        "/plotly.js": (get_plotlyjs(), JAVASCRIPT),
        "/script.js": (SCRIPT, JAVASCRIPT),
        "/page.js": ((HERE / "page.js").read_text(encoding="utf-8"), JAVASCRIPT),
        "/page.css": (STYLE + (HERE / "page.css").read_text(encoding="utf-8"), CSS),
    }
    for file in sorted((HERE / "static").glob("*.js")):
        found[f"/static/{file.name}"] = file.read_text(encoding="utf-8"), JAVASCRIPT
    return found


async def _asset(request: Request) -> Response:
    path = request.url.path
    text, kind = _assets()[path]
    kept = {"cache-control": KEPT} if path == "/plotly.js" else {}
    return Response(text, media_type=kind, headers=kept)


def build_app(given: Plan | Workspace, door: Door = IN_PROCESS) -> Starlette:
    """The web application for one workspace, or for one plan that is made already; `door` says whom
    it answers. The routes are those of `app.routes`, and the page's scripts and styles."""
    if isinstance(given, Workspace):
        work = given
    else:
        work = Workspace()
        work.keep(given)
    turns = Turns()
    return Starlette(
        routes=[
            *(Route(path, _asset) for path in _assets()),
            *(route for room in ROOMS for route in room.routes(work, turns)),
        ],
        middleware=[Middleware(Guard, door=door)],
    )


def serve(given: Plan | Workspace, listener: socket.socket, token: str | None = None) -> None:
    """Serve the page on a port that `claim` took, until interrupted; ends within seconds then."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(KeyboardInterrupt))
        import uvicorn

        from labelbits.app.connections import Patient
        from labelbits.app.stopping import Ending

        port = listener.getsockname()[1]
        hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        door = Door(hosts, token or make_token(), f"labelbits-{port}")
        work = given if isinstance(given, Workspace) else None

        def close() -> None:
            if work is not None:
                work.close()
            readers().close()

        stack.callback(close)
        if isinstance(given, Workspace):
            threading.Thread(target=_prepare, args=(given,), daemon=True).start()
        config = uvicorn.Config(
            build_app(given, door),
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
        Ending(config, close).run(sockets=[listener])


def _prepare(work: Workspace) -> None:
    """What the first request would wait for is begun while the user opens the page."""
    with contextlib.suppress(InputError):
        if work.draft is not None and work.job is None:
            work.run(work.draft)
        else:
            work.workers.ready()
        readers().ready()
    import labelbits.planning.advice.advise  # noqa: F401
