"""The runner's settings, read from environment variables.

Names and defaults are those of ``reference/runner-behaviour.md`` section 2; those that start with ``CONNECT_``
are ours.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from connect_eaas.runner.errors import SettingsError
from connect_eaas.runner.proxies import check_proxies, session_proxy

__all__ = ["DEFAULT_SERVER_ADDRESS", "Limits", "Settings", "read_settings"]

DEFAULT_SERVER_ADDRESS: Final = "api.cnct.info"
# The header's value, scheme included (``reference/websocket-protocol.md`` section 1); case as lenient as HTTP's.
_KEY: Final = re.compile(r"ApiKey +[^\s:]+:\S.*", re.IGNORECASE)
_REST_ROOT: Final = "/public/v1"
_WEBSOCKET_ROOT: Final = "/public/v1/devops/ws"


@dataclass(frozen=True)
class Limits:
    """How long things may take, in seconds, and how many handlers may run at once.

    ``concurrency`` is that of each category which is not given a number of its own. Coroutines of interactive tasks
    have a limit of their own: they need no thread, and their callers wait.
    """

    background_s: int = 300
    interactive_s: int = 120
    scheduled_s: int = 43_200
    web_s: int = 120
    transformation_s: int = 57_600
    row_s: int = 90
    stop_s: int = 60
    deliver_s: int = 10
    concurrency: int = 100
    background_tasks: int | None = None
    interactive_tasks: int | None = None
    scheduled_tasks: int | None = None
    interactive_coroutines: int = 2000

    def of(self, category: str) -> int:
        """The time limit of one task of this category."""
        limits = {
            "interactive": self.interactive_s,
            "scheduled": self.scheduled_s,
            "transformation": self.transformation_s,
        }
        return limits.get(category, self.background_s)

    def at_once(self, category: str) -> int:
        """How many handlers of this category may run at once."""
        numbers = {
            "background": self.background_tasks,
            "interactive": self.interactive_tasks,
            "scheduled": self.scheduled_tasks,
        }
        return numbers.get(category) or self.concurrency


@dataclass(frozen=True)
class Settings:
    """Where the platform is, who we are there, and how long things may take.

    ``api_key`` holds the header's whole value, scheme included; it is left out of the representation.
    """

    api_key: str = field(repr=False)
    environment_id: str
    websocket_url: str
    """Up to and without the environment's id."""
    api_url: str
    """Root of the REST API, without a slash at its end."""
    instance_id: str | None = None
    ca_file: Path | None = None
    state_dir: Path | None = None
    limits: Limits = Limits()
    proxy: str | None = field(default=None, repr=False)
    """The proxy of the sessions, with user and password if it has them; never one for a platform on this machine."""
    origins: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Where variables that are not from the real environment come from, by their names."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    """Where Prometheus may ask; None switches metrics off, 0 takes any free port."""

    def origin_of(self, name: str) -> str:
        """Where a variable comes from, for messages."""
        return _origin(name, self.origins)

    @property
    def loopback(self) -> bool:
        """True if the platform runs on this machine."""
        return _is_loopback(urlsplit(self.websocket_url).hostname)

    @property
    def local_api_host(self) -> str | None:
        """The host of the REST API if that runs on this machine."""
        host = urlsplit(self.api_url).hostname
        return host if _is_loopback(host) else None


def read_settings(
    environment: Mapping[str, str],
    *,
    unsecure: bool = False,
    credentials_needed: bool = True,
    origins: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings.

    Args:
        environment: environment variables, those of an env file included.
        unsecure: plain ``ws://``; and plain ``http://`` for REST too when ``SERVER_ADDRESS`` names that host.
        credentials_needed: False where no session is opened: key and environment may be missing then, and stay empty.
        origins: where variables come from, by their names; those of the real environment need none.

    Raises:
        SettingsError: names the variable, for the credentials also where it came from, and what it should hold.
    """
    missing = [name for name in ("API_KEY", "ENVIRONMENT_ID") if not environment.get(name, "").strip()]
    if missing and credentials_needed:
        raise SettingsError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set. Take them from the environment's "
            "Local Access box and export them, or write them to the project's env file; "
            "for the local platform run `ccli devops dev`."
        )
    api_key = environment.get("API_KEY", "").strip()
    origins = dict(origins or {})
    if not api_key.isprintable() or not api_key.isascii():
        origin = _origin("API_KEY", origins)
        raise SettingsError(f"API_KEY (from {origin}): contains characters that a header cannot carry")
    if api_key and not _KEY.fullmatch(api_key):
        raise SettingsError(
            f"API_KEY (from {_origin('API_KEY', origins)}): expected the whole key with its scheme, 'ApiKey SU-…:…', "
            "as the environment's Local Access box shows it; for the local platform run `ccli devops dev`"
        )
    environment_id = environment.get("ENVIRONMENT_ID", "").strip()
    if not all(character.isalnum() or character in "-_" for character in environment_id):
        raise SettingsError(
            f"ENVIRONMENT_ID (from {_origin('ENVIRONMENT_ID', origins)}): expected ENV-0000-0000-00 or a UUID, "
            f"got {environment_id!r}"
        )
    websocket, api = _addresses(environment, unsecure=unsecure)
    check_proxies(environment)
    local = _is_loopback(urlsplit(websocket).hostname)
    return Settings(
        api_key=api_key,
        environment_id=environment_id,
        websocket_url=f"{websocket}{_WEBSOCKET_ROOT}",
        api_url=f"{api}{_REST_ROOT}",
        instance_id=environment.get("INSTANCE_ID", "").strip() or None,
        ca_file=_ca_file(environment),
        state_dir=_path(environment, "CONNECT_RUNNER_STATE_DIR"),
        limits=_limits(environment),
        proxy=None if local else session_proxy(environment, websocket),
        origins=origins,
        metrics_host=environment.get("CONNECT_METRICS_HOST", "").strip() or Settings.metrics_host,
        metrics_port=_port(environment, "CONNECT_METRICS_PORT"),
    )


