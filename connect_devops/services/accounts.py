"""Accounts and API keys."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import insert, select, update

from connect_devops.domain.account import ROLES, Account, Identity, Role
from connect_devops.domain.errors import NotFoundError, ValidationError
from connect_devops.services.context import Context
from connect_devops.storage.columns import Row
from connect_devops.storage.tables import accounts, api_keys

__all__ = ["Accounts", "NewKey"]

_SCHEME: Final = "ApiKey "
_MAX_NAME: Final = 64
_NOBODY: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class NewKey:
    """An API key just made: the only moment at which its secret is known."""

    id: str
    token: str = field(repr=False)
    """The whole header value, ``ApiKey SU-000-000-000:<secret>``."""


class Accounts:
    """Who exists on the platform and how they prove it. Keys are stored hashed."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(self, name: str, role: Role, *, account_id: str | None = None) -> Account:
        """Make an account; one whose id exists already gets the new name and role instead.

        Raises:
            ValidationError: an empty or too long name, or an unknown role.
        """
        if not name.strip() or len(name) > _MAX_NAME:
            raise ValidationError.of("name", f"A name has 1 to {_MAX_NAME} characters.")
        if role not in ROLES:
            raise ValidationError.of("role", f"{role!r} is none of {', '.join(ROLES)}.")
        with self._context.store.transaction() as transaction:
            connection = transaction.connection
            if account_id is None:
                account_id = self._context.new_id(transaction, lambda: self._context.ids.account(role), accounts.c.id)
            elif connection.execute(
                update(accounts).where(accounts.c.id == account_id).values(name=name, role=role)
            ).rowcount:
                return Account(account_id, name, role)
            connection.execute(
                insert(accounts).values(id=account_id, name=name, role=role, created=self._context.clock.now())
            )
        return Account(account_id, name, role)

    def get(self, account_id: str) -> Account:
        """Raises NotFoundError if there is none."""
        with self._context.store.reading() as transaction:
            row = transaction.connection.execute(select(accounts).where(accounts.c.id == account_id)).mappings().first()
        if row is None:
            raise NotFoundError("account", account_id)
        return _account(row)

    def all(self) -> list[Account]:
        """All accounts in the order of their making; the first one is the owner of the platform."""
        with self._context.store.reading() as transaction:
            rows = transaction.connection.execute(select(accounts).order_by(accounts.c.number)).mappings().all()
        return [_account(row) for row in rows]

    def owner(self) -> Account | None:
        """The account that was made first, if there is one."""
        return next(iter(self.all()), None)

    def create_key(self, account_id: str, name: str, *, installation_id: str | None = None) -> NewKey:
        """Make an API key of an account.

        Raises:
            NotFoundError: there is no such account.
        """
        with self._context.store.transaction() as transaction:
            self.get(account_id)
            key_id = self._context.new_id(transaction, self._context.ids.service_user, api_keys.c.id)
            secret = self._context.ids.secret()
            transaction.connection.execute(
                insert(api_keys).values(
                    id=key_id,
                    account_id=account_id,
                    name=name,
                    digest=_digest(secret),
                    installation_id=installation_id,
                    created=self._context.clock.now(),
                )
            )
        return NewKey(key_id, f"{_SCHEME}{key_id}:{secret}")

    def revoke_key(self, key_id: str) -> None:
        """Make a key invalid at once. Unknown keys are ignored."""
        with self._context.store.transaction() as transaction:
            transaction.connection.execute(
                update(api_keys)
                .where(api_keys.c.id == key_id, api_keys.c.revoked.is_(None))
                .values(revoked=self._context.clock.now())
            )

    def authenticate(self, header: str | None) -> Identity | None:
        """Who sends this ``Authorization`` header, or None if it is missing, malformed or wrong.

        The comparison takes the same time for a right and a wrong secret.
        """
        if header is None or header[: len(_SCHEME)].lower() != _SCHEME.lower():
            return None
        key_id, separator, secret = header[len(_SCHEME) :].strip().partition(":")
        if not separator:
            return None
        with self._context.store.reading() as transaction:
            row = (
                transaction.connection.execute(
                    select(
                        api_keys.c.id.label("key_id"),
                        api_keys.c.name.label("key_name"),
                        api_keys.c.digest,
                        api_keys.c.installation_id,
                        accounts,
                    )
                    .join_from(api_keys, accounts, accounts.c.id == api_keys.c.account_id)
                    .where(api_keys.c.id == key_id, api_keys.c.revoked.is_(None))
                )
                .mappings()
                .first()
            )
        right = hmac.compare_digest(_digest(secret), _NOBODY if row is None else row["digest"])
        if row is None or not right:
            return None
        return Identity(_account(row), row["key_id"], row["key_name"], row["installation_id"])


def _account(row: Row) -> Account:
    return Account(row["id"], row["name"], row["role"])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
