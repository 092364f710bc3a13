"""The local page's server: the plan is made once, every slider move is a `replan`."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from labelbits.errors import InputError
from labelbits.planning import Plan, replan
from labelbits.planning.advice.words import chance, show, span
from labelbits.report import figures
from labelbits.report.page import SCRIPT, STYLE, render

HERE = Path(__file__).parent
#: The largest request that is read, in bytes: a budget and a few prices.
LARGEST_REQUEST = 65_536


def state(plan: Plan) -> dict[str, Any]:
    """What the page shows of a plan: advice, cards, figures, the largest purchase of each kind."""
    percent = plan.percent
    last = {option.family: option for option in plan.options}
    chances = plan.recommendation["probabilities"]
    rows = [
        {
            "family": o.family,
            "items": f"{o.items:,}",
            "per_item": f"{o.answers_per_item:.3g}",
            "cost": figures.money(o.cost, plan.currency),
            "quality": show(o.quality, percent),
            "interval": span(o.low, o.high, percent),
            "chance": chance(chances.get(o.family, 0)),
        }
        for o in last.values()
    ]
    return {
        "sentence": plan.recommendation["sentence"],
        "rows": rows,
        "tradeoff": json.loads(figures.tradeoff(plan).to_json() or "{}"),
        "warnings": plan.warnings,
    }


def page(plan: Plan) -> str:
    """The page: sliders for the budget and for the price of each way of asking."""
    sliders = [_slider("budget", f"budget ({plan.currency})", plan.budget, "amount")]
    for curve in plan.curves:
        price = curve.family.price.amount
        sliders.append(
            _slider("price", f"{curve.family.name}, one answer", price, curve.family.name)
        )
    template = (HERE / "page.html").read_text(encoding="utf-8")
    fields = {
        "title": html.escape(plan.title),
        "style": STYLE,
        "metric": html.escape(plan.metric_name),
        "sliders": "".join(sliders),
        "state": json.dumps(state(plan)).replace("</", "<\\/"),
        "script": SCRIPT,
    }
    for name, value in fields.items():
        template = template.replace("{{" + name + "}}", value)
    return template


def _slider(kind: str, label: str, value: float, name: str) -> str:
    """A logarithmic slider from a tenth to ten times `value`."""
    key = html.escape(name, quote=True)
    return (
        f"<label class='slider'><span>{html.escape(label)}</span>"
        f"<output>{value:.4g}</output>"
        f"<input type='range' min='-1' max='1' step='0.02' value='0' data-kind='{kind}' "
        f"data-name='{key}' data-base='{value!r}' aria-label='{html.escape(label, quote=True)}'>"
        "</label>"
    )


def build_app(plan: Plan) -> Starlette:
    """The web application for one plan.

    Routes: `/` the page, `/replan` (POST {"amount", "prices"}) the state under other money,
    `/report` the report, `/plan.json` the plan. Only requests addressed to this machine by its
    own name are answered, so that no web site can reach the page through the user's browser.
    """

    async def home(request: Request) -> Response:
        return HTMLResponse(page(plan))

    async def script(request: Request) -> Response:
        return Response(get_plotlyjs(), media_type="text/javascript")

    async def report(request: Request) -> Response:
        return HTMLResponse(await run_in_threadpool(render, plan))

    async def plan_json(request: Request) -> Response:
        return Response(plan.json(), media_type="application/json")

    async def change(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_REQUEST:
                return JSONResponse({"error": "the request is too large"}, status_code=413)
        try:
            asked = json.loads(body)
            amount, prices = float(asked["amount"]), dict(asked.get("prices", {}))
            prices = {str(name): float(price) for name, price in prices.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return JSONResponse(
                {"error": 'expected {"amount": number, "prices": {name: number}}'}, status_code=400
            )
        try:
            made = await run_in_threadpool(replan, plan, amount=amount, prices=prices)
        except InputError as problem:
            return JSONResponse({"error": str(problem)}, status_code=422)
        return JSONResponse(await run_in_threadpool(state, made))

    return Starlette(
        routes=[
            Route("/", home),
            Route("/plotly.js", script),
            Route("/report", report),
            Route("/plan.json", plan_json),
            Route("/replan", change, methods=["POST"]),
        ],
        middleware=[
            Middleware(
                TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "testserver"]
            )
        ],
    )


def serve(plan: Plan, port: int) -> None:
    """Serve the page on this machine alone until interrupted.

    Raises `InputError` when the port is taken.
    """
    import socket

    import uvicorn

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as problem:
            raise InputError(
                f"--port {port} cannot be used ({problem}); give another one"
            ) from None
    uvicorn.run(build_app(plan), host="127.0.0.1", port=port, log_level="warning")
