"""Opens the websocket, and knows how long to wait when that fails.

Facts: ``reference/websocket-protocol.md`` sections 1 and 2. Unlike the public runner this one never gives up, whatever
the reason: a platform that was away for a night finds its runner in the morning.
"""

from __future__ import annotations

import random
import ssl
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, ProxyError, WebSocketException

from connect_eaas.runner.proxies import shown
from connect_eaas.runner.settings import Settings
from connect_eaas.runner.websocket import PlatformConnection

__all__ = [
    "Backoff",
    "ConnectionFailedError",
    "MaintenanceError",
    "PlatformConnection",
    "RefusedError",
    "advice",
    "connect_to_platform",
]

MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
"""Larger frames end the connection. The platform's own limit is 2 MiB; what exceeds it need not cost a connection."""
_PING_S: Final = 60.0
_REASONS: Final[Mapping[int, str]] = {
    401: "the API key is not valid (API_KEY)",
    403: "the API key may not serve this environment (API_KEY, ENVIRONMENT_ID)",
    404: "there is no such environment for this key (ENVIRONMENT_ID)",
    502: "the platform is down for maintenance",
}


_LOCAL_ACCESS: Final = "the environment's Local Access box"


def advice(status: int, settings: Settings) -> str:
    """Say which variable the platform refused with this status, where that came from, and what to do.

    Args:
        status: 401, 403 or 404.
        settings: what was used.
    """
    key, environment = (f"{name} from {settings.origin_of(name)}" for name in ("API_KEY", "ENVIRONMENT_ID"))
    if status == 401:
        return f"{key} is not valid there: take it from {_LOCAL_ACCESS}, or correct SERVER_ADDRESS"
    named = f"{environment} ({settings.environment_id})"
    if status == 404:
        return f"{named} does not exist there for this key: take both from {_LOCAL_ACCESS}, or correct SERVER_ADDRESS"
    return f"{key} may not serve {named}: take both from {_LOCAL_ACCESS}"


class ConnectionFailedError(Exception):
    """The websocket could not be opened; the text is one clear line."""


class RefusedError(ConnectionFailedError):
    """The platform answered, but refused the websocket."""

    def __init__(self, status: int, address: str) -> None:
        reason = _REASONS.get(status, "the platform refused the connection")
        super().__init__(f"{address}: {status}: {reason}")
        self.status = status
        self.address = address

    @property
    def credentials(self) -> bool:
        """True if only another key or environment would help."""
        return self.status in (401, 403, 404)


class MaintenanceError(RefusedError):
    """The platform is down for maintenance (502); it will be back."""


class Backoff:
    """How long to wait before the next try: growing, with jitter, so that many runners don't come back as one.

    Args:
        uniform: ``random.uniform`` or, in tests, something predictable.
    """

    first_s: Final = 0.5
    eager_s: Final = 1.0
    """No pause is longer in the first `eager_for_s` seconds: most outages are restarts."""
    eager_for_s: Final = 60.0
    longest_s: Final = 30.0
    longest_refused_s: Final = 300.0

    def __init__(self, uniform: object = random.uniform) -> None:
        self._uniform = uniform if callable(uniform) else random.uniform
        self.reset()

    def reset(self) -> None:
        """The connection worked."""
        self.attempts = 0
        # Seconds of all pauses since then.
        self._waited_s = 0.0
        self._ceiling_s = self.first_s

    def next(self, failure: ConnectionFailedError | None = None) -> float:
        """Seconds to wait before the next try."""
        self.attempts += 1
        if isinstance(failure, RefusedError) and failure.credentials:
            ceiling = min(10.0 * 2 ** min(self.attempts, 10), self.longest_refused_s)
        else:
            ceiling = self._ceiling_s
            longest = self.eager_s if self._waited_s < self.eager_for_s else self.longest_s
            self._ceiling_s = min(ceiling * 2, longest)
        wait: float = self._uniform(ceiling / 2, ceiling)
        self._waited_s += wait
        return wait


async def connect_to_platform(
    settings: Settings, instance_id: str, *, suffix: str = "", query: Mapping[str, str | int] | None = None
) -> PlatformConnection:
    """Open the websocket of one session.

    Args:
        settings: where the platform is, and the key.
        instance_id: this running copy of the extension.
        suffix: ``/webapp`` and the like; empty for events.
        query: what follows the question mark.

    Raises:
        RefusedError: the platform answered with another status than 101.
        ConnectionFailedError: it could not be reached, or does not speak websocket.
    """
    address = f"{settings.websocket_url}/{settings.environment_id}/{instance_id}{suffix}"
    url = f"{address}?{urlencode(query)}" if query else address
    parts = urlsplit(address)
    place = f"{parts.scheme}://{parts.netloc}"
    if settings.proxy is not None:
        place += f" through the proxy {shown(settings.proxy)}"
    tls = None
    if url.startswith("wss:"):
        tls = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    try:
        connection = await connect(
            url,
            create_connection=PlatformConnection,
            additional_headers={"Authorization": settings.api_key},
            compression=None if settings.loopback else "deflate",
            proxy=settings.proxy,
            **_proxy_tls(settings),
            ssl=tls,
            open_timeout=30,
            ping_interval=_PING_S,
            ping_timeout=_PING_S,
            close_timeout=2,
            max_size=MAX_FRAME_BYTES,
        )
        return cast("PlatformConnection", connection)
    except InvalidStatus as error:
        status = error.response.status_code
        raise (MaintenanceError if status == 502 else RefusedError)(status, place) from error
    except ssl.SSLCertVerificationError as error:
        hint = "; name its authority's file in CONNECT_CA_FILE"
        raise ConnectionFailedError(f"{place}: its certificate is not trusted: {error.verify_message}{hint}") from error
    except ProxyError as error:
        raise ConnectionFailedError(f"{place}: the proxy did not let us through: {error}") from error
    except InvalidURI as error:
        raise ConnectionFailedError(f"{place}: {error}") from error
    except InvalidHandshake as error:
        raise ConnectionFailedError(f"{place}: this is no platform: {error}") from error
    except (TimeoutError, OSError, WebSocketException, EOFError) as error:
        cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ConnectionFailedError(f"{place}: cannot be reached: {cause}") from error


def _proxy_tls(settings: Settings) -> dict[str, Any]:
    """How the proxy itself is trusted, where it is spoken to by TLS."""
    if settings.proxy is None or not settings.proxy.startswith("https:"):
        return {}
    return {"proxy_ssl": ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)}
