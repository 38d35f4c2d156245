"""Settings of the platform, from arguments and environment variables."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from connect_devops.domain.account import ROLES, Role
from connect_devops.errors import SettingsError

__all__ = ["DEFAULT_PORT", "LOOPBACK_NAMES", "Settings", "default_data_dir", "default_discovery_file"]

DEFAULT_PORT: Final = 8088
LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")
DISCOVERY_VARIABLE: Final = "CONNECT_DEVOPS_DISCOVERY"
_MAX_PORT: Final = 65535


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Return ``$XDG_DATA_HOME/connect-devops``, by default under ``~/.local/share``."""
    return _xdg(environ, "XDG_DATA_HOME", ".local/share") / "connect-devops"


def default_discovery_file(environ: Mapping[str, str]) -> Path:
    """Return where runners and the CLI look for a running platform.

    ``$CONNECT_DEVOPS_DISCOVERY``, else ``$XDG_STATE_HOME/connect-devops/discovery.json``, by default under
    ``~/.local/state``.
    """
    named = environ.get(DISCOVERY_VARIABLE)
    if named:
        return Path(named)
    return _xdg(environ, "XDG_STATE_HOME", ".local/state") / "connect-devops" / "discovery.json"


def _xdg(environ: Mapping[str, str], variable: str, default: str) -> Path:
    value = environ.get(variable)
    # The XDG rules: a relative path there is to be ignored.
    if value and Path(value).is_absolute():
        return Path(value)
    return Path(environ.get("HOME") or Path.home()) / default


@dataclass(frozen=True)
class Settings:
    """Everything that one platform process is told.

    ``port`` serves plain http and ws, ``https_port`` (by default ``port + 1``) the same application over TLS; 0
    lets the system choose. ``allowed_hosts`` are further names by which clients may call it; ``*`` switches the
    check of the Host header off. ``owner_role`` is the role of the account that a new data directory begins with: a
    vendor's makes extensions for products, a distributor's or reseller's for hubs. ``lease_grace`` is how long a
    lost runner may take to come back before its tasks go to another one.
    """

    data_dir: Path
    discovery_file: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    https_port: int | None = None
    database_url: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    max_request_bytes: int = 64 * 1024 * 1024
    max_frame_bytes: int = 2 * 1024 * 1024
    owner_role: Role = "vendor"
    tasks_in_flight: int = 64
    lease_grace: timedelta = timedelta(seconds=15)
    log_level: str = "info"

    def __post_init__(self) -> None:
        for name, port in (("port", self.port), ("https_port", self.tls_port)):
            if not 0 <= port <= _MAX_PORT:
                raise SettingsError(f"{name}: expected a number from 0 to {_MAX_PORT}, got {port}")
        if self.port and self.port == self.tls_port:
            raise SettingsError(f"https_port: expected another port than the http port {self.port}")
        if self.owner_role not in ROLES:
            raise SettingsError(f"role: expected one of {', '.join(ROLES)}, got {self.owner_role!r}")
        if not self.host:
            raise SettingsError("host: expected a name or an address, got an empty text")

    @property
    def tls_port(self) -> int:
        """The https port: as set, or the one after the http port."""
        if self.https_port is not None:
            return self.https_port
        return self.port + 1 if self.port else 0

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine can reach the platform."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str],
        *,
        data_dir: Path | None = None,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        https_port: int | None = None,
        database_url: str | None = None,
        allowed_hosts: tuple[str, ...] = (),
        owner_role: Role = "vendor",
    ) -> Settings:
        """Complete what the command line says by the process environment.

        Args:
            environ: usually ``os.environ``; read are ``CONNECT_DEVOPS_DISCOVERY``, ``XDG_DATA_HOME``,
                ``XDG_STATE_HOME`` and ``HOME``.
            data_dir: where database, keys and certificates live.
            host: address to listen on.
            port: for http.
            https_port: for https, by default the next one.
            database_url: another database than the SQLite file of the data directory.
            allowed_hosts: further accepted names in the Host header.
            owner_role: role of the account that a new data directory begins with.

        Raises:
            SettingsError: a value is impossible; names it.
        """
        return cls(
            data_dir=(data_dir or default_data_dir(environ)).expanduser().absolute(),
            discovery_file=default_discovery_file(environ).expanduser().absolute(),
            host=host,
            port=port,
            https_port=https_port,
            database_url=database_url,
            allowed_hosts=allowed_hosts,
            owner_role=owner_role,
        )
