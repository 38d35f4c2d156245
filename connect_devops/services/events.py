"""Objects changed: who wants to know, and a task for each of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import select

from connect_devops.domain.subscription import Occurrence, Subscriber, is_told, wants_status
from connect_devops.services.context import Context
from connect_devops.services.environment import Environment
from connect_devops.services.environments import Environments
from connect_devops.services.queue import NewTask, Queue, Submission
from connect_devops.storage.columns import Row
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import environments, extension_products, extensions, installations, subscriptions
from connect_eaas.events import BACKGROUND, CATALOGUE

__all__ = ["Events"]

_ORDER: Final = ("production", "test", "development")
_DEFINITIONS: Final = tuple(
    {
        "id": number,
        "source": "system",
        "type": event.type,
        "name": event.name,
        "description": event.description,
        "category": event.category,
        "group": event.group,
        "extension_type": extension_type,
        "object_statuses": list(event.statuses),
    }
    for number, (event, extension_type) in enumerate(
        ((event, extension_type) for event in CATALOGUE.values() for extension_type in event.extension_types), start=1
    )
)


class Events:
    """Matches what happened against the subscriptions of all environments (``reference/event-types.md`` section 6)."""

    def __init__(self, context: Context, environments_: Environments, queue: Queue) -> None:
        self._context = context
        self._environments = environments_
        self._queue = queue

    def object_changed(
        self,
        event_types: str | Collection[str],
        object_id: str,
        status: str | None,
        *,
        product_id: str | None = None,
        hub_id: str | None = None,
        account_ids: Collection[str] = (),
        installation_id: str | None = None,
        extension_id: str | None = None,
    ) -> list[Submission]:
        """Tell that an object was created or changed; makes the tasks of all that subscribed.

        Call it inside the transaction that changes the object (``store.transaction()``): either both happen or none.
        Interactive events make no task here: somebody has to wait for their answer, see ``InteractiveCalls``.

        Args:
            event_types: the event type or types that this change is.
            object_id: the object.
            status: its status after the change; None for objects without one.
            product_id: the product it belongs to; None for objects that belong to none (every fulfilment automation
                extension of the accounts in ``account_ids`` is told then).
            hub_id: the hub it belongs to.
            account_ids: accounts that may see it.
            installation_id: only this installation is told (for events about an installation).
            extension_id: only this extension is told.

        Returns:
            one submission for each interested environment (and installation).
        """
        wanted = [event_types] if isinstance(event_types, str) else list(event_types)
        occurrence = Occurrence(product_id, hub_id, account_ids)
        new: list[NewTask] = []
        with self._context.store.transaction() as transaction:
            for row in self._subscriptions(transaction, wanted, extension_id):
                known = CATALOGUE.get(row["event_type"])
                category = BACKGROUND if known is None else known.category
                if category == "interactive" or not wants_status(row["statuses"], status):
                    continue
                new.extend(
                    NewTask(
                        row["environment_id"],
                        category,
                        row["event_type"],
                        object_id,
                        installation_id=told,
                    )
                    for told in self._told(transaction, row, occurrence, installation_id)
                )
            return self._queue.submit_many(new) if new else []

    def subscribers(
        self,
        event_type: str,
        *,
        status: str | None = None,
        product_id: str | None = None,
        extension_id: str | None = None,
        environment_type: str | None = None,
    ) -> list[Environment]:
        """The environments that subscribed to an interactive event of this product, connected ones first, then
        production before test before development.

        Args:
            event_type: the interactive event type.
            status: only subscriptions that cover this status of the object; None for any.
            product_id: only extensions of this product.
            extension_id: only environments of this extension.
            environment_type: only environments of this type.
        """
        found = []
        with self._context.store.reading() as transaction:
            for row in self._subscriptions(transaction, [event_type], extension_id):
                subscriber = self._subscriber(transaction, row)
                concerned = product_id is None or is_told(subscriber, Occurrence(product_id))
                if concerned and (status is None or wants_status(row["statuses"], status)):
                    found.append(self._environments.get(row["environment_id"]))
        return sorted(
            (item for item in found if environment_type in (None, item.type)),
            key=lambda item: (item.status not in ("connected", "running"), _ORDER.index(item.type), item.id),
        )

    def definitions(self) -> list[dict[str, Any]]:
        """Every event type as the REST API shows it, once for each extension type (``event-types.md`` section 5)."""
        return [dict(definition) for definition in _DEFINITIONS]

    def _subscriptions(
        self, transaction: Transaction, event_types: Collection[str], extension_id: str | None
    ) -> list[Row]:
        query = (
            select(
                subscriptions,
                extensions.c.id.label("extension_id"),
                extensions.c.type.label("extension_type"),
                extensions.c.owner_id,
                extensions.c.hub_id,
            )
            .join_from(subscriptions, environments, environments.c.id == subscriptions.c.environment_id)
            .join(extensions, extensions.c.id == environments.c.extension_id)
            .where(subscriptions.c.event_type.in_(event_types))
            .order_by(environments.c.number, subscriptions.c.event_type)
        )
        if extension_id is not None:
            query = query.where(extensions.c.id == extension_id)
        return list(transaction.connection.execute(query).mappings())

    def _subscriber(self, transaction: Transaction, row: Row) -> Subscriber:
        products: Collection[str] = ()
        if row["extension_type"] == "products":
            query = select(extension_products.c.product_id).where(
                extension_products.c.extension_id == row["extension_id"]
            )
            products = set(transaction.connection.execute(query).scalars())
        return Subscriber(row["extension_type"], row["owner_id"], products, row["hub_id"])

    def _told(
        self, transaction: Transaction, row: Row, occurrence: Occurrence, installation_id: str | None
    ) -> list[str | None]:
        """For which installations a task is made; None stands for the extension itself."""
        if row["extension_type"] in ("products", "hub"):
            concerned = installation_id is None and is_told(self._subscriber(transaction, row), occurrence)
            return [None] if concerned else []
        query = select(installations.c.id, installations.c.owner_id).where(
            installations.c.environment_id == row["environment_id"]
        )
        if installation_id is not None:
            return [
                found.id for found in transaction.connection.execute(query.where(installations.c.id == installation_id))
            ]
        return [
            found.id
            for found in transaction.connection.execute(
                query.where(installations.c.status == "installed").order_by(installations.c.number)
            )
            if is_told(Subscriber(row["extension_type"], found.owner_id), occurrence)
        ]
