"""The platform's REST API as the devops commands use it: plain calls, and errors of one clear sentence."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import httpx

from connect_cli_ext.discovery import LocalPlatform, find_local_platform
from connect_cli_ext.errors import CommandError, RemoteError

__all__ = ["PlatformClient", "connect"]

_BASE = "/public/v1"
_TIMEOUT_S = 30.0


def connect() -> PlatformClient:
    """Return a client of the platform that runs on this machine.

    Raises:
        CommandError: none runs.
    """
    platform = find_local_platform()
    if platform is None:
        raise CommandError("No local platform runs. Start one with: ccli devops start")
    return PlatformClient(platform)


class PlatformClient:
    """Calls to one platform with its owner's key; a context manager that closes its connections."""

    def __init__(self, platform: LocalPlatform) -> None:
        self.url = platform.url
        verify: ssl.SSLContext | bool = True
        if platform.url.startswith("https:") and platform.ca_file:
            verify = ssl.create_default_context(cafile=platform.ca_file)
        self._http = httpx.Client(
            base_url=platform.url + _BASE,
            headers={"Authorization": platform.api_key or ""},
            verify=verify,
            timeout=_TIMEOUT_S,
            # A proxy of the environment cannot reach this machine's loopback.
            trust_env=False,
        )

    def __enter__(self) -> PlatformClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        """Return the decoded answer of ``GET path``, which may carry a query; raises RemoteError."""
        return self._call("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        """Return the decoded answer of ``POST path``; raises RemoteError."""
        return self._call("POST", path, json=body)

    def put(self, path: str, body: Any) -> Any:
        """Return the decoded answer of ``PUT path``; raises RemoteError."""
        return self._call("PUT", path, json=body)

    def delete(self, path: str) -> None:
        """Delete what is at ``path``; raises RemoteError."""
        self._call("DELETE", path)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return the answer as it is, whatever its status; redirects are not followed; raises RemoteError."""
        try:
            return self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise self._silence(error) from error

    @contextmanager
    def events(self, path: str) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
        """Open a stream of server-sent events; yields name and data of each as it happens.

        A sign of life without an event, which comes every few seconds, is told as ``("", {})``.

        Raises:
            RemoteError: the platform refused, or went away.
        """
        try:
            # The platform sends a comment every few seconds, so a longer silence means that it is gone.
            with self._http.stream("GET", path) as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                yield _parse(response.iter_lines())
        except httpx.HTTPError as error:
            raise self._silence(error) from error

    def _call(self, method: str, path: str, **options: Any) -> Any:
        response = self.send(method, path, **options)
        if response.is_error:
            raise _refusal(response)
        return response.json() if response.content else None

    def _silence(self, error: httpx.HTTPError) -> RemoteError:
        return RemoteError(self.url, f"The local platform does not answer: {error or type(error).__name__}")


def _parse(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])
        elif line.startswith(":"):
            yield "", {}


def _refusal(response: httpx.Response) -> RemoteError:
    try:
        problem = ", ".join(str(item) for item in response.json()["errors"])
    except (ValueError, KeyError, TypeError):
        problem = response.text[:200] or response.reason_phrase
    return RemoteError(str(response.url.copy_with(query=None)), problem, response.status_code)
