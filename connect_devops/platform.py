"""What whoever runs a platform gets to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from connect_devops.clock import Clock
from connect_devops.services.container import Services
from connect_devops.settings import Settings

__all__ = ["Platform"]


@dataclass(frozen=True)
class Platform:
    """A running platform."""

    settings: Settings
    services: Services
    clock: Clock
    url: str
    """Plain http, without a slash at the end."""
    https_url: str
    ws_url: str
    ca_file: Path
    """Certificate by which clients trust ``https_url``."""
    api_key: str
    """Of the owner account: the value of the header ``Authorization``."""
    browser_link: Callable[[], str]
    """Makes an address that lets one browser look at the pages; it works once, within two minutes."""
