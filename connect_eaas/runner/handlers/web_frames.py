"""Web tasks as frames carry them: requests out of them, answers into them (``reference/websocket-protocol.md`` 6.7)."""

from __future__ import annotations

import binascii
import json
import logging
from base64 import encodebytes
from collections.abc import Iterator
from itertools import product
from typing import Final

from connect_eaas.protocol.messages import HttpRequest, HttpResponse, WebTask, WebTaskOptions
from connect_eaas.runner.configuration import Configuration
from connect_eaas.web.asgi import Headers, Request, Response, sanitized

__all__ = ["InternalHeaders", "answer", "read_request"]

_COOKIE: Final = "set-cookie"
_OPTIONS: Final = {
    "api_key": b"x-connect-installation-api-key",
    "installation_id": b"x-connect-installation-id",
    "tier_account_id": b"x-connect-tier-account-id",
    "connect_correlation_id": b"x-connect-correlation-id",
    "user_id": b"x-connect-user-id",
    "account_id": b"x-connect-account-id",
    "account_role": b"x-connect-account-role",
    "call_type": b"x-connect-call-type",
    "call_source": b"x-connect-call-source",
}


class InternalHeaders:
    """Headers by which an application learns who calls, and in which environment.

    Those of the environment are built once for each configuration.

    Args:
        configuration: the platform's latest word.
        api_url: root of the REST API.
        agent: the runner's name for the API.
    """

    def __init__(self, configuration: Configuration, *, api_url: str, agent: str) -> None:
        self._configuration = configuration
        self._api_url = api_url
        self._agent = agent
        self._common: Headers = []
        self.refresh()

    def refresh(self) -> None:
        """The configuration has changed."""
        configuration = self._configuration
        level = logging.getLevelName(logging.getLogger("eaas").getEffectiveLevel())
        values = {
            "x-connect-api-gateway-url": self._api_url,
            "x-connect-user-agent": self._agent,
            "x-connect-extension-id": configuration.service_id,
            "x-connect-environment-id": configuration.environment_id,
            "x-connect-environment-type": configuration.environment_type or "",
            "x-connect-logging-level": level,
            "x-connect-config": json.dumps(dict(configuration.variables)),
        }
        self._common = [(name.encode(), value.encode("latin-1", "replace")) for name, value in values.items() if value]

    def of(self, options: WebTaskOptions) -> Headers:
        """Return the headers for one call."""
        own = [
            (header, value.encode("latin-1", "replace"))
            for name, header in _OPTIONS.items()
            if (value := getattr(options, name)) is not None
        ]
        return self._common + own


def read_request(task: WebTask, internal: Headers) -> Request:
    """Return the call that a web task asks for.

    Raises:
        ValueError: the content is no base64, or the url no path.
    """
    request = task.request
    if not request.url.startswith("/"):
        raise ValueError("request.url: expected a path that begins with '/'")
    try:
        body = binascii.a2b_base64(request.content) if request.content else b""
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"request.content: not base64: {error}") from None
    return Request(request.method.upper(), request.url, sanitized(request.headers) + internal, body)


def answer(task: WebTask, response: Response) -> WebTask:
    """Return the answer: options as they came but for the key, the call without its content, and the response.

    Content is base64 with lines of 76 characters. A name can stand only once in a frame's headers: repeated ones are
    joined by commas, except ``Set-Cookie``, which cannot be; its repetitions differ in letter case.
    """
    headers: dict[str, str] = {}
    cookie_names = _spellings()
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name == _COOKIE:
            headers[next(cookie_names)] = value
        elif name in headers:
            headers[name] = f"{headers[name]}, {value}"
        else:
            headers[name] = value
    return WebTask(
        options=task.options.model_copy(update={"api_key": None}),
        request=HttpRequest(method=task.request.method.upper(), url=task.request.url),
        response=HttpResponse(
            status=response.status,
            headers=headers,
            content=encodebytes(response.body).decode("ascii") if response.body else None,
        ),
    )


def _spellings() -> Iterator[str]:
    """The letter cases of ``set-cookie``, 512 of them, the usual one first."""
    for letters in product(*(((letter, letter.upper()) if letter.isalpha() else (letter,)) for letter in _COOKIE)):
        yield "".join(letters)
    while True:
        # More cookies than spellings: no browser would keep so many either.
        yield _COOKIE
