"""Connect Extension SDK: what an author of an extension imports.

``router`` and ``web_app`` are here too, but need the extra ``web`` and are loaded when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connect_eaas.applications import (
    AnvilApplicationBase,
    EventsApplicationBase,
    Extension,
    InstallationAdminClientMixin,
    TransformationsApplicationBase,
    WebApplicationBase,
)
from connect_eaas.decorators import (
    account_settings_page,
    admin_pages,
    anvil_callable,
    anvil_key_variable,
    customer_pages,
    devops_pages,
    django_secret_key_variable,
    event,
    guest,
    manual_transformation,
    module_pages,
    proxied_connect_api,
    schedulable,
    transformation,
    unauthorized,
    variables,
)
from connect_eaas.enums import EventType, ResultType, TaskCategory
from connect_eaas.errors import DeclarationError, MissingExtraError, ResponseError, SdkError
from connect_eaas.models import Context
from connect_eaas.responses import (
    BackgroundResponse,
    CustomEventResponse,
    InteractiveResponse,
    ProcessingResponse,
    ProductActionResponse,
    RowTransformationResponse,
    ScheduledExecutionResponse,
    TransformationResponse,
    ValidationResponse,
)

if TYPE_CHECKING:
    from connect_eaas.web import router as router
    from connect_eaas.web import web_app as web_app

__version__ = "0.1.0"

__all__ = [
    "AnvilApplicationBase",
    "BackgroundResponse",
    "Context",
    "CustomEventResponse",
    "DeclarationError",
    "EventType",
    "EventsApplicationBase",
    "Extension",
    "InstallationAdminClientMixin",
    "InteractiveResponse",
    "MissingExtraError",
    "ProcessingResponse",
    "ProductActionResponse",
    "ResponseError",
    "ResultType",
    "RowTransformationResponse",
    "ScheduledExecutionResponse",
    "SdkError",
    "TaskCategory",
    "TransformationResponse",
    "TransformationsApplicationBase",
    "ValidationResponse",
    "WebApplicationBase",
    "account_settings_page",
    "admin_pages",
    "anvil_callable",
    "anvil_key_variable",
    "customer_pages",
    "devops_pages",
    "django_secret_key_variable",
    "event",
    "guest",
    "manual_transformation",
    "module_pages",
    "proxied_connect_api",
    "schedulable",
    "transformation",
    "unauthorized",
    "variables",
]


def __getattr__(name: str) -> Any:
    if name in ("router", "web_app"):
        from connect_eaas import web

        return getattr(web, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
