"""API clients for handlers: made by one factory that owns the connection pools and the TLS settings.

Importing this module imports ``connect.client``, cheaply (``connect_eaas.inflection``). Headers:
``reference/runner-behaviour.md`` section 10.
"""

from __future__ import annotations

import asyncio
import logging
import platform
import ssl
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, cast
from weakref import WeakKeyDictionary

from connect_eaas import inflection

inflection.import_client()

import httpx  # noqa: E402  # after the client, which needs both libraries anyway
import requests  # noqa: E402
from connect.client import AsyncConnectClient, ConnectClient  # noqa: E402
from requests.adapters import HTTPAdapter  # noqa: E402

from connect_eaas.call_spans import CallSpan, SpannedAsyncClient  # noqa: E402
from connect_eaas.request_log import RequestLogger  # noqa: E402
from connect_eaas.tracing import TRACE_HEADER, get_correlation_id  # noqa: E402

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "AsyncConnectClient",
    "AsyncPooledClient",
    "ClientFactory",
    "ConnectClient",
    "Connections",
    "PooledClient",
    "is_async",
    "sibling",
    "task_headers",
    "user_agent",
]

_RETRY_DELAY: Final = 1.0
"""Seconds between two tries of an asynchronous call; the plain client's own value."""


class Connections(Protocol):
    """What clients share: a session of requests a thread, and a session of httpx an event loop."""

    @property
    def session(self) -> requests.Session:
        """The session of this thread."""

    @property
    def async_session(self) -> httpx.AsyncClient:
        """The session of the running event loop."""


Headers = Mapping[str, str] | Callable[[], Mapping[str, str]]
"""Default headers of a client, or what makes them at their first use: many a handler makes no call."""


class _Pooled:
    """What both clients have in common: connections of a factory, and headers that may be made late."""

    connections: Connections

    @property
    def default_headers(self) -> dict[str, str]:
        """Sent with each call."""
        headers: Any = self.__dict__["_headers"]
        if callable(headers):
            headers = self.__dict__["_headers"] = dict(headers())
        return cast("dict[str, str]", headers)

    @default_headers.setter
    def default_headers(self, headers: Headers) -> None:
        self.__dict__["_headers"] = headers

    def twin(self, api_key: str, headers: Headers, logger: RequestLogger | None) -> Self:
        """Make another client with the same options; several times cheaper than the constructor."""
        made = object.__new__(type(self))
        attributes = self.__dict__.copy()
        attributes["api_key"] = api_key
        attributes["_headers"] = headers
        attributes["logger"] = logger
        self._part(attributes)
        made.__dict__ = attributes
        return made

    def _part(self, attributes: dict[str, Any]) -> None:
        """No two clients may share what holds the last response."""
        raise NotImplementedError


class PooledClient(_Pooled, ConnectClient):  # type: ignore[misc]
    """The plain client, on its factory's connections."""

    def __init__(self, connections: Connections, api_key: str, **options: Any) -> None:
        super().__init__(api_key, **options)
        self.connections = connections

    @property
    def session(self) -> requests.Session:
        return self.connections.session

    def _part(self, attributes: dict[str, Any]) -> None:
        attributes["_thread_locals"] = threading.local()


class AsyncPooledClient(_Pooled, AsyncConnectClient):  # type: ignore[misc]
    """The asynchronous client, on its factory's connections, and without the pauses that would stop the loop."""

    def __init__(self, connections: Connections, api_key: str, **options: Any) -> None:
        super().__init__(api_key, **options)
        self.connections = connections

    def _part(self, attributes: dict[str, Any]) -> None:
        attributes.pop("_response", None)

    @property
    def session(self) -> httpx.AsyncClient:
        return self.connections.async_session

    @property
    def response(self) -> Any:
        """The last response in this context, of ``httpx``; None if there was none."""
        # Made late: many a handler makes no call.
        kept = self.__dict__.get("_response")
        return None if kept is None else kept.get()

    @response.setter
    def response(self, value: Any) -> None:
        kept = self.__dict__.get("_response")
        if kept is None:
            # Threads may come here at once: there must be one for all.
            kept = self.__dict__.setdefault("_response", ContextVar("response", default=None))
        kept.set(value)

    async def _execute_http_call(self, method: str, url: str, kwargs: dict[str, Any]) -> None:
        for retries_left in range(self.max_retries, -1, -1):
            if self.logger:
                self.logger.log_request(method, url, kwargs)
            try:
                self.response = await self.session.request(method, url, **kwargs)
            except httpx.HTTPError:
                if not retries_left:
                    raise
            else:
                if self.logger:
                    self.logger.log_response(self.response)
                if self.response.status_code < 500 or not retries_left:
                    break
            await asyncio.sleep(_RETRY_DELAY)
        if self.response.status_code >= 400:
            self.response.raise_for_status()


