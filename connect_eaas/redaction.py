"""Hides secrets in what is logged: API keys, cookies, passwords, secure values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["HIDDEN", "obfuscate_header", "redact", "redact_headers"]

HIDDEN: Final = "*" * 10

_AUTHORIZATION: Final = frozenset(
    {
        "authorization",
        "authentication",
        "proxy-authorization",
        "x-connect-installation-api-key",
        "x-connect-logging-api-key",
    }
)
_COOKIE: Final = frozenset({"cookie", "set-cookie"})
# Carries the values of all variables, secure ones too.
_CONFIG: Final = "x-connect-config"
_COOKIE_KEY: Final = re.compile(r'(api_key=")([^"]*)("|$)')
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SECRET_FIELD: Final = re.compile(
    r"(^|_)(api_?key|password|passwd|secret|token|jwt|authorization|private_?key|credentials?)($|_)", re.IGNORECASE
)


def obfuscate_header(key: str, value: str | None) -> str:
    """Return a header's value as it may be logged.

    Of an API key only the service user stays (``ApiKey SU-…:**********``), other credentials are hidden completely, and
    of an ``api_key`` in a cookie its first and last two characters stay. The name's letter case does not matter.
    """
    if value is None:
        return ""
    name = key.lower()
    if name in _AUTHORIZATION:
        user, colon, _ = value.partition(":")
        return f"{user}:{HIDDEN}" if colon and value.startswith("ApiKey ") else "*" * 20
    if name in _COOKIE:
        return _COOKIE_KEY.sub(lambda match: f"{match[1]}{_middle_hidden(match[2])}{match[3]}", value)
    return HIDDEN if name == _CONFIG else value


def redact_headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers as they may be logged."""
    result = {}
    for key, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        result[str(key)] = obfuscate_header(str(key), text if text is None else str(text))
    return result


def redact(value: Any) -> Any:
    """Return a copy of a JSON value in which secrets are hidden.

    Hidden are fields whose name says so (``api_key``, ``password``, ``token`` …) and the ``value`` of an object that is
    marked ``secure`` or is a parameter of type ``password``.
    """
    if isinstance(value, Mapping):
        secret = bool(value.get("secure")) or value.get("type") == "password"
        return {
            key: HIDDEN
            if item not in (None, "") and (_is_secret(key, item) or (secret and key in ("value", "initial_value")))
            else redact(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    return value


def _is_secret(key: object, item: object) -> bool:
    # An object under such a name (say, a token's description) is looked into instead.
    if not isinstance(key, str) or isinstance(item, (Mapping, bool)):
        return False
    return bool(_SECRET_FIELD.search(_CAMEL.sub("_", key).replace("-", "_")))


def _middle_hidden(secret: str) -> str:
    """Keep two characters on both sides, unless the secret is too short for that."""
    return f"{secret[:2]}******{secret[-2:]}" if len(secret) > 8 else "******"
