"""Who is told of an event. Facts: ``reference/event-types.md`` section 6."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["Occurrence", "Subscriber", "is_told", "wants_status"]


@dataclass(frozen=True)
class Occurrence:
    """Something that happened to an object, and to whom the object belongs."""

    product_id: str | None = None
    hub_id: str | None = None
    account_ids: Collection[str] = ()


@dataclass(frozen=True)
class Subscriber:
    """What decides whether an extension is told.

    ``account_id`` is the owner of the extension, or of the installation in whose name it would be told.
    """

    extension_type: str
    account_id: str
    product_ids: Collection[str] = ()
    hub_id: str | None = None


def wants_status(subscribed: Collection[str], status: str | None) -> bool:
    """Whether a subscription to these statuses covers the status. An empty one covers everything."""
    return not subscribed or status in subscribed


def is_told(subscriber: Subscriber, occurrence: Occurrence) -> bool:
    """Whether the object of the event concerns the subscriber."""
    if subscriber.extension_type == "products":
        if occurrence.product_id is None:
            return subscriber.account_id in occurrence.account_ids
        return occurrence.product_id in subscriber.product_ids
    if subscriber.extension_type == "hub":
        return occurrence.hub_id is not None and occurrence.hub_id == subscriber.hub_id
    return subscriber.account_id in occurrence.account_ids
