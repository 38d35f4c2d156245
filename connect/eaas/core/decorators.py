"""Import path of existing extensions: ``connect_eaas.decorators``, and ``router`` and ``web_app`` of the web side."""

from typing import TYPE_CHECKING, Any

from connect_eaas import web
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

if TYPE_CHECKING:
    from connect_eaas.web import router as router
    from connect_eaas.web import web_app as web_app

__all__ = [
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
    # FastAPI is an extra, so these two are loaded when an extension asks for them.
    if name in ("router", "web_app"):
        return getattr(web, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
