"""Accounts, and who is calling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

__all__ = ["ROLES", "Account", "Identity", "Role"]

Role = Literal["vendor", "distributor", "reseller"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True)
class Account:
    """A company on the platform: owns extensions, or installs them."""

    id: str
    name: str
    role: Role


@dataclass(frozen=True)
class Identity:
    """Who an API key speaks for. ``installation_id`` is set for the key of an installation."""

    account: Account
    key_id: str
    key_name: str
    installation_id: str | None = None
