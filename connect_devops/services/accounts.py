"""Accounts and API keys."""

from __future__ import annotations

from dataclasses import dataclass, field

from connect_devops.domain.account import Account, Identity, Role

__all__ = ["Accounts", "NewKey"]


@dataclass(frozen=True)
class NewKey:
    """An API key just made: the only moment at which its secret is known."""

    id: str
    token: str = field(repr=False)
    """The whole header value, ``ApiKey SU-000-000-000:<secret>``."""


class Accounts:
    """Who exists on the platform and how they prove it. Keys are stored hashed."""

    def create(self, name: str, role: Role, *, account_id: str | None = None) -> Account:
        """Make an account; an id that exists already is updated instead.

        Raises:
            ValidationError: an empty or too long name, or an unknown role.
        """
        raise NotImplementedError

    def get(self, account_id: str) -> Account:
        """Raises NotFoundError if there is none."""
        raise NotImplementedError

    def all(self) -> list[Account]:
        """All accounts in the order of their making; the first one is the owner of the platform."""
        raise NotImplementedError

    def owner(self) -> Account | None:
        """The account that was made first, if there is one."""
        raise NotImplementedError

    def create_key(self, account_id: str, name: str, *, installation_id: str | None = None) -> NewKey:
        """Make an API key of an account."""
        raise NotImplementedError

    def revoke_key(self, key_id: str) -> None:
        """Make a key invalid at once. Unknown keys are ignored."""
        raise NotImplementedError

    def authenticate(self, header: str | None) -> Identity | None:
        """Who sends this ``Authorization`` header, or None if it is missing, malformed or wrong.

        The comparison takes the same time for a right and a wrong secret.
        """
        raise NotImplementedError
