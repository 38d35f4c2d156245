"""Takes in objects of the real platform: stored as they are, with what they refer to."""

from __future__ import annotations

import copy
from typing import Any, Final

from connect_devops.domain.errors import ValidationError
from connect_devops.sandbox import kinds
from connect_devops.sandbox.kinds import Kind
from connect_devops.sandbox.paths import value_at
from connect_devops.sandbox.samples.catalogue import remember_product
from connect_devops.sandbox.world import World
from connect_eaas.events import EventType

__all__ = ["check_payload", "remember_parts"]

_MAX_ID: Final = 64
_SAME_TYPE: Final = {"update": "change", "change": "change"}

# What an object of a kind holds of other kinds, by path.
_PARTS: Final[dict[str, tuple[tuple[Kind, str], ...]]] = {
    kinds.ASSET_REQUESTS.collection: (
        (kinds.ASSETS, "asset"),
        (kinds.PRODUCTS, "asset.product"),
        (kinds.TIER_ACCOUNTS, "asset.tiers.customer"),
        (kinds.TIER_ACCOUNTS, "asset.tiers.tier1"),
        (kinds.TIER_ACCOUNTS, "asset.tiers.tier2"),
        (kinds.CONNECTIONS, "asset.connection"),
        (kinds.HUBS, "asset.connection.hub"),
        (kinds.MARKETPLACES, "asset.marketplace"),
        (kinds.MARKETPLACES, "marketplace"),
        (kinds.CONTRACTS, "asset.contract"),
        (kinds.CONTRACTS, "contract"),
    ),
    kinds.ASSETS.collection: (
        (kinds.PRODUCTS, "product"),
        (kinds.TIER_ACCOUNTS, "tiers.customer"),
        (kinds.TIER_ACCOUNTS, "tiers.tier1"),
        (kinds.CONNECTIONS, "connection"),
        (kinds.HUBS, "connection.hub"),
        (kinds.MARKETPLACES, "marketplace"),
        (kinds.CONTRACTS, "contract"),
    ),
    kinds.TIER_CONFIG_REQUESTS.collection: (
        (kinds.TIER_CONFIGS, "configuration"),
        (kinds.TIER_CONFIGS, "parent_configuration"),
        (kinds.PRODUCTS, "configuration.product"),
        (kinds.TIER_ACCOUNTS, "configuration.account"),
        (kinds.TIER_ACCOUNTS, "tiers.tier1"),
        (kinds.TIER_ACCOUNTS, "tiers.tier2"),
        (kinds.CONNECTIONS, "configuration.connection"),
        (kinds.HUBS, "configuration.connection.hub"),
        (kinds.MARKETPLACES, "configuration.marketplace"),
        (kinds.CONTRACTS, "configuration.contract"),
    ),
    kinds.TIER_ACCOUNT_REQUESTS.collection: (
        (kinds.TIER_ACCOUNTS, "account"),
        (kinds.PRODUCTS, "product"),
        (kinds.HUBS, "account.hub"),
    ),
    kinds.LISTING_REQUESTS.collection: (
        (kinds.LISTINGS, "listing"),
        (kinds.PRODUCTS, "listing.product"),
        (kinds.PRODUCTS, "product"),
        (kinds.CONTRACTS, "listing.contract"),
        (kinds.MARKETPLACES, "listing.contract.marketplace"),
    ),
    kinds.HELPDESK_CASES.collection: ((kinds.PRODUCTS, "product"),),
    kinds.LISTINGS.collection: ((kinds.PRODUCTS, "product"), (kinds.CONTRACTS, "contract")),
    kinds.USAGE_FILES.collection: (
        (kinds.PRODUCTS, "product"),
        (kinds.CONTRACTS, "contract"),
        (kinds.MARKETPLACES, "marketplace"),
    ),
    kinds.USAGE_CHUNKS.collection: ((kinds.USAGE_FILES, "usagefile"), (kinds.MARKETPLACES, "marketplace")),
}
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    kinds.ASSET_REQUESTS.collection: ("asset", "asset.product"),
    kinds.TIER_CONFIG_REQUESTS.collection: ("configuration", "configuration.product"),
    kinds.TIER_ACCOUNT_REQUESTS.collection: ("account",),
    kinds.LISTING_REQUESTS.collection: ("listing", "listing.product"),
    kinds.USAGE_FILES.collection: ("product",),
}


