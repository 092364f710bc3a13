"""The plan as a local web page: move the budget and the prices, see the advice move."""

from labelbits.app.server import address, build_app, claim, serve

__all__ = ["address", "build_app", "claim", "serve"]
