"""Samples of tier configuration requests, tier account requests, listings and usage."""

from __future__ import annotations

import copy
from typing import Any

from connect_devops.sandbox import kinds, templates
from connect_devops.sandbox.samples.scene import SOMEBODY, Scene, configuration_params, short
from connect_devops.sandbox.samples.words import Words
from connect_devops.sandbox.world import World

__all__ = ["listing", "listing_request", "tier_account_request", "tier_config_request", "usage_chunk", "usage_file"]


def tier_config_request(world: World, scene: Scene, words: Words, kind: str, status: str) -> dict[str, Any]:
    """A tier configuration request (``setup``, ``update``, ``adjustment``), not stored.

    Others than setups have an active configuration behind them, which is stored.
    """
    now = world.now()
    stamps = {"created": {"at": now, "by": SOMEBODY}, "updated": {"at": now, "by": SOMEBODY}}
    distributor = _tier(scene.account(world, words, "tier2"))
    reseller = _tier(scene.account(world, words, "tier1", distributor))
    parent = _configuration(world, scene, words, distributor, 2, {"tier1": distributor, "tier2": {}})
    parent["status"] = "active"
    world.store(kinds.TIER_CONFIGS, copy.deepcopy(parent))
    config = _configuration(world, scene, words, reseller, 1, {"tier1": reseller, "tier2": distributor})
    request_id = f"TCR-{config['id'].partition('-')[2]}-{1 if kind == 'setup' else 2:03d}"
    if kind != "setup":
        config["status"] = "active"
        world.store(kinds.TIER_CONFIGS, copy.deepcopy(config))
    shown = {name: value for name, value in config.items() if name != "tiers"}
    if status not in ("approved", "failed"):
        shown["open_request"] = {"id": request_id}
    request: dict[str, Any] = {
        "id": request_id,
        "type": kind,
        "status": status,
        "configuration": shown,
        "parent_configuration": {name: value for name, value in parent.items() if name != "tiers"},
        "events": {**copy.deepcopy(stamps), "pended": {"at": now}},
        "params": copy.deepcopy(config["params"]),
        "assignee": SOMEBODY,
        "template": config["template"],
        "environment": scene.connection.get("type", "production"),
        "tiers": config["tiers"],
    }
    if kind == "update":
        for param in request["params"]:
            if param["phase"] == "ordering":
                param["value"] = words.digits(6)
    if status == "approved":
        request["effective_date"] = now
        request["events"]["approved"] = {"at": now, "by": SOMEBODY}
    elif status == "failed":
        request["reason"] = "The sample request was refused."
    elif status == "inquiring":
        request["events"]["inquired"] = {"at": now, "by": SOMEBODY}
    return request


def _tier(account: dict[str, Any]) -> dict[str, Any]:
    return short(account, "id", "type", "name", "external_id", "external_uid", "contact_info", "tax_id")


def _configuration(
    world: World, scene: Scene, words: Words, account: dict[str, Any], level: int, tiers: dict[str, Any]
) -> dict[str, Any]:
    now = world.now()
    return {
        "id": f"TC-{words.digits(3, 3, 3)}",
        "name": f"Configuration of {account['id']}",
        "account": account,
        "product": short(scene.product, "id", "name", "icon", "status"),
        "tier_level": level,
        "connection": scene.shown_connection(),
        "events": {"created": {"at": now, "by": SOMEBODY}, "updated": {"at": now, "by": SOMEBODY}},
        "params": _tier_params(world, scene, words, level),
        "template": _tier_template(world, scene, level),
        "status": "processing",
        "configuration": {"params": configuration_params(world, scene, "product", "https://api.example.com")},
        "contract": scene.contract,
        "marketplace": scene.marketplace,
        "tiers": tiers,
    }


def _tier_params(world: World, scene: Scene, words: Words, level: int) -> list[dict[str, Any]]:
    return [
        {
            "id": parameter["name"],
            "title": parameter.get("title", ""),
            "description": parameter.get("description", ""),
            "type": parameter.get("type", "text"),
            "scope": parameter["scope"],
            "phase": parameter.get("phase", "ordering"),
            "hint": parameter.get("hint", ""),
            "constraints": {"required": False, "hidden": False, "unique": False, "readonly": False},
            "value": words.digits(6) if parameter.get("phase") == "ordering" else "",
            "value_error": "",
        }
        for parameter in world.objects.all(kinds.PRODUCT_PARAMETERS.collection, parent_id=str(scene.product["id"]))
        if parameter.get("scope") == f"tier{level}"
    ]


def _tier_template(world: World, scene: Scene, level: int) -> dict[str, Any]:
    for template in world.objects.all(kinds.PRODUCT_TEMPLATES.collection, parent_id=str(scene.product["id"])):
        if template.get("scope") == f"tier{level}":
            return {**short(template, "id", "name"), "representation": templates.render(template["body"], [])}
    return {}


