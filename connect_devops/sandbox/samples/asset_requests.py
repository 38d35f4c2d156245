"""Sample asset requests, with an asset behind each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connect_devops.sandbox import assets, kinds, templates
from connect_devops.sandbox.purchase import change_items
from connect_devops.sandbox.samples.scene import Scene, configuration_params, short
from connect_devops.sandbox.samples.words import Words
from connect_devops.sandbox.world import World

__all__ = ["active_asset", "asset_request"]


def asset_request(world: World, scene: Scene, words: Words, kind: str, status: str) -> dict[str, Any]:
    """A request of a type and status, not stored; its asset is stored unless it is a purchase's."""
    if kind == "purchase":
        asset = _new_asset(world, scene, words)
        base = f"PR-{asset['id'].partition('-')[2]}"
        number = 1
    else:
        bought = active_asset(world, scene, words)
        if kind == "resume":
            bought["status"] = "suspended"
            world.store(kinds.ASSETS, bought)
        asset = assets.copy_for_request(bought)
        _intend(world, asset, kind, words)
        base = f"PR-{asset['id'].partition('-')[2]}"
        number = 2
    now = world.now()
    request: dict[str, Any] = {
        "id": f"{base}-{number:03d}",
        "type": kind,
        "status": status,
        "created": now,
        "updated": now,
        "note": "",
        "reason": "",
        "answered": False,
        "activation_key": "",
        "assignee": "",
        "external_attributes": {},
        "previous_approved_request": {} if kind == "purchase" else {"id": f"{base}-001"},
        "asset": asset,
        "marketplace": scene.marketplace,
        "contract": scene.contract,
    }
    _become(world, request, status)
    return request


def active_asset(world: World, scene: Scene, words: Words) -> dict[str, Any]:
    """An asset in use, stored."""
    asset = _new_asset(world, scene, words)
    asset["status"] = "active"
    for param in asset["params"]:
        if param["id"] == "subscription_id":
            param["value"] = words.uuid()
        elif param["id"] == "activation_url":
            param["value"] = f"https://{words.code(6).lower()}.example.com"
    return world.store(kinds.ASSETS, asset)


def _new_asset(world: World, scene: Scene, words: Words) -> dict[str, Any]:
    now = world.now()
    tier1 = scene.account(world, words, "tier1")
    customer = scene.account(world, words, "customer", tier1)
    asset: dict[str, Any] = {
        "id": f"AS-{words.digits(4, 4, 4)}",
        "status": "processing",
        "external_id": words.code(10),
        "external_uid": words.uuid(),
        "external_name": f"{scene.product.get('name', '')} {words.code(4)}",
        "product": short(scene.product, "id", "name", "icon", "status"),
        "connection": scene.shown_connection(),
        "contract": scene.contract,
        "marketplace": scene.marketplace,
        "params": _params(world, scene, words),
        "tiers": {"customer": customer, "tier1": tier1, "tier2": {}},
        "items": [],
        "configuration": {"params": configuration_params(world, scene, "product", "https://api.example.com")},
        "events": {"created": {"at": now}, "updated": {"at": now}},
    }
    offered = world.objects.all(kinds.PRODUCT_ITEMS.collection, parent_id=str(scene.product["id"]))
    reserved = [item for item in offered if item.get("type") != "ppu"][:1]
    ordered = [{"id": item["id"], "quantity": str(words.number(2, 50))} for item in reserved]
    change_items(world, asset, ordered)
    for item in asset["items"]:
        item["old_quantity"] = "0"
        item["params"] = configuration_params(world, scene, "item", f"PLAN-{words.code(4)}")
    return asset


def _params(world: World, scene: Scene, words: Words) -> list[dict[str, Any]]:
    values = {"admin_email": "admin@example.com", "workspace_domain": f"{words.code(6).lower()}.example.com"}
    return [
        _param(parameter, values, words)
        for parameter in world.objects.all(kinds.PRODUCT_PARAMETERS.collection, parent_id=str(scene.product["id"]))
        if parameter.get("scope") == "asset" and parameter.get("phase") != "configuration"
    ]


def _param(parameter: dict[str, Any], values: dict[str, str], words: Words) -> dict[str, Any]:
    constraints = dict(parameter.get("constraints") or {})
    choices = constraints.pop("choices", [])
    constraints |= {"hint": parameter.get("hint", ""), "placeholder": parameter.get("placeholder", ""), "meta": {}}
    if choices:
        constraints["meta"] = {"choices": choices}
    if "default" in parameter:
        constraints["default"] = parameter["default"]
    shown: dict[str, Any] = {
        "id": parameter["name"],
        "name": parameter["name"],
        "title": parameter.get("title", ""),
        "description": parameter.get("description", ""),
        "type": parameter.get("type", "text"),
        "phase": parameter.get("phase", "ordering"),
        "value": values.get(parameter["name"], ""),
        "value_error": "",
        "value_choices": choices,
        "constraints": constraints,
        "reconciliation": constraints.get("reconciliation", False),
    }
    contact = words.contact()
    address = {name: value for name, value in contact.items() if name != "contact"}
    phone = contact["contact"]["phone_number"]
    if shown["type"] == "address":
        shown |= {"structured_value": address, "value": ", ".join(str(part) for part in address.values())}
    elif shown["type"] == "phone":
        shown |= {
            "structured_value": phone,
            "value": f"{phone['country_code']}{phone['area_code']}{phone['phone_number']}",
        }
    elif shown["type"] == "checkbox":
        shown |= {"structured_value": {choice["value"]: choice["default"] for choice in choices}}
    elif shown["type"] == "dropdown":
        shown |= {"value": next((choice["value"] for choice in choices if choice["default"]), "")}
    return shown


def _intend(world: World, asset: dict[str, Any], kind: str, words: Words) -> None:
    """Put into the request's copy of the asset what the request wants."""
    if kind == "change":
        for item in asset["items"]:
            if str(item["quantity"]).isdigit():
                item["quantity"] = str(int(item["quantity"]) + words.number(1, 10))
    elif kind == "adjustment":
        for param in asset["params"]:
            if param["phase"] == "fulfillment" and param["id"] == "subscription_id":
                param["value"] = words.uuid()
    elif kind == "renew":
        expires = world.services.clock.now() + timedelta(days=365)
        asset["renewal_expiration_date"] = expires.replace(microsecond=0).isoformat()


def _become(world: World, request: dict[str, Any], status: str) -> None:
    """Add what a request in this status has."""
    product_id = kinds.ASSET_REQUESTS.product_of(request)
    wanted = {"approved": "fulfillment", "inquiring": "inquire"}.get(status)
    if wanted:
        for template in world.objects.all(kinds.PRODUCT_TEMPLATES.collection, parent_id=product_id or ""):
            if template.get("scope") == "asset" and template.get("type") == wanted:
                request["template"] = {**short(template, "id", "name"), "message": template["body"]}
                request["activation_key"] = templates.render(template["body"], request["asset"]["params"])
                break
    if status == "approved":
        request["effective_date"] = world.now()
    elif status == "failed":
        request["reason"] = "The sample request was refused."
    elif status in ("scheduled", "revoking", "revoked"):
        planned = world.services.clock.now() + timedelta(days=30)
        request["planned_date"] = planned.replace(microsecond=0).isoformat()