class ClientFactory:
    """Makes API clients that share connections; one for the life of a process.

    Args:
        endpoint: e.g. ``https://api.connect.cloudblue.com/public/v1``.
        api_key: the extension owner's key, used where a client is asked for without one.
        ca_file: PEM file with the authority that signed the endpoint's certificate; None for the system's authorities
            (and what ``REQUESTS_CA_BUNDLE`` and ``SSL_CERT_FILE`` say).
        verify: False switches the certificate check off; for tests on one's own machine only.
        max_retries: how often a call is repeated after a connection error or a 5xx answer.
        timeout: seconds to connect, seconds to read.
        pool_size: connections that are kept open; about as many as handlers run at once.
        call_span: gives a span for each call; None if calls are not traced.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        api_key: str,
        ca_file: Path | None = None,
        verify: bool = True,
        max_retries: int = 3,
        timeout: tuple[float, float] = (15.0, 180.0),
        pool_size: int = 100,
        call_span: CallSpan | None = None,
    ) -> None:
        self._call_span = call_span
        self.endpoint = endpoint.rstrip("/")
        self._api_key = api_key
        self._ca_file = ca_file
        self._verify = verify
        options: dict[str, Any] = {"max_retries": max_retries, "timeout": timeout, "use_specs": False}
        # Those that all clients are made after.
        self._plain = PooledClient(self, api_key, endpoint=self.endpoint, **options)
        self._asynchronous = AsyncPooledClient(self, api_key, endpoint=self.endpoint, **options)
        self._pool_size = pool_size
        self._adapter = _Adapter(ca_file, verify, pool_size, call_span)
        self._sessions = threading.local()
        self._async_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"ClientFactory(endpoint={self.endpoint!r})"

    @property
    def session(self) -> requests.Session:
        """The session of this thread; all threads share the connections. It keeps no cookies."""
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = requests.Session()
            session.cookies.set_policy(_no_cookies())
            session.mount("https://", self._adapter)
            session.mount("http://", self._adapter)
            self._sessions.session = session
        return session

    @property
    def async_session(self) -> httpx.AsyncClient:
        """The session of the running event loop. It keeps no cookies.

        Raises:
            RuntimeError: no event loop runs in this thread.
        """
        loop = asyncio.get_running_loop()
        session = self._async_sessions.get(loop)
        if session is None or session.is_closed:
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=self._pool_size)
            make: Callable[..., httpx.AsyncClient] = httpx.AsyncClient
            if self._call_span is not None:
                make = partial(SpannedAsyncClient, self._call_span)
            session = make(verify=self._tls(), limits=limits, follow_redirects=False, cookies=CookieJar(_no_cookies()))
            self._async_sessions[loop] = session
        return session

    def client(
        self,
        *,
        api_key: str | None = None,
        headers: Headers | None = None,
        logger: logging.Logger | logging.LoggerAdapter[Any] | None = None,
    ) -> ConnectClient:
        """Make a plain client.

        Args:
            api_key: used instead of the factory's.
            headers: go with each call; a function is called once, when they are needed.
            logger: gets the calls at level DEBUG.

        Raises:
            ValueError: the headers name an authorization.
        """
        return self._plain.twin(api_key or self._api_key, _checked(headers), _logged(logger))

    def async_client(
        self,
        *,
        api_key: str | None = None,
        headers: Headers | None = None,
        logger: logging.Logger | logging.LoggerAdapter[Any] | None = None,
    ) -> AsyncConnectClient:
        """Make an asynchronous client; arguments as for ``client``."""
        return self._asynchronous.twin(api_key or self._api_key, _checked(headers), _logged(logger))

    def close(self) -> None:
        """Close the connections of plain clients. Clients may be used again afterwards; they connect anew."""
        self._adapter.close()

    async def aclose(self) -> None:
        """Close the connections of plain clients and those of asynchronous clients of this event loop."""
        self.close()
        session = self._async_sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.aclose()

    def _tls(self) -> ssl.SSLContext | bool:
        # Without TLS there is nothing to verify, and loading the authorities takes its time.
        if not self._verify or self.endpoint.startswith("http:"):
            return False
        return ssl.create_default_context(cafile=str(self._ca_file)) if self._ca_file is not None else True


class _Adapter(HTTPAdapter):
    """Connections of plain clients; its own authority wins over those that the environment names."""

    def __init__(self, ca_file: Path | None, verify: bool, pool_size: int, call_span: CallSpan | None) -> None:
        super().__init__(pool_connections=4, pool_maxsize=pool_size)
        self._call_span = call_span
        self._own: bool | str | None = False if not verify else str(ca_file) if ca_file is not None else None

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        chosen = verify if self._own is None else self._own
        if self._call_span is None:
            return super().send(request, stream=stream, timeout=timeout, verify=chosen, cert=cert, proxies=proxies)
        with self._call_span(request.method or "", request.url or "", request.headers) as answered:
            response = super().send(request, stream=stream, timeout=timeout, verify=chosen, cert=cert, proxies=proxies)
            answered(response.status_code)
        return response


def _checked(headers: Headers | None) -> Headers:
    if headers is None:
        return {}
    if callable(headers):
        return headers
    if "Authorization" in headers:
        raise ValueError("headers: cannot hold an Authorization; give the client its key by api_key")
    return dict(headers)


def _logged(logger: logging.Logger | logging.LoggerAdapter[Any] | None) -> RequestLogger | None:
    return RequestLogger(logger) if logger is not None else None


def _no_cookies() -> DefaultCookiePolicy:
    """Sessions are shared by clients of different accounts, so no answer to one may be sent with calls of another."""
    return DefaultCookiePolicy(allowed_domains=[])


def is_async(client: object) -> bool:
    """Tell whether this is an asynchronous API client."""
    return isinstance(client, AsyncConnectClient)


def sibling(client: Any, api_key: str) -> Any:
    """Make a client like ``client`` (endpoint, headers, logger, connections) that uses another key."""
    options = {
        "endpoint": client.endpoint,
        "default_headers": dict(client.default_headers),
        "logger": client.logger,
        "max_retries": client.max_retries,
        "timeout": client.timeout,
        "use_specs": False,
    }
    if isinstance(client, (PooledClient, AsyncPooledClient)):
        return type(client)(client.connections, api_key, **options)
    return (AsyncConnectClient if is_async(client) else ConnectClient)(api_key, **options)


def user_agent(version: str, environment_id: str, instance_id: str) -> str:
    """Return how a runner names itself to the API."""
    return (
        f"connect-extension-runner/{version} {platform.python_implementation()}/{platform.python_version()} "
        f"{platform.system()}/{platform.release()} {environment_id}/{instance_id}"
    )


def task_headers(
    *,
    agent: str,
    extension_id: str | None = None,
    task_id: str | None = None,
    event_type: str | None = None,
    correlation_id: str | None = None,
) -> dict[str, str]:
    """Return the headers of all calls that a task's handler makes.

    Args:
        agent: see ``user_agent``.
        extension_id: the service id, ``SRVC-…``.
        task_id: ``TQ-…``.
        event_type: type of the task's event.
        correlation_id: ``options.connect_correlation_id`` of the task; without a readable one no trace header is sent.
    """
    headers = {
        "EAAS_EXT_ID": extension_id,
        "EAAS_TASK_ID": task_id,
        "EAAS_TASK_TYPE": event_type,
        "User-Agent": agent,
        TRACE_HEADER: get_correlation_id(correlation_id),
    }
    return {name: value for name, value in headers.items() if value is not None}
