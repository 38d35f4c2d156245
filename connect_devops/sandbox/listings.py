"""Listings and the requests that list and unlist products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import ValidationError
from connect_devops.sandbox import body
from connect_devops.sandbox.kinds import CONTRACTS, LISTING_REQUESTS, LISTINGS, PRODUCTS
from connect_devops.sandbox.machines import LISTING_REQUEST
from connect_devops.sandbox.world import World

__all__ = ["act", "assign", "create", "unassign", "update_listing"]

_TYPES: Final = ("new", "update", "remove")
_CHANGEABLE: Final = ("pricelist", "alt_pricelist_1", "alt_pricelist_2", "offer", "note")


def create(world: World, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make a listing request: a new one from ``product_id`` and ``contract_id``, others from ``listing_id``.

    Raises:
        ValidationError: a field is missing or names nothing.
    """
    kind = body.text(sent, "type", required=True)
    if kind not in _TYPES:
        raise ValidationError.of("type", f"'{kind}' is none of {', '.join(_TYPES)}.")
    with world.services.store.transaction():
        listing = _new_listing(world, sent) if kind == "new" else _existing_listing(world, sent)
        now = world.now()
        request: dict[str, Any] = {
            "id": world.next_id(LISTING_REQUESTS, f"LSTR-{str(listing['id']).partition('-')[2]}"),
            "type": kind,
            "state": "draft",
            "product": listing["product"],
            "listing": listing,
            "creator": {"id": by.key_id, "name": by.key_name} if by else {},
            "assignee": {},
            "created": now,
            "updated": now,
            "note": body.text(sent, "note") or "",
            "events": {},
        }
        return world.change(LISTING_REQUESTS, request, by=by, event="created")


def _new_listing(world: World, sent: Mapping[str, Any]) -> dict[str, Any]:
    product_id = body.text(sent, "product_id", required=True) or ""
    contract_id = body.text(sent, "contract_id", required=True) or ""
    product = world.find(PRODUCTS, product_id)
    if product is None:
        raise ValidationError.of("product_id", f"There is no product {product_id}.")
    contract = world.find(CONTRACTS, contract_id)
    if contract is None:
        raise ValidationError.of("contract_id", f"There is no contract {contract_id}.")
    listing = {
        "id": world.new_id(LISTINGS, "LST", 3, 3, 3),
        "status": "unlisted",
        "contract": {name: contract[name] for name in ("id", "type", "name", "marketplace") if name in contract},
        "product": {name: product[name] for name in ("id", "icon", "name", "status") if name in product},
        "created": world.now(),
        "updated": world.now(),
        "vendor": contract.get("owner", {}),
        "provider": contract.get("issuer", {}),
    }
    return world.store(LISTINGS, listing)


def _existing_listing(world: World, sent: Mapping[str, Any]) -> dict[str, Any]:
    listing_id = body.text(sent, "listing_id", required=True) or ""
    listing = world.find(LISTINGS, listing_id)
    if listing is None:
        raise ValidationError.of("listing_id", f"There is no listing {listing_id}.")
    return listing


def act(world: World, request_id: str, action: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Carry out an action of ``machines.LISTING_REQUEST``; completing lists or unlists the product.

    Raises:
        NotFoundError; RuleError: not possible in the request's state.
    """
    with world.services.store.transaction():
        request = world.get(LISTING_REQUESTS, request_id)
        state = LISTING_REQUEST.next_status(action, request.get("state"))
        request["state"] = state
        if state == "completed" and isinstance(request.get("listing"), dict) and request["listing"].get("id"):
            shown = request["listing"]
            listing = world.find(LISTINGS, str(shown["id"])) or dict(shown)
            listing["status"] = shown["status"] = "unlisted" if request.get("type") == "remove" else "listed"
            listing["updated"] = world.now()
            world.store(LISTINGS, listing)
            world.publish(LISTINGS, listing)
        return world.change(LISTING_REQUESTS, request, by=by, event=state)


def assign(world: World, request_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make the caller responsible for a request."""
    return _set_assignee(world, request_id, {"id": by.key_id, "name": by.key_name} if by else {}, by)


def unassign(world: World, request_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make nobody responsible for a request."""
    return _set_assignee(world, request_id, {}, by)


def _set_assignee(world: World, request_id: str, who: dict[str, Any], by: Identity | None) -> dict[str, Any]:
    with world.services.store.transaction():
        request = world.get(LISTING_REQUESTS, request_id)
        request["assignee"] = who
        return world.change(LISTING_REQUESTS, request, by=by)


def update_listing(world: World, listing_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Change price lists or the offer of a listing.

    Raises:
        NotFoundError: there is no such listing.
    """
    with world.services.store.transaction():
        listing = world.get(LISTINGS, listing_id)
        listing.update({name: sent[name] for name in _CHANGEABLE if name in sent})
        listing["updated"] = world.now()
        world.store(LISTINGS, listing)
        world.publish(LISTINGS, listing)
        return listing
