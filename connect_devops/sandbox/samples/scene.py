"""Who takes part in a sale: vendor, provider, hub, marketplace, contract, connection, customer and resellers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from connect_devops.sandbox import kinds
from connect_devops.sandbox.samples.catalogue import ensure_product
from connect_devops.sandbox.samples.words import Words
from connect_devops.sandbox.world import World
from connect_devops.services.extensions import Extension

__all__ = ["SOMEBODY", "Scene", "configuration_params", "short"]

SOMEBODY: Final = {"id": "UR-000-000-000", "name": "Sample User"}
"""Who did what samples say was done."""


def short(doc: dict[str, Any], *names: str) -> dict[str, Any]:
    """The part of a document by which others refer to it."""
    return {name: doc[name] for name in (names or ("id", "name", "icon")) if name in doc}


@dataclass(frozen=True)
class Scene:
    """The setting of samples; the connection of a product keeps it, so later samples play in the same one."""

    product: dict[str, Any]
    vendor: dict[str, Any]
    provider: dict[str, Any]
    hub: dict[str, Any]
    marketplace: dict[str, Any]
    contract: dict[str, Any]
    connection: dict[str, Any]

    @classmethod
    def of(cls, world: World, extension: Extension | None, words: Words) -> Scene:
        """The scene of a product of the extension (and its hub); everything that is missing is made and stored."""
        vendor, provider = _accounts(world, words)
        product = _product(world, extension, words, vendor)
        wanted_hub = extension.hub.id if extension is not None and extension.hub is not None else None
        for connection in world.objects.all(kinds.CONNECTIONS.collection, product_id=str(product["id"])):
            if wanted_hub in (None, (connection.get("hub") or {}).get("id")) and connection.get("marketplace"):
                return cls(
                    product=product,
                    vendor=connection["vendor"],
                    provider=connection["provider"],
                    hub=connection["hub"],
                    marketplace=connection["marketplace"],
                    contract=connection["contract"],
                    connection=connection,
                )
        return cls._made(world, extension, words, product, vendor, provider)

    @classmethod
    def _made(
        cls,
        world: World,
        extension: Extension | None,
        words: Words,
        product: dict[str, Any],
        vendor: dict[str, Any],
        provider: dict[str, Any],
    ) -> Scene:
        now = world.now()
        stamps = {"created": {"at": now}, "updated": {"at": now}}
        own_hub = extension.hub if extension is not None else None
        hub: dict[str, Any] = {
            "id": own_hub.id if own_hub else f"HB-{words.digits(4, 4)}",
            "name": (own_hub.name if own_hub else "") or "Sample Hub",
            "description": "",
            "company": provider,
            "instance": {"id": words.uuid(), "type": "OA"},
            "stats": {"connections": 1, "marketplaces": 1},
            "events": stamps,
        }
        marketplace: dict[str, Any] = {
            "id": f"MP-{words.digits(5)}",
            "name": "Sample Marketplace",
            "description": "A marketplace of the local platform.",
            "owner": provider,
            "hubs": [{"hub": short(hub, "id", "name"), "external_id": words.digits(6)}],
            "countries": [{"id": "US", "name": "United States"}, {"id": "ES", "name": "Spain"}],
            "currency": "USD",
            "stats": {"hubs": 1, "contracts": 1},
            "events": stamps,
        }
        marketplace["icon"] = f"/media/{provider['id']}/marketplaces/{marketplace['id']}/icon.png"
        contract = {
            "id": f"CRD-{words.digits(5, 5, 5)}",
            "name": "Contract of Sample Distribution Agreement",
            "type": "distribution",
            "version": 1,
            "status": "active",
            "kind": "production",
            "owner": vendor,
            "issuer": provider,
            "marketplace": short(marketplace),
            "agreement": {"id": f"AGD-{words.digits(3, 3, 3)}", "name": "Sample Distribution Agreement"},
            "events": {**stamps, "signed": {"at": now}},
        }
        connection = {
            "id": f"CT-{words.digits(4, 4)}",
            "type": "production",
            "status": "active",
            "provider": provider,
            "vendor": vendor,
            "hub": short(hub, "id", "name"),
            "product": short(product),
            "marketplace": short(marketplace),
            "contract": short(contract, "id", "name", "type"),
            "created_at": now,
            "product_version_type": "public",
        }
        if world.find(kinds.HUBS, hub["id"]) is None:
            world.store(kinds.HUBS, hub)
        world.store(kinds.MARKETPLACES, marketplace)
        world.store(kinds.CONTRACTS, contract)
        world.store(kinds.CONNECTIONS, connection)
        return cls(
            product=product,
            vendor=vendor,
            provider=provider,
            hub=short(hub, "id", "name"),
            marketplace=short(marketplace),
            contract=short(contract, "id", "name", "type"),
            connection=connection,
        )

    def shown_connection(self) -> dict[str, Any]:
        """The connection as requests and assets show it."""
        return short(self.connection, "id", "type", "status", "provider", "vendor", "hub", "created_at")

    def account(self, world: World, words: Words, tier: str, parent: dict[str, Any] | None = None) -> dict[str, Any]:
        """A new tier account, stored: a customer, or a reseller of the first or second level."""
        stamp = {"at": world.now(), "by": SOMEBODY}
        stamps = {"created": stamp, "updated": stamp}
        account = {
            "id": f"TA-{words.digits(4, 4, 4)}",
            "version": 1,
            "name": words.company(),
            "type": "customer" if tier == "customer" else "reseller",
            "external_id": words.digits(7),
            "external_uid": words.uuid(),
            "tax_id": f"TAX-{words.digits(6)}",
            "owner": self.provider,
            "hub": self.hub,
            "marketplace": short(self.marketplace, "id", "name"),
            "scopes": [tier],
            "environment": "production",
            "events": stamps,
            "contact_info": words.contact(),
        }
        if parent:
            account["parent"] = short(parent, "id", "name", "external_id")
        return world.store(kinds.TIER_ACCOUNTS, account)


def _product(world: World, extension: Extension | None, words: Words, vendor: dict[str, Any]) -> dict[str, Any]:
    """The first product with items: one that is only known from somebody's payload makes no believable sample."""
    if extension is not None and extension.products:
        ids = [product.id for product in extension.products]
        if world.find(kinds.PRODUCTS, ids[0]) is None:
            return ensure_product(world, ids[0], extension.products[0].name, owner=vendor)
    else:
        ids = [str(product["id"]) for product in world.objects.all(kinds.PRODUCTS.collection)]
    for product_id in ids:
        found = world.find(kinds.PRODUCTS, product_id)
        if found is not None and world.objects.all(kinds.PRODUCT_ITEMS.collection, parent_id=product_id):
            return found
    return ensure_product(world, f"PRD-{words.digits(3, 3, 3)}", owner=vendor)


