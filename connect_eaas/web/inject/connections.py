"""Connections of the clients that endpoints get: shared by all calls of the process, one pool an API address."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from connect_eaas.call_spans import CallSpan
from connect_eaas.client import AsyncPooledClient, ClientFactory, PooledClient
from connect_eaas.request_log import RequestLogger
from connect_eaas.tracing import TRACE_HEADER, get_correlation_id

__all__ = ["ConnectClient", "AsyncConnectClient", "client_options", "owner_key", "trace_calls"]  # noqa: RUF022 - the plain one first

_ADDRESSES: Final = 16


class ConnectClient(PooledClient):
    """The plain client, on connections that all calls share."""

    def __init__(self, api_key: str, *, endpoint: str, **options: Any) -> None:
        super().__init__(_connections(endpoint, _watcher[0]), api_key, endpoint=endpoint, **options)


class AsyncConnectClient(AsyncPooledClient):
    """The asynchronous client, on connections that all calls share."""

    def __init__(self, api_key: str, *, endpoint: str, **options: Any) -> None:
        super().__init__(_connections(endpoint, _watcher[0]), api_key, endpoint=endpoint, **options)


def client_options(endpoint: str, user_agent: str, correlation_id: str | None, logger: Any) -> dict[str, Any]:
    """Return the arguments that all clients of a call have in common."""
    trace = get_correlation_id(correlation_id)
    headers = {"User-Agent": user_agent}
    if trace is not None:
        headers[TRACE_HEADER] = trace
    return {"endpoint": endpoint, "use_specs": False, "default_headers": headers, "logger": RequestLogger(logger)}


def owner_key() -> str:
    """Return the key of the extension's owner.

    Raises:
        RuntimeError: the environment variable ``API_KEY`` is not set.
    """
    key = os.environ.get("API_KEY")
    if not key:
        raise RuntimeError("API_KEY is not set: an extension client needs the key of the extension's owner")
    return key


def trace_calls(call_span: CallSpan | None) -> None:
    """Have the calls of all clients that endpoints get watched; None ends that."""
    _watcher[:] = [call_span]


_watcher: list[CallSpan | None] = [None]


@lru_cache(maxsize=_ADDRESSES)
def _connections(endpoint: str, call_span: CallSpan | None) -> ClientFactory:
    ca_file = os.environ.get("CONNECT_CA_FILE")
    return ClientFactory(
        endpoint=endpoint,
        api_key="",
        ca_file=Path(ca_file).expanduser() if ca_file else None,
        call_span=call_span,
    )
