"""The runner's own REST calls: is the object still in a wanted status, and what does it look like?

All tasks share its connections. Facts: ``reference/websocket-protocol.md`` sections 6.1 to 6.3.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from connect_eaas.runner.rest import Answer, Connections, RestError, open_connections
from connect_eaas.runner.tracing_spans import Spans

if TYPE_CHECKING:
    import httpx

__all__ = ["ApiCallError", "PlatformApi"]

_TOTAL: Final = re.compile(r"/\s*(\d+)\s*$")
_SAFE: Final = "-_.~"
_PIECE: Final = 65_536


class ApiCallError(Exception):
    """A REST call failed; the text names the call, the status and the platform's reasons."""


class PlatformApi:
    """REST calls with pooled connections.

    Args:
        root: REST root without a slash at its end.
        api_key: the extension's key, used unless a call names another.
        user_agent: sent with each call.
        ca_file: certificates to trust instead of the system's.
        spans: who traces.
    """

    def __init__(
        self, root: str, api_key: str, *, user_agent: str, ca_file: Path | None = None, spans: Spans | None = None
    ) -> None:
        self._call_span = spans.call_span if spans is not None else None
        self._root = root
        self._api_key = api_key
        self._user_agent = user_agent
        self._ca_file = ca_file
        self._tls: ssl.SSLContext | None = None
        self._connections: Connections | None = None
        self._opened: httpx.AsyncClient | None = None

    async def __aenter__(self) -> PlatformApi:
        if self._root.startswith("https:"):
            # Made once: to load the system's certificates takes its time.
            self._tls = ssl.create_default_context(cafile=str(self._ca_file) if self._ca_file is not None else None)
        self._connections = open_connections(self._root, self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connections is not None:
            await self._connections.aclose()
            self._connections = None
        if self._opened is not None:
            await self._opened.aclose()
            self._opened = None

    async def count(self, collection: str, query: str, *, api_key: str | None = None) -> int:
        """How many objects of the collection match the RQL query.

        Raises:
            ApiCallError: the call failed.
        """
        answer = await self._get(f"{collection}?{query}&limit=0&offset=0", api_key)
        total = _TOTAL.search(answer.headers.get("content-range", ""))
        if total is not None:
            return int(total.group(1))
        # Some gateways strip the header: then look whether there is one at all.
        path = f"{collection}?{query}&limit=1&offset=0"
        listed = self._json(await self._get(path, api_key), path)
        return len(listed) if isinstance(listed, list) else 0

    async def fetch(self, resource: str, *, api_key: str | None = None) -> Any:
        """Read one object.

        Raises:
            ApiCallError: the call failed, or the answer is no JSON.
        """
        return self._json(await self._get(resource, api_key), resource)

    async def schedule(self, service_id: str, environment_id: str, schedule_id: str) -> Any:
        """Read a schedule.

        Raises:
            ApiCallError: the call failed.
        """
        return await self.fetch(
            f"devops/services/{_part(service_id)}/environments/{_part(environment_id)}/schedules/{_part(schedule_id)}"
        )

    async def installation(self, service_id: str, installation_id: str) -> Any:
        """Read an installation, with the extension's key.

        Raises:
            ApiCallError: the call failed.
        """
        return await self.fetch(f"devops/services/{_part(service_id)}/installations/{_part(installation_id)}")

    async def send(
        self,
        method: str,
        path: str,
        *,
        api_key: str | None = None,
        json: Any = None,
        content: AsyncIterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Send something to the platform and return the answer's body as it is.

        Args:
            method: of HTTP.
            path: below the REST root.
            api_key: used instead of the extension's.
            json: the body, as JSON.
            content: the body, as a stream.
            headers: further headers.

        Raises:
            ApiCallError: the call failed.
        """
        import httpx

        url = f"{self._root}/{path.lstrip('/')}"
        known = {"Authorization": api_key or self._api_key, **(headers or {})}
        timeout = httpx.Timeout(30.0, connect=15.0, read=180.0)
        try:
            answer = await self._client.request(method, url, headers=known, json=json, content=content, timeout=timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ApiCallError(f"{method} {url}: {type(error).__name__}: {error}".rstrip(": ")) from error
        if not answer.is_success:
            raise ApiCallError(
                f"{method} {url}: {answer.status_code} {_reasons(answer.content, answer.reason_phrase)}".rstrip()
            )
        return answer.content

    async def download(self, path: str, *, api_key: str | None = None) -> AsyncIterator[bytes]:
        """Read a file piece by piece.

        Args:
            path: from the root of the API's host.
            api_key: used instead of the extension's.

        Raises:
            ApiCallError: the call failed, or broke off.
        """
        import httpx

        parts = urlsplit(self._root)
        url = f"{parts.scheme}://{parts.netloc}{path}"
        try:
            async with self._client.stream("GET", url, headers={"Authorization": api_key or self._api_key}) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise ApiCallError(
                        f"GET {url}: {answer.status_code} {_reasons(answer.content, answer.reason_phrase)}".rstrip()
                    )
                async for piece in answer.aiter_bytes(_PIECE):
                    yield piece
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ApiCallError(f"GET {url}: {type(error).__name__}: {error}".rstrip(": ")) from error

    @property
    def _client(self) -> httpx.AsyncClient:
        """For files and calls that change something, of which there are few; made at its first use."""
        if self._connections is None:
            raise RuntimeError("PlatformApi is used outside of its `async with`")
        if self._opened is None:
            import httpx

            make: Callable[..., httpx.AsyncClient] = httpx.AsyncClient
            if self._call_span is not None:
                from connect_eaas.call_spans import SpannedAsyncClient

                make = partial(SpannedAsyncClient, self._call_span)
            self._opened = make(
                headers={"User-Agent": self._user_agent},
                verify=self._tls if self._tls is not None else False,
                timeout=httpx.Timeout(30.0, connect=15.0),
                limits=httpx.Limits(max_connections=50, max_keepalive_connections=20),
            )
        return self._opened

    async def _get(self, path: str, api_key: str | None) -> Answer:
        if self._connections is None:
            raise RuntimeError("PlatformApi is used outside of its `async with`")
        url = f"{self._root}/{path.lstrip('/')}"
        headers = {"Authorization": api_key or self._api_key, "User-Agent": self._user_agent, "Accept": "*/*"}
        try:
            if self._call_span is None:
                answer = await self._connections.get(path, headers)
            else:
                with self._call_span("GET", f"{self._root}/{path.lstrip('/')}", headers) as answered:
                    answer = await self._connections.get(path, headers)
                    answered(answer.status)
        except RestError as error:
            raise ApiCallError(f"GET {url}: {error}") from error
        if not 200 <= answer.status < 300:
            reasons = _reasons(answer.body, answer.reason)
            raise ApiCallError(f"GET {url}: {answer.status} {reasons}".rstrip())
        return answer

    def _json(self, answer: Answer, path: str) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise ApiCallError(f"GET {self._root}/{path.lstrip('/')}: the answer is no JSON: {error}") from error


def _part(text: str) -> str:
    return quote(text, safe=_SAFE)


def _reasons(body: bytes, phrase: str) -> str:
    try:
        content = json.loads(body)
    except ValueError:
        return phrase
    if isinstance(content, dict) and isinstance(content.get("errors"), list):
        code = content.get("error_code")
        return "; ".join(map(str, [*([code] if code else []), *content["errors"]]))
    return phrase
