"""The plan as a local web page: move the budget and the prices, see the advice move."""

from labelbits.app.server import build_app, serve

__all__ = ["build_app", "serve"]
