"""A test client for web applications: calls go to the application in process, as the runner would make them."""

from __future__ import annotations

import copy
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Final
from unittest import mock
from urllib.parse import urlsplit

from fastapi import Depends, Header

from connect_eaas.applications import WebApplicationBase
from connect_eaas.web.application import build_app
from connect_eaas.web.inject import asynchronous, synchronous
from connect_eaas.web.inject.common import get_logger
from connect_eaas.web.inject.connections import client_options
from connect_eaas.web.inject.models import Context

with warnings.catch_warnings():
    # It warns about the HTTP library that it works with; that is no business of an extension's tests.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["BASE_URL", "WebAppTestClient"]

BASE_URL: Final = "https://example.org/public/v1"
_OWNER_KEY: Final = "ApiKey SU-000:XXX"
_IMPERSONATED_KEY: Final = "api-key"
_CONTEXT: Final[Mapping[str, str]] = {
    "extension_id": "SRVC-0000",
    "environment_id": "ENV-0000-03",
    "environment_type": "production",
    "user_id": "UR-000",
    "account_id": "VA-000",
    "account_role": "vendor",
    "call_source": "ui",
    "call_type": "user",
}
# Of the HTTP library that Starlette found: there are two that it works with.
_URL: Final[Any] = vars(sys.modules[TestClient.__module__])["httpx"].URL
_Overrides = dict[Callable[..., Any], Callable[..., Any]]


class _BaseUrl(_URL):  # type: ignore[misc]
    """Root of the API as an API client takes it: its text has no slash at the end."""

    def __str__(self) -> str:
        return str(super().__str__()).rstrip("/")


def _admin_client(
    installation_id: str,
    x_connect_api_gateway_url: Annotated[str, Header()],
    x_connect_user_agent: Annotated[str, Header()],
    logger: Annotated[Any, Depends(get_logger)],
) -> Any:
    options = client_options(x_connect_api_gateway_url, x_connect_user_agent, None, logger)
    return synchronous.ConnectClient(_IMPERSONATED_KEY, **options)


def _async_admin_client(
    installation_id: str,
    x_connect_api_gateway_url: Annotated[str, Header()],
    x_connect_user_agent: Annotated[str, Header()],
    logger: Annotated[Any, Depends(get_logger)],
) -> Any:
    options = client_options(x_connect_api_gateway_url, x_connect_user_agent, None, logger)
    return asynchronous.AsyncConnectClient(_IMPERSONATED_KEY, **options)


