"""The door as the platform uses it: which host is whose, and links that let a browser in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import anyio.to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from connect_devops.admissions import Admissions
from connect_devops.api.callers import Visitor, visiting_caller
from connect_devops.api.middleware import BodyLimit
from connect_devops.domain.errors import NotFoundError
from connect_devops.door.extension_host import ExtensionHost
from connect_devops.door.hosts import PORTAL, Host, at
from connect_devops.door.pages import NoPagesError, find_page, pages_of
from connect_devops.door.portal import ENTER_PATH, Portal
from connect_devops.services.container import Services
from connect_devops.services.environments import Environment

__all__ = ["Door", "address"]


class Door:
    """The pages of all extensions.

    Args:
        services: the platform.
        real_time: the time outside of the platform, for links that work for a short while.
        owner_key: returns the key of the platform's owner.
        columns: offered to the dialogs of transformations.
        max_bytes: of a request's body.
    """

    def __init__(
        self,
        services: Services,
        *,
        real_time: Callable[[], datetime],
        owner_key: Callable[[], str],
        columns: Sequence[Mapping[str, Any]],
        max_bytes: int,
    ) -> None:
        self._services = services
        self._guests: Admissions[str] = Admissions(real_time)
        visitors: Admissions[Visitor] = Admissions(real_time)
        self._extension = BodyLimit(ExtensionHost(services, visitors, owner_key).app(), max_bytes=max_bytes)
        self._portal = BodyLimit(Portal(services, self._guests, visitors, columns).app(), max_bytes=max_bytes)

    async def app_of(self, name: str) -> ASGIApp | None:
        """Return what answers on a host, or None if it is no host of an existing environment."""
        host = Host.of(name)
        if host is None:
            return None
        try:
            environment = await anyio.to_thread.run_sync(self._services.environments.get, host.environment_id)
        except NotFoundError:
            return None
        app = self._portal if host.is_portal else self._extension

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            await app(at(scope, environment), receive, send)

        return serve

    def link(self, platform_url: str, environment_id: str, page: str | None, installation_id: str | None = None) -> str:
        """Return an address that shows an environment's pages in the one browser that opens it first.

        Args:
            platform_url: where the platform listens; its scheme and port are kept.
            environment_id: whose pages.
            page: key, label or path of the page to show; by default the first one.
            installation_id: whom to show it to; ``owner`` is the extension's owner, None the first installation.

        Raises:
            NotFoundError: there is no such environment, page or installation, or no page at all.
            ApiError: the installation is not one of this environment.
        """
        environment = self._services.environments.get(environment_id)
        if not pages_of(environment):
            raise NoPagesError(environment)
        chosen = {"code": self._guests.new_code(environment.id)}
        if page is not None:
            chosen["page"] = find_page(environment, page).key
        if installation_id is not None:
            if installation_id != "owner":
                visiting_caller(self._services, environment, Visitor(environment.id, installation_id))
            chosen["as"] = installation_id
        return f"{address(platform_url, environment, PORTAL)}{ENTER_PATH}?{urlencode(chosen)}"


def address(platform_url: str, environment: Environment, before: str = "") -> str:
    """Return the origin of an environment's web application on this machine."""
    parts = urlsplit(platform_url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{before}{environment.hostname}.{environment.domain}{port}"
