"""The page in a process of its own, as `labelbits app` serves it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

#: Serves a plan that is made of known curves, or ("empty") what `labelbits app` does without files,
#: or ("slow") the same beside a route whose work takes a minute, or ("many") thirty options.
CHILD = """
import sys
from dataclasses import replace
from labelbits.app import address, claim, serve
from labelbits.speech import inform
from tests.report.plans import plan_of
from tests.report.texts import HOSTILE
from labelbits.app.workspace import Workspace
names = ["hard", "votes x 3"]
if sys.argv[1] == "hostile":
    names = [f"{text} {key}" for key, text in HOSTILE.items() if key != "half"]
if sys.argv[1] in ("empty", "slow"):
    made = Workspace()
else:
    if sys.argv[1] == "many":
        names = [f"option {number} of many" for number in range(30)]
    made = plan_of(names, " ".join(HOSTILE.values()) if sys.argv[1] == "hostile" else "plan")
    if sys.argv[1] == "many":
        made = replace(made, warnings=[f"doubt {number}" for number in range(30)])
if sys.argv[1] == "slow":
    import time
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import Response
    from starlette.routing import Route
    from labelbits.app.routes import theory
    routes = theory.routes
    async def slow(request):
        await run_in_threadpool(time.sleep, 60)
        return Response("")
    theory.routes = lambda *given: [*routes(*given), Route("/slow", slow)]
with claim(0) as listener:
    inform(f"open {address(listener, 'known')} in a browser")
    serve(made, listener, "known")
"""


class Running:
    """A running page: its address, and raw connections to it."""

    def __init__(self, kind: str = "plain") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, kind],
            stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        said = ""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            said += line
            if found := re.search(r"open (http://127\.0\.0\.1:(\d+)/\?token=(\S+)) ", line):
                self.address, self.port, self.token = found[1], int(found[2]), found[3]
                self.ask(self.head("GET /page.js HTTP/1.1", "Connection: close"))  # it is up
                return
        raise AssertionError(said)

    def connect(self, sent: str = "") -> socket.socket:
        """A connection on which `sent` was sent."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        made.sendall(sent.encode())
        return made

    def head(self, line: str, *more: str) -> str:
        """The head of a request that knows the token."""
        lines = [line, f"Host: 127.0.0.1:{self.port}", f"X-Labelbits-Token: {self.token}", *more]
        return "\r\n".join(lines) + "\r\n\r\n"

    def ask(self, sent: str) -> str:
        """The whole answer to a request that ends its connection."""
        with self.connect(sent) as connection:
            return connection.makefile("rb").read().decode("utf-8", "replace")

    def stop(self) -> tuple[int, float]:
        """(exit status, seconds it took) after Ctrl-C."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(30), time.monotonic() - began
        finally:
            self.process.kill()
            self.process.wait()
            if self.process.stderr is not None:
                self.process.stderr.close()
