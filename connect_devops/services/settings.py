"""Small things that the platform remembers between its runs, such as how far its clock was moved."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select

from connect_devops.services.context import Context
from connect_devops.storage.tables import settings

__all__ = ["Settings"]


class Settings:
    """Values by key; any JSON."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or ``default`` if none was put."""
        with self._context.store.reading() as transaction:
            row = transaction.connection.execute(select(settings.c.value).where(settings.c.key == key)).first()
        return default if row is None else row.value

    def put(self, key: str, value: Any) -> None:
        """Remember ``value`` in place of what was there."""
        with self._context.store.transaction() as transaction:
            transaction.connection.execute(delete(settings).where(settings.c.key == key))
            transaction.connection.execute(insert(settings).values(key=key, value=value))
