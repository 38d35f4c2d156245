"""A sample product with its parts: items, parameters, templates, actions."""

from __future__ import annotations

from typing import Any, Final

from connect_devops.sandbox import kinds
from connect_devops.sandbox.world import World

__all__ = ["ensure_product", "remember_product"]

_ITEMS: Final = (
    ("Team workspace seats", "TEAM-SEATS", "reservation", "monthly", "licenses", "Licenses"),
    ("Business workspace seats", "BUSINESS-SEATS", "reservation", "yearly", "licenses", "Licenses"),
    ("Stored gigabytes", "STORAGE-GB", "ppu", "monthly", "gb", "Gb"),
)
_PARAMETERS: Final = (
    ("admin_email", "Administrator's e-mail", "email", "asset", "ordering", True),
    ("workspace_domain", "Domain of the workspace", "domain", "asset", "ordering", False),
    ("subscription_id", "Subscription in the service", "text", "asset", "fulfillment", False),
    ("activation_url", "Address of the workspace", "url", "asset", "fulfillment", False),
    ("activation_status", "Progress of the activation", "text", "asset", "fulfillment", False),
    ("partner_number", "Partner number", "text", "tier1", "ordering", False),
    ("partner_token", "Partner token", "text", "tier1", "fulfillment", False),
    ("distributor_number", "Distributor number", "text", "tier2", "ordering", False),
)
_CHOICES: Final = (
    {"value": "team", "label": "Team", "default": True},
    {"value": "business", "label": "Business", "default": False},
)
# Parameters of other types, with what their types need: value choices, limits of length, defaults.
_SPECIAL_PARAMETERS: Final[tuple[dict[str, Any], ...]] = (
    {"name": "edition", "title": "Edition", "type": "dropdown", "constraints": {"choices": _CHOICES}},
    {"name": "extras", "title": "Extras", "type": "checkbox", "constraints": {"choices": _CHOICES}},
    {"name": "office_address", "title": "Address of the office", "type": "address", "default": {"country": "US"}},
    {"name": "support_phone", "title": "Telephone for support", "type": "phone"},
    {"name": "workspace_title", "title": "Title", "type": "text", "constraints": {"min_length": 1, "max_length": 100}},
    {"name": "service_url", "title": "Address of the service", "type": "url", "scope": "product"},
    {"name": "plan_code", "title": "Code of the plan", "type": "text", "scope": "item"},
)
_TEMPLATES: Final = (
    (
        "Your workspace is ready",
        "# Welcome\n\nYour workspace is at {{ activation_url }}.\n\nSubscription: **{{ subscription_id }}**\n",
        "asset",
        "fulfillment",
    ),
    (
        "We need something from you",
        "Please check the domain **{{ workspace_domain }}** and send the order again.\n",
        "asset",
        "inquire",
    ),
    ("Your reseller account is ready", "Partner number: **{{ partner_number }}**\n", "tier1", None),
    ("Your distributor account is ready", "Distributor number: **{{ distributor_number }}**\n", "tier2", None),
)
_ACTIONS: Final = (
    ("sso", "Open the workspace", "asset", "Signs you in to your workspace."),
    ("reset_password", "Reset the administrator's password", "asset", "Sends a link to the administrator."),
    ("partner_portal", "Open the partner portal", "tier1", "Signs you in to the partner portal."),
)


