"""Variables of environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, insert, select, update

from connect_devops.domain.errors import NotFoundError, ValidationError
from connect_devops.domain.variable import MASK, check_name, check_value
from connect_devops.services.context import Context
from connect_devops.services.page import Page, Refine
from connect_devops.services.signals import EnvironmentChanged
from connect_devops.storage.columns import Row
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import environments, variables

__all__ = ["Variable", "Variables"]


@dataclass(frozen=True)
class Variable:
    """A variable as people may see it: the value of a secured one is ``*****``."""

    id: str
    name: str
    value: str
    secure: bool
    created: datetime
    updated: datetime


class Variables:
    """Rules: ``reference/devops-api.md`` 4.3. Values of secured variables are encrypted at rest and never returned.

    Each change marks the environment's configuration as changed, until it is applied or a runner starts.
    """

    columns: Final[Mapping[str, ColumnElement[Any]]] = MappingProxyType(
        {
            "id": variables.c.id,
            "name": variables.c.name,
            "events.created.at": variables.c.created,
            "events.updated.at": variables.c.updated,
        }
    )
    """Columns by their REST names, for ``Refine``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def page(
        self, environment_id: str, *, refine: Refine | None = None, limit: int | None = None, offset: int = 0
    ) -> Page[Variable]:
        """Variables by name unless ``refine`` orders them; with the total."""
        query = select(variables).where(variables.c.environment_id == environment_id)
        with self._context.store.reading() as transaction:
            rows, total = self._context.rows(transaction, query, [variables.c.name], refine, limit, offset)
        return Page([_variable(row) for row in rows], total)

    def get(self, environment_id: str, variable_id: str) -> Variable:
        """Raises NotFoundError if there is none."""
        query = select(variables).where(variables.c.environment_id == environment_id, variables.c.id == variable_id)
        with self._context.store.reading() as transaction:
            row = transaction.connection.execute(query).mappings().first()
        if row is None:
            raise NotFoundError("variable", variable_id)
        return _variable(row)

    def create(self, environment_id: str, *, name: str, value: str, secure: bool = False) -> Variable:
        """Raises ValidationError on a bad or taken name or a bad value, NotFoundError for an unknown environment."""
        errors = check_name(name) + check_value(value)
        if errors:
            raise ValidationError(errors)
        with self._context.store.transaction() as transaction:
            connection = transaction.connection
            taken = select(variables.c.id).where(variables.c.environment_id == environment_id, variables.c.name == name)
            if connection.execute(taken).first() is not None:
                raise ValidationError.of("name", f"The environment has a variable {name} already.")
            self._touch(transaction, environment_id)
            now = self._context.clock.now()
            variable_id = self._context.new_id(transaction, self._context.ids.variable, variables.c.id)
            connection.execute(
                insert(variables).values(
                    id=variable_id,
                    environment_id=environment_id,
                    name=name,
                    value=self._kept(value, secure),
                    secure=secure,
                    created=now,
                    updated=now,
                )
            )
            return self.get(environment_id, variable_id)

    def update(
        self, environment_id: str, variable_id: str, *, value: str | None = None, secure: bool | None = None
    ) -> Variable:
        """Change the value or secure it; of a secured variable only the value may change.

        Raises:
            NotFoundError, ValidationError.
        """
        if value is not None and (errors := check_value(value)):
            raise ValidationError(errors)
        with self._context.store.transaction() as transaction:
            present = self.get(environment_id, variable_id)
            if present.secure and secure is False:
                raise ValidationError.of("secure", "A secured variable stays secured; only its value may change.")
            if value is None and present.secure == bool(secure or present.secure):
                return present
            secured = present.secure or bool(secure)
            self._touch(transaction, environment_id)
            transaction.connection.execute(
                update(variables)
                .where(variables.c.id == variable_id)
                .values(
                    # Without a new value the variable was not secured before, so its value is at hand.
                    value=self._kept(present.value if value is None else value, secured),
                    secure=secured,
                    updated=self._context.clock.now(),
                )
            )
            return self.get(environment_id, variable_id)

    def delete(self, environment_id: str, variable_id: str) -> None:
        """Raises NotFoundError if there is none."""
        with self._context.store.transaction() as transaction:
            self.get(environment_id, variable_id)
            self._touch(transaction, environment_id)
            transaction.connection.execute(delete(variables).where(variables.c.id == variable_id))

    def _kept(self, value: str, secure: bool) -> str:
        return self._context.secrets.encrypt(value) if secure else value

    def _touch(self, transaction: Transaction, environment_id: str) -> None:
        changed = transaction.connection.execute(
            update(environments)
            .where(environments.c.id == environment_id)
            .values(configuration_changed=True, updated=self._context.clock.now())
        ).rowcount
        if not changed:
            raise NotFoundError("environment", environment_id)
        self._context.publish(transaction, EnvironmentChanged(environment_id))


def _variable(row: Row) -> Variable:
    return Variable(
        id=row["id"],
        name=row["name"],
        value=MASK if row["secure"] else row["value"],
        secure=row["secure"],
        created=row["created"],
        updated=row["updated"],
    )
