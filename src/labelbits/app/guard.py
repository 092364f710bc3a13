"""Who may ask the local page what: checked on every request, before anything else.

Any web site can make the user's browser send requests to this machine, and any program of another
user on it can connect. So a request must name this machine as its host (a site whose name is turned
to 127.0.0.1 does not), must not come from a page of another origin, and must know the token that
was printed in the terminal: as the address that is opened first, then as a cookie.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What a page may load and who may show it: its own scripts and styles, nothing from elsewhere.
#: Figures need styles of their own.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
#: What is said where the token is missing, and the page that says it.
STRANGER = (
    "open the whole address that was printed, with its token (labelbits app prints a new one each "
    "time that it starts)"
)
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
    'content="width=device-width"><meta name="color-scheme" content="light dark">'
    "<title>labelbits</title></head><body><main><h1>This page does not know you</h1>"
    "<p>Please {}.</p></main></body></html>"
)
#: Fields of an address; each kept scenario and each price is one.
MOST_FIELDS = 256
#: The header in which a program may give the token.
TOKEN_HEADER = "x-labelbits-token"


@dataclass(frozen=True)
class Door:
    """What opens the page: names of this machine (with the port), and the token (None: none)."""

    hosts: Sequence[str]
    token: str | None = None
    cookie: str = "labelbits"


def make_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(24)


class Guard:
    """Middleware that refuses what `Door` does not let in, and adds `HEADERS` to every answer."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app = app
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(scope) or self._first_visit(scope)
        await (answer or self.app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.door.hosts:
            return _error(400, "this page answers under the address that was printed, no other")
        origins = headers.getlist("origin")
        if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins):
            return _error(403, "requests from pages of other origins are refused")
        site = headers.get("sec-fetch-site", "none")
        visits = headers.get("sec-fetch-mode") == "navigate" and scope["method"] == "GET"
        if site not in ("none", "same-origin") and not visits:
            return _error(403, "requests from pages of other sites are refused")
        if self.door.token is not None and not self._known(scope, headers):
            return _error(403, STRANGER, headers)
        return None

    def _known(self, scope: Scope, headers: Headers) -> bool:
        cookies = [cookie_parser(one).get(self.door.cookie) for one in headers.getlist("cookie")]
        given = [headers.get(TOKEN_HEADER), _asked(scope), *cookies]
        return any(one is not None and self._same(one) for one in given)

    def _same(self, given: str) -> bool:
        token = self.door.token or ""
        return secrets.compare_digest(given.encode("utf-8", "replace"), token.encode())

    def _first_visit(self, scope: Scope) -> Response | None:
        """The token moves from the address, which is shown and kept, to a cookie."""
        token = self.door.token
        if token is None or scope["method"] != "GET" or _asked(scope) is None:
            return None
        rest = [
            one for one in scope["query_string"].decode("latin-1").split("&")
            if one and one.partition("=")[0] != "token"
        ]  # fmt: skip
        path = "/" + scope["path"].lstrip("/\\")  # // would be another site
        kept = quote(path) + ("?" + "&".join(rest) if rest else "")
        answer = RedirectResponse(kept, status_code=303)
        answer.set_cookie(self.door.cookie, token, httponly=True, samesite="strict", path="/")
        return answer


def _asked(scope: Scope) -> str | None:
    """The token in the address; none in one of many fields, which the page never makes."""
    try:
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return query["token"][0] if "token" in query else None


def _error(status: int, text: str, headers: Headers | None = None) -> Response:
    """A message; as a page for a person whose browser went there."""
    if headers is not None and "text/html" in headers.get("accept", ""):
        return HTMLResponse(PAGE.format(text), status_code=status)
    return JSONResponse({"error": text}, status_code=status)
