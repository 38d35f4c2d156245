"""The web application: every route of the platform behind the same checks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from connect_devops.api.accounts import account_routes
from connect_devops.api.call_log import CallLog
from connect_devops.api.choices import Choices
from connect_devops.api.environments import environment_routes
from connect_devops.api.errors import answer_http_exception
from connect_devops.api.event_definitions import event_definition_routes
from connect_devops.api.extensions import extension_routes
from connect_devops.api.hooks import hook_routes
from connect_devops.api.installations import installation_routes
from connect_devops.api.local import LocalPlatform, local_routes
from connect_devops.api.middleware import (
    CONNECT_VERSION,
    Authentication,
    BodyLimit,
    CommonHeaders,
    ErrorShield,
    HostGuard,
    OtherHosts,
)
from connect_devops.api.schedules import schedule_routes
from connect_devops.api.tasks import task_routes
from connect_devops.api.variables import variable_routes
from connect_devops.api.web_calls import web_call_routes
from connect_devops.services.container import Services
from connect_devops.settings import Settings

__all__ = ["build_app"]


def build_app(
    services: Services,
    settings: Settings,
    platform: LocalPlatform,
    *,
    choices: Choices,
    real_time: Callable[[], datetime],
    further: Iterable[BaseRoute] = (),
    app_of_host: Callable[[str], Awaitable[ASGIApp | None]],
) -> Starlette:
    """Build the application.

    Args:
        services: the platform.
        settings: hosts and limits.
        platform: what the process knows about itself.
        choices: products and hubs for new extensions.
        real_time: the time outside of the platform.
        further: routes of the hub, the streams and the business objects; they come first.
        app_of_host: finds what answers on hosts that are not the platform's own.
    """
    names = [settings.host, *settings.allowed_hosts]
    return Starlette(
        routes=[
            Route("/public/v1", _version, methods=["GET"]),
            *further,
            *account_routes(services),
            *local_routes(services, platform),
            *hook_routes(services, real_time),
            *web_call_routes(services),
            *extension_routes(services, choices),
            *environment_routes(services),
            *variable_routes(services),
            *schedule_routes(services),
            *task_routes(services),
            *installation_routes(services),
            *event_definition_routes(services),
        ],
        middleware=[
            Middleware(CommonHeaders, now=services.clock.now),
            Middleware(CallLog, calls=services.task_calls, now=services.clock.now),
            Middleware(ErrorShield),
            Middleware(OtherHosts, app_of=app_of_host),
            Middleware(HostGuard, names=names),
            Middleware(BodyLimit, max_bytes=settings.max_request_bytes),
            Middleware(Authentication, authenticate=services.accounts.authenticate),
        ],
        exception_handlers={HTTPException: answer_http_exception},
    )


async def _version(_: Request) -> Response:
    """Answer the base address: tools read the header ``Connect-Version`` there, without a key."""
    return JSONResponse({"version": CONNECT_VERSION})
