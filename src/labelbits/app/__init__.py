"""The local page: files, a plan, its result, scenarios, theory. Names load when first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelbits.app.port import address as address
    from labelbits.app.port import claim as claim
    from labelbits.app.server import build_app as build_app
    from labelbits.app.server import serve as serve

_HOMES = {"address": "port", "claim": "port", "build_app": "server", "serve": "server"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"labelbits.app.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'labelbits.app' has no attribute {name!r}")