class WebAppTestClient(TestClient):
    """Calls a web application: ``client.get("/api/things", installation={…}, config={…})``.

    All calls take, beside the usual arguments:

    * ``context``: who calls, an ``inject.models.Context`` or a dict of what differs from the default caller. A value of
      None is not sent.
    * ``installation``: what ``get_installation`` gives, wherever it is asked for; and whose id the context has.
    * ``config``: the environment's variables.
    * ``log_level``: of the endpoint's logger, ``INFO`` by default.

    Clients are real ones: mock their calls with ``client_mocker_factory`` or ``async_client_mocker_factory``.
    ``get_installation_admin_client`` makes no call; its client has the key ``api-key``. The owner's key in ``API_KEY``
    is a made-up one while a call runs. What ``app.dependency_overrides`` has goes before all of this.

    Args:
        webapp: the author's class.
        base_url: root of the made-up Connect API; paths of calls are relative to it. Its path is the root path of the
            application too, as in older tests; ``https://example.org`` has none, and so ``request.url`` and
            ``url_for`` give the addresses of production.
    """

    __test__ = False

    def __init__(self, webapp: type[WebApplicationBase], base_url: str = BASE_URL) -> None:
        headers = {
            "X-Connect-Api-Gateway-Url": base_url,
            "X-Connect-User-Agent": "eaas-test-client",
            "X-Connect-Installation-Api-Key": "ApiKey XXXX",
        }
        self.webapp = webapp
        self._application = build_app(webapp)
        root_path = urlsplit(base_url).path.rstrip("/")
        super().__init__(self._application, base_url=base_url, root_path=root_path, headers=headers)

    @property
    def base_url(self) -> Any:
        """Root of the made-up API; its text has no slash at the end, so that ``client_mocker_factory`` takes it."""
        return _BaseUrl(super().base_url)

    @base_url.setter
    def base_url(self, url: Any) -> None:
        TestClient.base_url.fset(self, url)

    def request(
        self,
        method: str,
        url: Any,
        *,
        context: Context | Mapping[str, Any] | None = None,
        installation: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        log_level: str | None = None,
        headers: Any = None,
        **options: Any,
    ) -> Any:
        """Make a call; see the class for the arguments that are ours. The caller's values are left as they are."""
        sent = _internal_headers(context, installation, config, log_level)
        given = list(headers.items() if isinstance(headers, Mapping) else headers or ())
        named = {_text(name).lower() for name, _ in given}
        sent = {name: value for name, value in sent.items() if name.lower() not in named}
        with self._mocked(installation), mock.patch.dict(os.environ, {"API_KEY": _OWNER_KEY}):
            return super().request(method, url, headers=[*sent.items(), *given], **options)

    def get(self, url: Any, **options: Any) -> Any:
        """Make a GET call."""
        return self.request("GET", url, **options)

    def options(self, url: Any, **options: Any) -> Any:
        """Make an OPTIONS call."""
        return self.request("OPTIONS", url, **options)

    def head(self, url: Any, **options: Any) -> Any:
        """Make a HEAD call."""
        return self.request("HEAD", url, **options)

    def post(self, url: Any, **options: Any) -> Any:
        """Make a POST call."""
        return self.request("POST", url, **options)

    def put(self, url: Any, **options: Any) -> Any:
        """Make a PUT call."""
        return self.request("PUT", url, **options)

    def patch(self, url: Any, **options: Any) -> Any:
        """Make a PATCH call."""
        return self.request("PATCH", url, **options)

    def delete(self, url: Any, **options: Any) -> Any:
        """Make a DELETE call."""
        return self.request("DELETE", url, **options)

    @contextmanager
    def _mocked(self, installation: Mapping[str, Any] | None) -> Iterator[None]:
        """Answer in place of the API, for one call; overrides of the test's own go first."""
        ours: _Overrides = {
            synchronous.get_installation_admin_client: _admin_client,
            asynchronous.get_installation_admin_client: _async_admin_client,
        }
        if installation is not None:
            ours[synchronous.get_installation] = ours[asynchronous.get_installation] = lambda: copy.deepcopy(
                dict(installation)
            )
        overrides: _Overrides = self._application.dependency_overrides
        added = {original: override for original, override in ours.items() if original not in overrides}
        overrides.update(added)
        try:
            yield
        finally:
            for original in added:
                overrides.pop(original, None)


def _internal_headers(
    context: Context | Mapping[str, Any] | None,
    installation: Mapping[str, Any] | None,
    config: Mapping[str, Any] | None,
    log_level: str | None,
) -> dict[str, str]:
    values: dict[str, Any] = dict(_CONTEXT)
    if installation is not None:
        values["installation_id"] = installation.get("id")
    if isinstance(context, Context):
        values = {**context.model_dump(), "installation_id": context.installation_id or values.get("installation_id")}
    elif context is not None:
        unknown = set(context) - set(Context.model_fields)
        if unknown:
            raise ValueError(f"context: there is no {sorted(unknown)[0]!r}; known: {', '.join(Context.model_fields)}")
        values.update(context)
    headers = {
        f"X-Connect-{name.replace('_', '-').title()}": str(value) for name, value in values.items() if value is not None
    }
    headers["X-Connect-Config"] = json.dumps(dict(config or {}))
    headers["X-Connect-Logging-Level"] = log_level or "INFO"
    return headers


def _text(name: str | bytes) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else name
