"""API clients for tests: real ones, whose calls must be mocked and never reach a network."""

from __future__ import annotations

from typing import Any, Final

from connect_eaas.client import AsyncPooledClient, PooledClient

import httpx  # isort: skip  # after the client, which makes its own import cheap
import requests  # isort: skip
from requests.adapters import HTTPAdapter  # isort: skip

__all__ = ["API_KEY", "ENDPOINT", "make_async_client", "make_client"]

ENDPOINT: Final = "https://example.org/public/v1"
"""Where the client's own mockers expect calls if they are told nothing else."""
API_KEY: Final = "ApiKey SU-000-000-000:tests"


class _Refusing(HTTPAdapter):
    """Connects to nothing. The mockers replace ``send``, which is why this one refuses a step later."""

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Any:
        raise requests.ConnectionError(
            f"{request.method} {request.url} is not mocked: use the fixture client_mocker_factory", request=request
        )


class _NoNetwork:
    """Connections of clients under test."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.mount("https://", _Refusing())
        self.session.mount("http://", _Refusing())

    @property
    def async_session(self) -> httpx.AsyncClient:
        # The mockers replace a method of this transport's class; without them it looks for a socket file that is none.
        transport = httpx.AsyncHTTPTransport(uds="/not mocked: use the fixture async_client_mocker_factory")
        return httpx.AsyncClient(transport=transport)


def make_client() -> PooledClient:
    """Make a plain client of the made-up API at ``ENDPOINT``; mock its calls with ``client_mocker_factory``."""
    return PooledClient(_NoNetwork(), API_KEY, endpoint=ENDPOINT, use_specs=False, max_retries=0)


def make_async_client() -> AsyncPooledClient:
    """Make an asynchronous client likewise; mock its calls with ``async_client_mocker_factory``."""
    return AsyncPooledClient(_NoNetwork(), API_KEY, endpoint=ENDPOINT, use_specs=False, max_retries=0)
