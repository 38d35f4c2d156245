"""The web side of the SDK: router, dependency injection, the ASGI application.

FastAPI (extra ``web``) is imported when ``router`` or ``web_app`` is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connect_eaas.web.routing import router as router
    from connect_eaas.web.routing import web_app as web_app


def __getattr__(name: str) -> Any:
    if name in ("router", "web_app"):
        from connect_eaas.web import routing

        return getattr(routing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