def tier_account_request(world: World, scene: Scene, words: Words, status: str) -> dict[str, Any]:
    """A request to take over a customer's changed data, not stored."""
    now = world.now()
    account = copy.deepcopy(scene.account(world, words, "customer"))
    account["version"] = 2
    account["contact_info"] = words.contact()
    return {
        "id": f"TAR-{account['id'].partition('-')[2]}-002-001",
        "type": "update",
        "status": status,
        "account": account,
        "vendor": scene.vendor,
        "provider": scene.provider,
        "product": short(scene.product, "id", "name", "icon", "status"),
        **({"reason": "The sample change was ignored."} if status == "ignored" else {}),
        "events": {"created": {"at": now, "by": SOMEBODY}, "updated": {"at": now}},
    }


def listing(world: World, scene: Scene, words: Words, status: str) -> dict[str, Any]:
    """A listing of the product, not stored."""
    now = world.now()
    return {
        "id": f"LST-{words.digits(3, 3, 3)}",
        "status": status,
        "contract": {**scene.contract, "marketplace": scene.marketplace},
        "product": {**short(scene.product, "id", "name", "icon", "status"), "version": 1},
        "created": now,
        "updated": now,
        "upgrade_available": False,
        "vendor": scene.vendor,
        "provider": scene.provider,
    }


def listing_request(world: World, scene: Scene, words: Words, kind: str, state: str) -> dict[str, Any]:
    """A request to list or unlist the product, not stored; its listing is stored."""
    now = world.now()
    listed = (kind == "new") == (state == "completed")
    about = world.store(kinds.LISTINGS, listing(world, scene, words, "listed" if listed else "unlisted"))
    return {
        "id": f"LSTR-{about['id'].partition('-')[2]}-001",
        "type": kind,
        "state": state,
        "product": short(about["product"], "id", "name", "icon", "version"),
        "listing": about,
        "creator": SOMEBODY,
        "assignee": {},
        "note": "",
        "created": now,
        "updated": now,
        "events": {"created": {"at": now, "by": SOMEBODY}, "updated": {"at": now}},
    }


def usage_file(world: World, scene: Scene, words: Words, status: str) -> dict[str, Any]:
    """A usage file of the present month, not stored."""
    moment, now = world.services.clock.now(), world.now()
    file_id = f"UF-{moment:%Y-%m}-{words.digits(4, 4)}"
    events: dict[str, Any] = {"created": {"at": now, "by": SOMEBODY}}
    for event, later in (
        ("uploaded", ("ready", "pending", "accepted", "rejected", "closed")),
        ("submitted", ("pending", "accepted", "rejected", "closed")),
        ("accepted", ("accepted", "closed")),
        ("rejected", ("rejected",)),
        ("closed", ("closed",)),
    ):
        if status in later:
            events[event] = {"at": now, "by": SOMEBODY}
    return {
        "id": file_id,
        "name": f"Usage of {moment:%B %Y}",
        "external_id": words.code(8),
        "description": "Usage of the sample product.",
        "note": "",
        "status": status,
        "schema": "qt",
        "currency": "USD",
        "period": {"from": f"{moment:%Y-%m}-01", "to": f"{moment:%Y-%m-%d}"},
        "created_by": SOMEBODY["name"],
        "created_at": now,
        "environment": "production",
        "vendor": scene.vendor,
        "provider": scene.provider,
        "product": short(scene.product, "id", "name", "icon"),
        "contract": short(scene.contract, "id", "name"),
        "marketplace": scene.marketplace,
        "usage_file_uri": f"/public/v1/usage/files/{file_id}/uploaded.xlsx",
        "processed_file_uri": f"/public/v1/usage/files/{file_id}/processed.xlsx",
        "acceptance_note": "The usage is right." if status in ("accepted", "closed") else "",
        "rejection_note": "The usage of one item is wrong." if status == "rejected" else "",
        "error_detail": "The sheet has no records." if status == "invalid" else "",
        "stats": {"uploaded": 12, "validated": 12, "pending": 0, "accepted": 0, "closed": 0},
        "records": {"valid": 12, "invalid": 0, "closed": 0},
        "events": events,
    }


def usage_chunk(world: World, scene: Scene, words: Words, status: str) -> dict[str, Any]:
    """A chunk of an accepted usage file, not stored; the file is stored."""
    whole = world.store(kinds.USAGE_FILES, usage_file(world, scene, words, "accepted"))
    return {
        "id": f"UFC-{whole['id'].partition('-')[2]}-001",
        "status": status,
        "outdated": False,
        "usagefile": short(whole, "id", "name", "schema", "currency"),
        "product": whole["product"],
        "binding": {"hub": scene.hub, "external_id": words.digits(6)},
        "marketplace": scene.marketplace,
        "vendor": scene.vendor,
        "provider": scene.provider,
        "external_id": "",
        "error": {"detail": "The chunk could not be made."} if status == "failed" else {},
        "stats": {"uploaded": 12, "validated": 12, "pending": 0, "accepted": 12, "closed": 0, "billed": 0},
        "events": {"created": {"at": world.now(), "by": SOMEBODY}},
    }