def check_payload(payload: Any, kind: Kind, type_: str | None, event: EventType) -> dict[str, Any]:
    """A copy of a payload that can be an object of this event.

    Raises:
        ValidationError: it is no such object; every field that is wrong is named.
    """
    if not isinstance(payload, dict):
        raise ValidationError.of("payload", f"An object (a {kind.noun}) is expected, not {_called(payload)}.")
    doc = copy.deepcopy(payload)
    errors: list[tuple[str, str]] = []
    if isinstance(doc.get("id"), int) and not isinstance(doc["id"], bool):
        doc["id"] = str(doc["id"])  # ids of very old objects are numbers
    if not isinstance(doc.get("id"), str) or not 0 < len(doc["id"]) <= _MAX_ID:
        errors.append(("payload.id", f"A {kind.noun} has an id of 1 to {_MAX_ID} characters."))
    if type_ is not None and event.type != "listing_request_processing":
        own = doc.get("type")
        if not isinstance(own, str):
            errors.append(("payload.type", f"This field is required; {event.type} is about the type '{type_}'."))
        elif _SAME_TYPE.get(own, own) != _SAME_TYPE.get(type_, type_):
            errors.append(("payload.type", f"'{own}' is not the type of {event.type}, which is '{type_}'."))
    errors += _status_errors(doc, kind, event)
    for path in _NEEDED.get(kind.collection, ()):
        part = value_at(doc, path)
        if not isinstance(part, dict):
            errors.append((f"payload.{path}", "This field is required and must be an object."))
            break
        if not isinstance(part.get("id"), str) or not part["id"]:
            errors.append((f"payload.{path}.id", "This field is required."))
    if errors:
        raise ValidationError(errors)
    return doc


def _status_errors(doc: dict[str, Any], kind: Kind, event: EventType) -> list[tuple[str, str]]:
    if not event.statuses:
        return []
    where = f"payload.{kind.status_field}"
    possible = ", ".join(event.statuses)
    status = doc.get(kind.status_field)
    if not isinstance(status, str) or not status:
        return [(where, f"This field is required (possible: {possible}).")]
    if status not in event.statuses and status.lower() in event.statuses:
        # Very old objects shout; subscriptions are compared with the definition's spelling.
        doc[kind.status_field] = status.lower()
    elif status not in event.statuses:
        return [(where, f"'{status}' is no status of {event.type} (possible: {possible}).")]
    return []


def _called(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "nothing"}.get(type(value), f"a {type(value).__name__}")


def remember_parts(world: World, kind: Kind, doc: dict[str, Any]) -> None:
    """Store what an object holds of other objects, unless they are known; the asset of a request is always replaced."""
    for part_kind, path in _PARTS.get(kind.collection, ()):
        part = value_at(doc, path)
        if not isinstance(part, dict) or not isinstance(part.get("id"), str) or not part["id"]:
            continue
        if part_kind is kinds.PRODUCTS:
            remember_product(world, copy.deepcopy(part))
            continue
        known = world.find(part_kind, part["id"])
        if known is None:
            stored = copy.deepcopy(part)
            if part_kind is kinds.CONNECTIONS:
                stored.setdefault("product", value_at(doc, kind.product[0].rpartition(".")[0]) or {})
            world.store(part_kind, stored)
        elif part_kind is kinds.ASSETS:
            world.store(part_kind, {**known, **copy.deepcopy(part)})