def ensure_product(
    world: World, product_id: str, name: str = "", *, owner: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The product of that id; made with items, parameters, templates and actions if there is none."""
    with world.services.store.transaction():
        if found := world.find(kinds.PRODUCTS, product_id):
            return found
        now = world.now()
        digits = product_id.partition("-")[2]
        stamps = {"created": {"at": now}, "updated": {"at": now}}
        vendor = owner or {}
        product = {
            "id": product_id,
            "name": name or "Cloud Workspace",
            "icon": f"/media/{vendor.get('id', 'VA-000-000')}/{product_id}/media/{product_id}-logo.png",
            "status": "published",
            "short_description": "Shared documents, chat and storage for teams.",
            "detailed_description": "A sample product. Change what you like: it belongs to your local platform only.",
            "configurations": {"suspend_resume_supported": True, "requires_reseller_information": True},
            "customer_ui_settings": {
                "description": "A workspace for your team.",
                "getting_started": "Open the workspace and invite your colleagues.",
                "download_links": [],
                "documents": [],
                "languages": [],
                "provisioning_message": "Your workspace is being prepared.",
            },
            "category": {"id": "CAT-00012", "name": "Collaboration"},
            "published_at": now,
            "owner": vendor,
            "latest": True,
            "version": 1,
            "usage_rule": {"enabled": True},
            "stats": {"versions": 1},
            "capabilities": {
                "ppu": {"schema": "QT", "dynamic": False, "future": False},
                "reservation": {"consumption": False},
                "cart": {"validation": True},
                "inquiring": {"validation": True},
                "tiers": {"updates": True, "configs": {"level": 2}, "validation": True},
                "subscription": {
                    "hold": True,
                    "schema": "evergreen",
                    "change": {
                        "editable_ordering_parameters": True,
                        "validation": True,
                        "inquiring_validation": True,
                    },
                },
            },
            "visibility": {"owner": True, "listing": True, "syndication": True, "catalog": True},
            "changes_description": "",
            "public": True,
            "events": stamps,
        }
        world.store(kinds.PRODUCTS, product)
        _store_parts(world, product_id, digits, stamps)
        return product


def _store_parts(world: World, product_id: str, digits: str, stamps: dict[str, Any]) -> None:
    for number, (name, mpn, type_, period, unit, title) in enumerate(_ITEMS, 1):
        item = {
            "id": f"PRD-{digits}-{number:04d}",
            "name": name,
            "status": "published",
            "unit": {"id": unit, "name": title, "title": title, "unit": "unit"},
            "mpn": mpn,
            "position": number * 10000,
            "type": type_,
            "local_id": mpn.replace("-", "_"),
            "display_name": name,
            "period": period,
            "precision": "integer",
            "commitment": {"multiplier": "billing_period", "count": 1},
            "dynamic": False,
            "description": name,
            "depth": 0,
            "ui": {"visibility": True},
            "ui_visibility": True,
            "events": stamps,
        }
        world.store(kinds.PRODUCT_ITEMS, item, parent_id=product_id)
    for number, (name, title, type_, scope, phase, required) in enumerate(_PARAMETERS, 1):
        parameter = {
            "id": f"PRM-{digits}-{number:04d}",
            "name": name,
            "title": title,
            "description": title,
            "type": type_,
            "scope": scope,
            "phase": phase,
            "hint": title,
            "placeholder": "",
            "constraints": {"required": required, "hidden": False, "unique": False, "reconciliation": False},
            "position": number * 10000,
            "events": stamps,
        }
        world.store(kinds.PRODUCT_PARAMETERS, parameter, parent_id=product_id)
    for number, special in enumerate(_SPECIAL_PARAMETERS, len(_PARAMETERS) + 1):
        basic = {"required": False, "hidden": False, "unique": False, "reconciliation": False}
        scope = special.get("scope", "asset")
        parameter = {
            **special,
            "id": f"PRM-{digits}-{number:04d}",
            "description": special["title"],
            "scope": scope,
            "phase": "ordering" if scope == "asset" else "configuration",
            "hint": special["title"],
            "placeholder": "",
            "constraints": {**basic, **special.get("constraints", {})},
            "position": number * 10000,
            "events": stamps,
        }
        world.store(kinds.PRODUCT_PARAMETERS, parameter, parent_id=product_id)
    for number, (name, text, scope, type_or_none) in enumerate(_TEMPLATES, 1):
        template = {
            "id": f"TL-{digits}-{number:03d}",
            "title": name,
            "name": name,
            "body": text,
            "scope": scope,
            **({"type": type_or_none} if type_or_none else {}),
            "position": number * 10000,
            "events": stamps,
        }
        world.store(kinds.PRODUCT_TEMPLATES, template, parent_id=product_id)
    for number, (action, name, scope, description) in enumerate(_ACTIONS, 1):
        button = {
            "id": f"ACT-{digits}-{number:03d}",
            "action": action,
            "name": name,
            "type": "button",
            "scope": scope,
            "description": description,
            "title": name,
            "events": stamps,
        }
        world.store(kinds.PRODUCT_ACTIONS, button, parent_id=product_id)


def remember_product(world: World, reference: dict[str, Any]) -> None:
    """Keep what a payload tells about a product that the sandbox does not know: no parts, so anything goes."""
    if reference.get("id") and world.find(kinds.PRODUCTS, str(reference["id"])) is None:
        product = {"name": str(reference["id"]), "status": "published", **reference}
        product.setdefault("events", {"created": {"at": world.now()}})
        world.store(kinds.PRODUCTS, product)
