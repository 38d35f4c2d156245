"""What a customer orders: new assets, their items, parameters and tier accounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from connect_devops.domain.errors import ValidationError
from connect_devops.sandbox import body, parameters
from connect_devops.sandbox.kinds import (
    ASSETS,
    CONNECTIONS,
    CONTRACTS,
    MARKETPLACES,
    PRODUCT_ITEMS,
    PRODUCT_PARAMETERS,
    PRODUCTS,
    TIER_ACCOUNTS,
)
from connect_devops.sandbox.world import World

__all__ = ["change_items", "new_asset", "tiers"]

_TIERS = ("customer", "tier1", "tier2")


def new_asset(world: World, sent: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The asset of a new purchase request, not saved yet.

    Raises:
        ValidationError: the product, the connection or an item is unknown or missing.
    """
    connection, product = _connection_and_product(world, asked)
    marketplace = _reference(world, MARKETPLACES, sent, "marketplace") or connection.get("marketplace") or {}
    contract = _reference(world, CONTRACTS, sent, "contract") or connection.get("contract") or {}
    asset_id = world.new_id(ASSETS, "AS", 4, 4, 4)
    now = world.now()
    asset: dict[str, Any] = {
        "id": asset_id,
        "status": "processing",
        "external_id": str(asked.get("external_id") or asset_id.partition("-")[2]),
        "external_uid": str(asked.get("external_uid") or world.services.ids.uuid()),
        "product": {name: product[name] for name in ("id", "icon", "name", "status") if name in product},
        "connection": {
            name: connection[name] for name in ("id", "type", "provider", "vendor", "hub") if name in connection
        },
        "events": {"created": {"at": now}, "updated": {"at": now}},
        "items": [],
        "params": _ordering_parameters(world, product["id"]),
        "tiers": {},
        "configuration": {"params": []},
        "marketplace": marketplace,
        "contract": contract,
    }
    change_items(world, asset, body.objects_in(asked, "items", path="asset.items"))
    for item in asset["items"]:
        item["old_quantity"] = "0"
    parameters.merge(asset["params"], body.objects_in(asked, "params", path="asset.params"), path="asset.params")
    asset["tiers"] = tiers(world, asked.get("tiers") or {}, asset)
    return asset


