"""Objects changed: who wants to know, and a task for each of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from connect_devops.services.environments import Environment
from connect_devops.services.queue import Submission

__all__ = ["Events"]


class Events:
    """Matches what happened against the subscriptions of all environments (``reference/event-types.md`` section 6)."""

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
        raise NotImplementedError

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
        """
        raise NotImplementedError

    def definitions(self) -> list[dict[str, Any]]:
        """Every event type as the REST API shows it, once for each extension type (``event-types.md`` section 5)."""
        raise NotImplementedError