def _origin(name: str, origins: Mapping[str, str]) -> str:
    return origins.get(name, "the environment")


def _limits(environment: Mapping[str, str]) -> Limits:
    defaults = Limits()
    return Limits(
        background_s=_positive(environment, "BACKGROUND_TASK_MAX_EXECUTION_TIME", defaults.background_s),
        interactive_s=_positive(environment, "INTERACTIVE_TASK_MAX_EXECUTION_TIME", defaults.interactive_s),
        scheduled_s=_positive(environment, "SCHEDULED_TASK_MAX_EXECUTION_TIME", defaults.scheduled_s),
        web_s=_positive(environment, "CONNECT_WEB_MAX_EXECUTION_TIME", defaults.web_s),
        transformation_s=_positive(environment, "TRANSFORMATION_TASK_MAX_EXECUTION_TIME", defaults.transformation_s),
        row_s=_positive(environment, "ROW_TRANSFORMATION_TASK_MAX_EXECUTION_TIME", defaults.row_s),
        stop_s=_positive(environment, "CONNECT_STOP_TIMEOUT", defaults.stop_s),
        deliver_s=_positive(environment, "CONNECT_DELIVER_TIMEOUT", defaults.deliver_s),
        concurrency=_positive(environment, "CONNECT_MAX_RUNNING_TASKS", defaults.concurrency),
        background_tasks=_positive(environment, "CONNECT_MAX_RUNNING_BACKGROUND_TASKS", 0) or None,
        interactive_tasks=_positive(environment, "CONNECT_MAX_RUNNING_INTERACTIVE_TASKS", 0) or None,
        scheduled_tasks=_positive(environment, "CONNECT_MAX_RUNNING_SCHEDULED_TASKS", 0) or None,
        interactive_coroutines=_positive(
            environment, "CONNECT_MAX_INTERACTIVE_COROUTINES", defaults.interactive_coroutines
        ),
    )


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= 10**9:
        raise SettingsError(f"{name}: expected a whole number greater than 0, got {text!r}")
    return int(text)


def _port(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 5 or int(text) > 65535:
        raise SettingsError(f"{name}: expected a port between 0 (any that is free) and 65535, got {text!r}")
    return int(text)


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    text = environment.get(name, "").strip()
    return Path(text).expanduser() if text else None


def _ca_file(environment: Mapping[str, str]) -> Path | None:
    for name in ("CONNECT_CA_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        path = _path(environment, name)
        if path is not None:
            if not path.is_file():
                raise SettingsError(f"{name}: no such file: {path}")
            return path
    return None


def _addresses(environment: Mapping[str, str], *, unsecure: bool) -> tuple[str, str]:
    """Scheme and host of the websocket, and of REST."""
    server_text = environment.get("SERVER_ADDRESS", "").strip()
    server = _split("SERVER_ADDRESS", server_text or DEFAULT_SERVER_ADDRESS)
    plain = unsecure or server.scheme in ("http", "ws")
    websocket = f"{'ws' if plain else 'wss'}://{server.netloc}"
    api_text = environment.get("API_ADDRESS", "").strip()
    if api_text:
        api = _split("API_ADDRESS", api_text)
        return websocket, f"{api.scheme if api.scheme in ('http', 'https') else 'https'}://{api.netloc}"
    return websocket, f"{'http' if plain and server_text else 'https'}://{server.netloc}"


def _split(name: str, text: str) -> SplitResult:
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise SettingsError(f"{name}: expected host or host:port, got {text!r}") from None
    if (
        not valid
        or parts.scheme not in ("", "http", "https", "ws", "wss")
        or parts.path not in ("", "/")
        or parts.query
        or parts.username
        or any(character.isspace() for character in text)
    ):
        raise SettingsError(f"{name}: expected host or host:port, got {text!r}")
    return parts


def _is_loopback(host: str | None) -> bool:
    if not host:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
