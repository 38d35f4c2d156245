"""The runner's own REST calls: is the object still in a wanted status, and what does it look like?

One pooled client for all tasks. Facts: ``reference/websocket-protocol.md`` sections 6.1 to 6.3.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

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
    """

    def __init__(self, root: str, api_key: str, *, user_agent: str, ca_file: Path | None = None) -> None:
        self._root = root
        self._api_key = api_key
        self._user_agent = user_agent
        self._ca_file = ca_file
        self._opened: httpx.AsyncClient | None = None

    async def __aenter__(self) -> PlatformApi:
        import httpx

        verify: ssl.SSLContext | bool = True
        if self._ca_file is not None and self._root.startswith("https:"):
            verify = ssl.create_default_context(cafile=str(self._ca_file))
        elif self._root.startswith("http:"):
            verify = False  # Nothing to verify; loading the system's certificates would only cost time.
        self._opened = httpx.AsyncClient(
            headers={"User-Agent": self._user_agent},
            verify=verify,
            timeout=httpx.Timeout(30.0, connect=15.0),
            limits=httpx.Limits(max_connections=50, max_keepalive_connections=20),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened.aclose()
            self._opened = None

    async def count(self, collection: str, query: str, *, api_key: str | None = None) -> int:
        """How many objects of the collection match the RQL query.

        Raises:
            ApiCallError: the call failed.
        """
        answer = await self._get(f"{collection}?{query}&limit=0&offset=0", api_key)
        total = _TOTAL.search(answer.headers.get("Content-Range", ""))
        if total is not None:
            return int(total.group(1))
        # Some gateways strip the header: then look whether there is one at all.
        answer = await self._get(f"{collection}?{query}&limit=1&offset=0", api_key)
        listed = self._json(answer)
        return len(listed) if isinstance(listed, list) else 0

    async def fetch(self, resource: str, *, api_key: str | None = None) -> Any:
        """Read one object.

        Raises:
            ApiCallError: the call failed, or the answer is no JSON.
        """
        return self._json(await self._get(resource, api_key))

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
            raise ApiCallError(f"{method} {url}: {answer.status_code} {_reasons(answer)}".rstrip())
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
                    raise ApiCallError(f"GET {url}: {answer.status_code} {_reasons(answer)}".rstrip())
                async for piece in answer.aiter_bytes(_PIECE):
                    yield piece
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ApiCallError(f"GET {url}: {type(error).__name__}: {error}".rstrip(": ")) from error

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._opened is None:
            raise RuntimeError("PlatformApi is used outside of its `async with`")
        return self._opened

    async def _get(self, path: str, api_key: str | None) -> httpx.Response:
        import httpx

        url = f"{self._root}/{path.lstrip('/')}"
        try:
            answer = await self._client.get(url, headers={"Authorization": api_key or self._api_key})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ApiCallError(f"GET {url}: {type(error).__name__}: {error}".rstrip(": ")) from error
        if not answer.is_success:
            raise ApiCallError(f"GET {url}: {answer.status_code} {_reasons(answer)}".rstrip())
        return answer

    @staticmethod
    def _json(answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise ApiCallError(f"GET {answer.url}: the answer is no JSON: {error}") from error


def _part(text: str) -> str:
    return quote(text, safe=_SAFE)


def _reasons(answer: httpx.Response) -> str:
    try:
        content = answer.json()
    except ValueError:
        return answer.reason_phrase
    if isinstance(content, dict) and isinstance(content.get("errors"), list):
        code = content.get("error_code")
        return "; ".join(map(str, [*([code] if code else []), *content["errors"]]))
    return answer.reason_phrase
