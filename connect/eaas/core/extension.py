"""Import path of existing extensions: ``connect_eaas.applications``, and the web side's ``router``."""

from typing import TYPE_CHECKING, Any

from connect_eaas import web
from connect_eaas.applications import (
    AnvilApplicationBase,
    ApplicationBase,
    EventsApplicationBase,
    Extension,
    InstallationAdminClientMixin,
    TransformationsApplicationBase,
    WebApplicationBase,
)

if TYPE_CHECKING:
    from connect_eaas.web import router as router

__all__ = [
    "AnvilApplicationBase",
    "ApplicationBase",
    "EventsApplicationBase",
    "Extension",
    "InstallationAdminClientMixin",
    "TransformationsApplicationBase",
    "WebApplicationBase",
]


def __getattr__(name: str) -> Any:
    # FastAPI is an extra, so the router is loaded when somebody asks for it.
    if name == "router":
        return web.router
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
