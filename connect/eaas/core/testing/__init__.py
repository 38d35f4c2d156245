"""Import path of existing extensions: the web test client."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connect_eaas.testing.web import WebAppTestClient as WebAppTestClient


def __getattr__(name: str) -> Any:
    # FastAPI is an extra, so the client is loaded when a test asks for it.
    if name == "WebAppTestClient":
        from connect_eaas.testing import web

        return web.WebAppTestClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
