"""Which proxy leads to the platform, from the environment's variables as other programs read them.

``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY``, ``SOCKS_PROXY``, ``WSS_PROXY``, ``WS_PROXY`` and ``NO_PROXY``, in
upper or lower case; lower case wins. The clients of the REST API read the same variables by themselves.
"""

from __future__ import annotations

import importlib.util
import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from connect_eaas.runner.errors import SettingsError

__all__ = ["check_proxies", "session_proxy", "shown", "without_proxy_for"]

_FOR_SESSIONS: Final = {
    "wss": ("wss_proxy", "socks_proxy", "https_proxy", "all_proxy"),
    # As RFC 6455 section 4.1 advises, a proxy that tunnels is preferred.
    "ws": ("ws_proxy", "socks_proxy", "https_proxy", "http_proxy", "all_proxy"),
}
_FOR_REST: Final = ("https_proxy", "http_proxy", "all_proxy")
_SCHEMES: Final = ("http", "https", "socks5", "socks5h", "socks4", "socks4a")
_SOCKS_LIBRARIES: Final = ("python_socks", "socksio", "socks")


def session_proxy(environment: Mapping[str, str], websocket_url: str) -> str | None:
    """Return the proxy of the sessions with the platform, as a URL; None to connect directly.

    Args:
        environment: environment variables.
        websocket_url: of the platform.

    Raises:
        SettingsError: names the variable, never its value, which may hold a password.
    """
    target = urlsplit(websocket_url)
    host, port = target.hostname or "", target.port or (443 if target.scheme == "wss" else 80)
    if _bypassed(host, port, _read(environment, "no_proxy")[1]):
        return None
    for name in _FOR_SESSIONS[target.scheme]:
        found, value = _read(environment, name)
        if value:
            proxy = _with_scheme(name, value)
            _check(found, proxy)
            return _as_websockets_reads_it(found, proxy)
    return None


def check_proxies(environment: Mapping[str, str]) -> None:
    """Check the variables that the clients of the REST API read: they refuse wrong ones where nobody expects it.

    Raises:
        SettingsError: names the variable, never its value.
    """
    for name in _FOR_REST:
        found, value = _read(environment, name)
        if value:
            proxy = _with_scheme(name, value)
            _check(found, proxy)
            if urlsplit(proxy).scheme in ("socks4", "socks4a"):
                raise SettingsError(
                    f"{found}: the REST API can be called through socks5 and socks5h proxies, not socks4"
                )


def without_proxy_for(environment: Mapping[str, str], host: str) -> dict[str, str]:
    """Return the variables with ``host`` added to those that no proxy is used for."""
    found, value = _read(environment, "no_proxy")
    return {**environment, found: f"{value},{host}" if value else host}


def shown(proxy: str) -> str:
    """Return the proxy without user and password."""
    parts = urlsplit(proxy)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _read(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    """Name and value of a variable, whichever case it has."""
    for spelled in (name, name.upper()):
        value = environment.get(spelled, "").strip()
        if value:
            return spelled, value
    return name.upper(), ""


def _with_scheme(name: str, value: str) -> str:
    if "://" in value:
        return value
    return f"{'socks5h' if name == 'socks_proxy' else 'http'}://{value}"


def _check(name: str, proxy: str) -> None:
    expected = f"{name}: expected a proxy like http://user:password@host:3128 or socks5h://host:1080"
    try:
        parts: SplitResult = urlsplit(proxy)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise SettingsError(expected) from None
    if not valid or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise SettingsError(expected)
    if parts.scheme not in _SCHEMES:
        raise SettingsError(f"{expected}; known are {', '.join(_SCHEMES)}")
    if parts.username is not None and parts.password is None:
        raise SettingsError(f"{expected}; the password is missing")
    if parts.scheme.startswith("socks") and not all(map(importlib.util.find_spec, _SOCKS_LIBRARIES)):
        raise SettingsError(f"{name}: a SOCKS proxy needs further libraries: install connect-extension-sdk[proxy]")


def _as_websockets_reads_it(name: str, proxy: str) -> str:
    """Return the URL with user and password as the installed library takes them.

    ``websockets`` before version 17, the last one for Python 3.10, takes them as they stand, without unquoting.
    """
    parts = urlsplit(proxy)
    if "%" not in (parts.username or "") + (parts.password or ""):
        return proxy
    from websockets.proxy import parse_proxy

    if parse_proxy("http://%61:%62@host").username == "a":
        return proxy
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    bare = f"{parts.scheme}://{user}:{password}@{parts.netloc.rpartition('@')[2]}"
    again = urlsplit(bare)
    if (again.username, again.password, again.hostname) != (user, password, parts.hostname):
        raise SettingsError(
            f"{name}: user or password contain characters that need websockets 17, and so Python 3.11; choose others"
        )
    return bare


def _bypassed(host: str, port: int, no_proxy: str) -> bool:
    """True if ``NO_PROXY`` names the host, as itself, by a domain, as ``host:port``, by ``*`` or by a network."""
    host = host.lower()
    for item in no_proxy.lower().split(","):
        entry = item.strip()
        if entry == "*":
            return True
        if entry in (f"{host}:{port}", f"[{host}]:{port}"):
            return True
        domain = entry.removeprefix("*").lstrip(".")
        if domain and (host == domain or host.endswith(f".{domain}")):
            return True
        if entry and _in_network(host, entry):
            return True
    return False


def _in_network(host: str, entry: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
