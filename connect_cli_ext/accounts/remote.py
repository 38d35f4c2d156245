"""Calls of the platform's REST API that the command line makes itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from connect_cli_ext.errors import CommandError, RemoteError

__all__ = ["RemoteApi", "normalized_endpoint", "normalized_key"]

_BARE_KEY = re.compile(r"SU-[0-9-]+:\S+")
_KEY = re.compile(r"ApiKey [!#%&()*+,./:;<=>?@A-Z\[\]^_a-z{|}~0-9-]+")
API_PATH = "/public/v1"


def normalized_key(text: str) -> str:
    """Return the API key in the form in which it is sent: ``ApiKey SU-…:…``.

    The prefix is added when only the token was copied.

    Raises:
        CommandError: this is no API key. The message does not repeat it.
    """
    key = text.strip()
    if _BARE_KEY.fullmatch(key):
        key = f"ApiKey {key}"
    if not _KEY.fullmatch(key):
        raise CommandError(
            "this is no API key: it must be the whole text 'ApiKey SU-…:…' from the Integrations module, in quotes"
        )
    return key


def normalized_endpoint(text: str) -> str:
    """Return the address of the API without a slash at its end; the path is added when only a host was given.

    Raises:
        CommandError: no such address, or one that would send the key unencrypted to another machine.
    """
    endpoint = text.strip().rstrip("/")
    parts = urlsplit(endpoint)
    try:
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise CommandError(f"the endpoint '{text}' is no address: {error}") from error
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise CommandError(f"the endpoint '{text}' must look like https://api.example.com{API_PATH}")
    if parts.username is not None:
        raise CommandError("the endpoint must not hold a user name or password")
    if parts.scheme == "http" and not _loopback(host):
        raise CommandError(
            f"the endpoint '{text}' would send the API key unencrypted: use https:// (http:// is for this machine only)"
        )
    return endpoint if parts.path else endpoint + API_PATH


def _loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class RemoteApi:
    """The API at one endpoint, opened with one key.

    Args:
        endpoint: address with path, without a slash at its end.
        api_key: the whole text ``ApiKey …``; never part of a message.
        ca_file: certificate authority to trust instead of the system's.
        verbose: name each call on standard error.
    """

    endpoint: str
    api_key: str = field(repr=False)
    ca_file: str | None = None
    verbose: bool = False

    def collection(self, path: str, *, limit: int, offset: int = 0, timeout_s: float = 30.0) -> list[dict[str, Any]]:
        """Return one page of a collection.

        Raises:
            RemoteError: refused, unreachable, or no JSON list of objects.
        """
        url = f"{self.endpoint}/{path}"
        document = self._get(url, {"limit": str(limit), "offset": str(offset)}, timeout_s)
        if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
            raise RemoteError(url, "the answer is no list of objects: is this the address of a Connect API?")
        return document

    def time(self, path: str, *, timeout_s: float = 30.0) -> datetime | None:
        """Read ``path``, whatever it holds, and return the time at which the server says that it answered.

        Raises:
            RemoteError: refused or unreachable.
        """
        answer = self._answer(f"{self.endpoint}/{path}", {"limit": "1", "offset": "0"}, timeout_s)
        try:
            told = parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            return None
        return told if told.tzinfo is not None else None

    def _get(self, url: str, query: Mapping[str, str], timeout_s: float) -> Any:
        answer = self._answer(url, query, timeout_s)
        try:
            return answer.json()
        except ValueError as error:
            raise RemoteError(url, "the answer is no JSON: is this the address of a Connect API?") from error

    def _answer(self, url: str, query: Mapping[str, str], timeout_s: float) -> Any:
        import requests

        try:
            answer = requests.get(
                url,
                params=dict(query),
                # requests would prefer the machine's .netrc to a header, but not to an `auth`.
                auth=self._authorize,
                timeout=timeout_s,
                verify=self.ca_file or True,
            )
        except requests.exceptions.SSLError as error:
            raise RemoteError(
                url, f"the server's certificate is not trusted; name its authority with --ca-file ({_root(error)})"
            ) from error
        except requests.exceptions.Timeout as error:
            raise RemoteError(url, f"no answer within {timeout_s:g} seconds") from error
        except requests.exceptions.ConnectionError as error:
            raise RemoteError(url, f"cannot be reached: {_root(error)}") from error
        except (requests.exceptions.RequestException, OSError) as error:
            raise RemoteError(url, str(error)) from error
        if self.verbose:
            sys.stderr.write(f"GET {answer.url} -> {answer.status_code}\n")
        if answer.status_code == 401:
            raise RemoteError(
                url, "the platform refused the API key (401): it is wrong, disabled, or of another platform", 401
            )
        if not answer.ok:
            raise RemoteError(
                url, f"the platform answered {answer.status_code}: {_said(answer.text)}", answer.status_code
            )
        return answer

    def _authorize(self, request: Any) -> Any:
        request.headers["Authorization"] = self.api_key
        return request


def _root(error: BaseException) -> str:
    """Return the system's words for what went wrong, from below the layers of the HTTP library."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        inner = waiting.pop()
        if not isinstance(inner, BaseException) or id(inner) in seen:
            continue
        seen.add(id(inner))
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror.lower()
        waiting += [*inner.args, getattr(inner, "reason", None), inner.__context__, inner.__cause__]
    return type(error).__name__


def _said(body: str) -> str:
    import json

    try:
        document = json.loads(body)
    except ValueError:
        return body.strip()[:200] or "without a word"
    if isinstance(document, dict):
        errors = document.get("errors")
        if isinstance(errors, list) and errors:
            return "; ".join(str(item) for item in errors)[:400]
    return json.dumps(document)[:200]
