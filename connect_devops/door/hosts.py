"""Which application answers on which host name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import Scope

from connect_devops.api.errors import ApiError
from connect_devops.services.environment import environment_id_of_host
from connect_devops.services.environments import Environment

__all__ = ["PORTAL", "Host", "Place", "at", "place", "refuse_foreign"]

PORTAL: Final = "portal."
"""What the host of the frame has before the extension's own."""
_KEY: Final = "connect_devops.environment"


@dataclass(frozen=True)
class Host:
    """A host name below ``localhost`` that belongs to an environment."""

    environment_id: str
    is_portal: bool
    """Whether it is the host of the frame, not of the extension itself."""

    @classmethod
    def of(cls, name: str) -> Host | None:
        """Read a host name, without its port; None if it is none of ours."""
        is_portal = name.lower().startswith(PORTAL)
        environment_id = environment_id_of_host(name[len(PORTAL) :] if is_portal else name)
        return None if environment_id is None else cls(environment_id, is_portal)


@dataclass(frozen=True)
class Place:
    """Where a request came in: its environment, and the two origins that belong together."""

    environment: Environment
    origin: str
    portal: str


def place(request: Request) -> Place:
    """Return where a request came in."""
    environment: Environment = request.scope[_KEY]
    name, port = _name_and_port(request.headers.get("host", ""))
    netloc = name.removeprefix(PORTAL) + ("" if port is None else f":{port}")
    scheme = request.url.scheme
    return Place(environment, f"{scheme}://{netloc}", f"{scheme}://{PORTAL}{netloc}")


def _name_and_port(host: str) -> tuple[str, int | None]:
    """Read a ``Host`` header; what follows the name must be a port, for it goes into headers of ours."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname or "", parts.port
    except ValueError:
        raise ApiError(400, f"Host: {host[:80]!r} is no name and port.") from None


def at(scope: Scope, environment: Environment) -> Scope:
    """Return the scope with its environment noted."""
    return {**scope, _KEY: environment}


def refuse_foreign(request: Request, own: str, *, strictly: bool) -> None:
    """Refuse what a page of another origin made the browser send.

    Args:
        request: the request.
        own: the origin of the host that was called.
        strictly: also refuse what a page elsewhere may load without reading it, such as an image; for everything that
            a cookie lets in.

    Raises:
        ApiError: 403.
    """
    origin = request.headers.get("origin")
    # Not told by old browsers, nor by programs that are none. "none" is an address that somebody typed.
    site = request.headers.get("sec-fetch-site")
    if origin is not None and origin.lower() != own:
        raise ApiError(403, f"Origin: {origin[:80]!r} may not call this extension.", code="AUTH_003")
    if strictly and site not in (None, "same-origin", "none"):
        raise ApiError(403, "Only the extension's own pages may make this call.", code="AUTH_003")
