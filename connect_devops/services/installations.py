"""Installations: accounts that use a multi-account or transformations extension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, insert, select, update

from connect_devops.domain.account import Account
from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.services.accounts import Accounts
from connect_devops.services.context import Context
from connect_devops.services.environments import Environments
from connect_devops.services.events import Events
from connect_devops.services.page import Page, Refine
from connect_devops.storage.columns import Row
from connect_devops.storage.tables import installations

__all__ = ["Installation", "Installations"]

_TYPES: Final = ("multiaccount", "transformations")
_MAX_COMMENT: Final = 4000


@dataclass(frozen=True)
class Installation:
    """An installation of one environment by one account."""

    id: str
    environment_id: str
    extension_id: str
    owner: Account
    status: str
    settings: Any = field(repr=False)
    comment: str | None
    installed: datetime
    updated: datetime
    uninstalled: datetime | None


class Installations:
    """Rules: ``reference/devops-api.md`` 4.6. Each change of the status is the event ``installation_status_change``."""

    columns: Final[Mapping[str, ColumnElement[Any]]] = MappingProxyType(
        {
            "id": installations.c.id,
            "status": installations.c.status,
            "environment.id": installations.c.environment_id,
            "environment.extension.id": installations.c.extension_id,
            "owner.id": installations.c.owner_id,
            "events.installed.at": installations.c.installed,
            "events.updated.at": installations.c.updated,
        }
    )
    """Columns by their REST names, for ``Refine``."""

    def __init__(self, context: Context, accounts: Accounts, environments: Environments, events: Events) -> None:
        self._context = context
        self._accounts = accounts
        self._environments = environments
        self._events = events

    def install(self, environment_id: str, owner_id: str, *, settings: Any = None) -> Installation:
        """Install an environment for an account, with an API key of its own; an existing installation is returned.

        Raises:
            NotFoundError: there is no such environment or account.
            RuleError: the extension's type has no installations.
        """
        with self._context.store.transaction() as transaction:
            environment = self._environments.get(environment_id)
            owner = self._accounts.get(owner_id)
            if environment.extension_type not in _TYPES:
                raise RuleError(f"An extension of type {environment.extension_type} has no installations.")
            present = transaction.connection.execute(
                select(installations.c.id).where(
                    installations.c.environment_id == environment.id,
                    installations.c.owner_id == owner_id,
                    installations.c.status == "installed",
                )
            ).scalar_one_or_none()
            if present is not None:
                return self.get(present)
            now = self._context.clock.now()
            installation_id = self._context.new_id(transaction, self._context.ids.installation, installations.c.id)
            key = self._accounts.create_key(
                owner_id, f"{environment.extension_name} ({owner.name})", installation_id=installation_id
            )
            transaction.connection.execute(
                insert(installations).values(
                    id=installation_id,
                    environment_id=environment.id,
                    extension_id=environment.extension_id,
                    owner_id=owner_id,
                    status="installed",
                    settings={} if settings is None else settings,
                    api_key=self._context.secrets.encrypt(key.token),
                    installed=now,
                    updated=now,
                )
            )
            self._tell(installation_id, "installed")
            return self.get(installation_id)

    def get(self, installation_id: str, *, extension_id: str | None = None) -> Installation:
        """Raises NotFoundError if there is none."""
        query = select(installations).where(installations.c.id == installation_id)
        if extension_id is not None:
            query = query.where(installations.c.extension_id == extension_id)
        with self._context.store.reading() as transaction:
            row = transaction.connection.execute(query).mappings().first()
        if row is None:
            raise NotFoundError("installation", installation_id)
        return self._views([row])[0]

    def page(
        self,
        *,
        extension_id: str | None = None,
        owner_id: str | None = None,
        refine: Refine | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Page[Installation]:
        """Installations, oldest first unless ``refine`` orders them; with the total."""
        query = select(installations)
        if extension_id is not None:
            query = query.where(installations.c.extension_id == extension_id)
        if owner_id is not None:
            query = query.where(installations.c.owner_id == owner_id)
        with self._context.store.reading() as transaction:
            rows, total = self._context.rows(transaction, query, [installations.c.number], refine, limit, offset)
        return Page(self._views(rows), total)

    def update_settings(self, installation_id: str, settings: Any) -> Installation:
        """Replace the settings (any JSON). Raises NotFoundError if there is no such installation."""
        self._change(installation_id, {"settings": settings})
        return self.get(installation_id)

    def uninstall(self, installation_id: str, comment: str | None = None) -> Installation:
        """End an installation; nothing happens if it has ended already.

        Its key stays valid so that the extension can clean up after the event; a new installation gets a new one.

        Raises:
            NotFoundError: there is no such installation.
            ValidationError: the comment is too long.
        """
        if comment is not None and len(comment) > _MAX_COMMENT:
            raise ValidationError.of("comment", f"This text may have at most {_MAX_COMMENT} characters.")
        with self._context.store.transaction():
            if self.get(installation_id).status == "installed":
                now = self._context.clock.now()
                self._change(installation_id, {"status": "uninstalled", "comment": comment, "uninstalled": now})
                self._tell(installation_id, "uninstalled")
            return self.get(installation_id)

    def api_key(self, installation_id: str) -> str:
        """The installation's key in clear, ``ApiKey SU-…`` (the impersonate action; tasks of the installation).

        Raises:
            NotFoundError: there is no such installation.
        """
        query = select(installations.c.api_key).where(installations.c.id == installation_id)
        with self._context.store.reading() as transaction:
            kept = transaction.connection.execute(query).scalar_one_or_none()
        if kept is None:
            raise NotFoundError("installation", installation_id)
        return self._context.secrets.decrypt(kept)

    def _tell(self, installation_id: str, status: str) -> None:
        self._events.object_changed(
            "installation_status_change", installation_id, status, installation_id=installation_id
        )

    def _change(self, installation_id: str, values: Mapping[str, Any]) -> None:
        with self._context.store.transaction() as transaction:
            changed = transaction.connection.execute(
                update(installations)
                .where(installations.c.id == installation_id)
                .values(**values, updated=self._context.clock.now())
            ).rowcount
            if not changed:
                raise NotFoundError("installation", installation_id)

    def _views(self, rows: Sequence[Row]) -> list[Installation]:
        owners = {account.id: account for account in self._accounts.all()}
        names = [name for name in Installation.__dataclass_fields__ if name != "owner"]
        return [Installation(**{name: row[name] for name in names}, owner=owners[row["owner_id"]]) for row in rows]
