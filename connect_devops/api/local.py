"""``/devops/local``: ours, for the command line and for tests: what runs here, the clock, and who works on what.

The real platform has no such addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from starlette.responses import Response
from starlette.routing import BaseRoute

from connect_devops.api.bodies import text
from connect_devops.api.calls import Call, ok, route
from connect_devops.domain.errors import ValidationError
from connect_devops.services.container import Services

__all__ = ["LocalPlatform", "local_routes"]

_LONGEST_MOVE: Final = timedelta(days=3660)


class LocalPlatform(Protocol):
    """What the process knows about itself."""

    def facts(self) -> Mapping[str, Any]:
        """Return what ``ccli devops info`` prints: addresses, key, files, extensions with their environments."""

    def advance_clock(self, by: timedelta) -> Mapping[str, Any]:
        """Move the clock and keep the new offset; return ``now`` and ``offset`` (seconds)."""

    def advance_clock_to_next(self) -> Mapping[str, Any]:
        """Move the clock to the next moment at which something happens by itself, if one is planned."""

    def browser_link(self) -> str:
        """Return an address that lets one browser in, once, within two minutes."""

    def page_link(self, environment_id: str, page: str | None, installation_id: str | None = None) -> str:
        """Return an address that shows an environment's pages to one browser, once, within two minutes.

        Args:
            environment_id: whose pages.
            page: key, label or path of a page; by default the first one.
            installation_id: whom it is shown to; ``owner`` is the extension's owner, None the first installation.

        Raises:
            NotFoundError: one of them does not exist.
            ApiError: the installation is none of this environment.
        """

    def clock(self) -> Mapping[str, Any]:
        """Return ``now`` and ``offset`` (seconds)."""

    def link_project(self, directory: Path, environment_id: str) -> Mapping[str, str]:
        """Note that a project directory belongs to an environment; return all such links."""


def local_routes(services: Services, platform: LocalPlatform) -> list[BaseRoute]:
    """Return the routes."""

    def info(call: Call) -> Response:
        call.require_platform_owner()
        return ok(platform.facts())

    def clock(call: Call) -> Response:
        call.require_platform_owner()
        return ok(platform.clock())

    def move_clock(call: Call) -> Response:
        call.require_platform_owner()
        seconds = call.object().get("advance")
        if seconds == "next":
            return ok(platform.advance_clock_to_next())
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not seconds >= 0:
            raise ValidationError.of("advance", "Expected a number of seconds that is not negative, or next.")
        if seconds > _LONGEST_MOVE.total_seconds():
            raise ValidationError.of("advance", f"Expected at most {_LONGEST_MOVE.days} days in seconds.")
        return ok(platform.advance_clock(timedelta(seconds=seconds)))

    def let_browser_in(call: Call) -> Response:
        call.require_owner_key()
        body = call.object()
        if "environment" not in body:
            return ok({"url": platform.browser_link()})
        environment = services.environments.get(text(body, "environment"))
        if environment.owner_id != call.owner_id:
            raise ValidationError.of("environment", "It belongs to another account.")
        page, installation = (text(body, name) if name in body else None for name in ("page", "installation"))
        return ok({"url": platform.page_link(environment.id, page, installation)})

    def link_project(call: Call) -> Response:
        call.require_platform_owner()
        body = call.object()
        directory = Path(text(body, "directory"))
        if not directory.is_absolute():
            raise ValidationError.of("directory", "Expected an absolute path.")
        environment = services.environments.get(text(body, "environment"))
        if environment.owner_id != call.owner_id:
            raise ValidationError.of("environment", "It belongs to another account.")
        return ok(platform.link_project(directory, environment.id))

    return [
        route(services, "/devops/local/info", get=info),
        route(services, "/devops/local/clock", get=clock, post=move_clock),
        route(services, "/devops/local/browser", post=let_browser_in),
        route(services, "/devops/local/projects", post=link_project),
    ]