def _connection_and_product(world: World, asked: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    connection_id = body.reference_id(asked, "connection", path="asset.connection")
    product_id = body.reference_id(asked, "product", path="asset.product")
    connection: dict[str, Any] | None = None
    if connection_id is not None:
        connection = world.find(CONNECTIONS, connection_id)
        if connection is None:
            raise ValidationError.of("asset.connection.id", f"There is no connection {connection_id}.")
        own = CONNECTIONS.product_of(connection)
        if product_id is not None and own is not None and own != product_id:
            raise ValidationError.of("asset.connection.id", f"{connection_id} is a connection of {own}.")
        product_id = product_id or own
    if product_id is None:
        raise ValidationError.of("asset.connection.id", "This field is required.")
    product = world.find(PRODUCTS, product_id)
    if product is None:
        raise ValidationError.of("asset.product.id", f"There is no product {product_id}.")
    if connection is None:
        connections = world.objects.all(CONNECTIONS.collection, product_id=product_id)
        if not connections:
            raise ValidationError.of("asset.connection.id", f"{product_id} has no connection.")
        connection = connections[0]
    return connection, product


def _reference(world: World, kind: Any, sent: Mapping[str, Any], field: str) -> dict[str, Any] | None:
    object_id = body.reference_id(sent, field)
    if object_id is None:
        return None
    found = world.find(kind, object_id)
    if found is None:
        raise ValidationError.of(f"{field}.id", f"There is no {kind.noun} {object_id}.")
    return {name: found[name] for name in ("id", "name", "icon") if name in found}


def _ordering_parameters(world: World, product_id: str) -> list[dict[str, Any]]:
    shown = []
    for parameter in world.objects.all(PRODUCT_PARAMETERS.collection, parent_id=product_id):
        if parameter.get("scope") != "asset" or parameter.get("phase") == "configuration":
            continue
        constraints = parameter.get("constraints") or {}
        shown.append(
            {
                "id": parameter["name"],
                "name": parameter["name"],
                "type": parameter.get("type", "text"),
                "phase": parameter.get("phase", "ordering"),
                "description": parameter.get("description", ""),
                "value": "",
                "value_error": "",
                "title": parameter.get("title", parameter["name"]),
                "constraints": constraints,
            }
        )
    return shown


def change_items(world: World, asset: dict[str, Any], wanted: list[dict[str, Any]]) -> None:
    """Set quantities of items; items that the asset does not have yet are added from the product.

    Raises:
        ValidationError: an item or a quantity is wrong.
    """
    product_id = ASSETS.product_of(asset)
    catalogue = world.objects.all(PRODUCT_ITEMS.collection, parent_id=product_id or "")
    errors: list[tuple[str, str]] = []
    for position, change in enumerate(wanted):
        where = f"asset.items[{position}]"
        quantity = _quantity(change.get("quantity"))
        if quantity is None:
            errors.append((f"{where}.quantity", "A number that is not negative, or 'unlimited', is required."))
            continue
        names = {change["id"], change.get("mpn")} - {None}
        item = next(
            (item for item in asset["items"] if {item.get("id"), item.get("global_id"), item.get("mpn")} & names), None
        )
        if item is None:
            offered = next(
                (one for one in catalogue if {one.get("id"), one.get("local_id"), one.get("mpn")} & names), None
            )
            if offered is None:
                ids = ", ".join(str(one["id"]) for one in catalogue) or "none"
                errors.append((f"{where}.id", f"There is no item '{change['id']}' (there are: {ids})."))
                continue
            item = _ordered(offered)
            asset["items"].append(item)
        item["quantity"] = quantity
    if errors:
        raise ValidationError(errors)


def _ordered(offered: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": offered.get("local_id") or offered["id"],
        "global_id": offered["id"],
        "mpn": offered.get("mpn", ""),
        "old_quantity": "0",
        "quantity": "0",
        "type": (offered.get("unit") or {}).get("title", "Units"),
        "display_name": offered.get("display_name") or offered.get("name", ""),
        "period": str(offered.get("period", "monthly")).capitalize(),
        "item_type": "PPU" if offered.get("type") == "ppu" else "Reservation",
        "params": [],
    }


def _quantity(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if value == "unlimited":
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return str(value) if number.is_finite() and number >= 0 else None


def tiers(world: World, asked: Mapping[str, Any], asset: Mapping[str, Any]) -> dict[str, Any]:
    """The accounts of a sale; accounts that the platform does not know are made.

    Raises:
        ValidationError: an account is referred to that does not exist.
    """
    result: dict[str, Any] = {}
    for name in _TIERS:
        wanted = asked.get(name)
        if not isinstance(wanted, dict) or not wanted:
            result[name] = {}
            continue
        account_id = wanted.get("id")
        found = world.find(TIER_ACCOUNTS, str(account_id)) if account_id else None
        if found is None and account_id and "name" not in wanted:
            raise ValidationError.of(f"asset.tiers.{name}.id", f"There is no tier account {account_id}.")
        if found is None:
            found = _new_account(world, name, wanted, asset)
        shown = ("id", "external_id", "external_uid", "type", "name", "tax_id", "contact_info")
        result[name] = {field: found[field] for field in shown if field in found}
    return result


def _new_account(world: World, tier: str, wanted: Mapping[str, Any], asset: Mapping[str, Any]) -> dict[str, Any]:
    account = {
        "id": wanted.get("id") or world.new_id(TIER_ACCOUNTS, "TA", 4, 4, 4),
        "version": 1,
        "name": wanted.get("name", ""),
        "type": wanted.get("type") or ("customer" if tier == "customer" else "reseller"),
        "external_id": str(wanted.get("external_id") or ""),
        "external_uid": str(wanted.get("external_uid") or world.services.ids.uuid()),
        "tax_id": str(wanted.get("tax_id") or ""),
        "owner": (asset.get("connection") or {}).get("provider", {}),
        "hub": (asset.get("connection") or {}).get("hub", {}),
        "scopes": [tier],
        "events": {"created": {"at": world.now()}, "updated": {"at": world.now()}},
        "environment": (asset.get("connection") or {}).get("type", "preview"),
        "contact_info": wanted.get("contact_info") or {},
    }
    return world.store(TIER_ACCOUNTS, account)