def _accounts(world: World, words: Words) -> tuple[dict[str, Any], dict[str, Any]]:
    """Vendor and provider; the owner of the platform is one of them."""
    vendor = {"id": f"VA-{words.digits(3, 3)}", "name": "Sample Vendor"}
    provider = {"id": f"PA-{words.digits(3, 3)}", "name": "Sample Distributor"}
    owner = world.services.accounts.owner()
    if owner is not None:
        (vendor if owner.role == "vendor" else provider).update(id=owner.id, name=owner.name)
    for account in (vendor, provider):
        account["icon"] = f"/media/{account['id']}/media/icon.png"
    return vendor, provider


def configuration_params(world: World, scene: Scene, scope: str, value: str) -> list[dict[str, Any]]:
    """Configuration parameters (``product`` or ``item``) with a value, as requests show them."""
    now = world.now()
    return [
        {
            "id": parameter["name"],
            "title": parameter["title"],
            "description": parameter["description"],
            "type": parameter["type"],
            "scope": scope,
            "phase": "configuration",
            "hint": parameter["hint"],
            "placeholder": parameter["placeholder"],
            "value": value,
            "constraints": {"required": False, "hidden": False, "unique": False, "shared": "none"},
            "events": {"created": {"at": now, "by": SOMEBODY}, "updated": {"at": now, "by": SOMEBODY}},
        }
        for parameter in world.objects.all(kinds.PRODUCT_PARAMETERS.collection, parent_id=str(scene.product["id"]))
        if parameter.get("scope") == scope
    ]
