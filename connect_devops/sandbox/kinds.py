"""The kinds of business objects: where each lives, what its status is called, whom its changes concern.

Which change is which event: ``reference/event-types.md`` sections 1 and 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from connect_devops.sandbox.paths import text_at
from connect_devops.storage.objects import StoredObject

__all__ = [
    "ASSETS",
    "ASSET_REQUESTS",
    "BILLING_BATCHES",
    "BILLING_REQUESTS",
    "BILLING_STREAMS",
    "CONNECTIONS",
    "CONTRACTS",
    "CONVERSATIONS",
    "HELPDESK_CASES",
    "HUBS",
    "KINDS",
    "LISTINGS",
    "LISTING_REQUESTS",
    "MARKETPLACES",
    "MEDIA_FILES",
    "MESSAGES",
    "PRICING_BATCHES",
    "PRICING_REQUESTS",
    "PRICING_STREAMS",
    "PRODUCTS",
    "PRODUCT_ACTIONS",
    "PRODUCT_ITEMS",
    "PRODUCT_PARAMETERS",
    "PRODUCT_TEMPLATES",
    "TIER_ACCOUNTS",
    "TIER_ACCOUNT_REQUESTS",
    "TIER_CONFIGS",
    "TIER_CONFIG_REQUESTS",
    "TRANSFORMATION_FUNCTIONS",
    "TRANSLATIONS",
    "USAGE_CHUNKS",
    "USAGE_FILES",
    "USAGE_RECORDS",
    "Kind",
]

_NO_EVENTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


@dataclass(frozen=True)
class Kind:
    """A kind of objects.

    Attributes:
        collection: its list endpoint below ``/public/v1``; unique name of the kind in the table of objects.
        noun: what people call one of them.
        status_field: the property that holds the status.
        product, hub, connection: paths to the ids of what it belongs to.
        marketplace: paths to the id of the marketplace through which it reaches a hub, where it names no hub itself.
        accounts: paths to the ids of the accounts that may see it.
        events: event types of its changes by the object's ``type``; ``*`` stands for any type.
    """

    collection: str
    noun: str
    status_field: str = "status"
    product: tuple[str, ...] = ("product.id",)
    hub: tuple[str, ...] = ("hub.id", "connection.hub.id")
    connection: tuple[str, ...] = ("connection.id",)
    marketplace: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ("vendor.id", "provider.id", "owner.id")
    events: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_EVENTS)

    def status_of(self, doc: Mapping[str, Any]) -> str | None:
        """The object's status, if its kind has one."""
        return text_at(doc, self.status_field)

    def events_of(self, doc: Mapping[str, Any]) -> tuple[str, ...]:
        """The event types that a change of this object is."""
        specific = self.events.get(str(doc.get("type")), ())
        return (*specific, *self.events.get("*", ()))

    def product_of(self, doc: Mapping[str, Any]) -> str | None:
        """The id of the product that the object belongs to."""
        return text_at(doc, self.product)

    def hub_of(self, doc: Mapping[str, Any]) -> str | None:
        """The id of the hub that the object belongs to."""
        return text_at(doc, self.hub)

    def marketplace_of(self, doc: Mapping[str, Any]) -> str | None:
        """The id of the marketplace that leads to the object's hub."""
        return text_at(doc, self.marketplace)

    def accounts_of(self, doc: Mapping[str, Any]) -> set[str]:
        """The accounts that may see the object."""
        return {found for path in self.accounts if (found := text_at(doc, path))}

    def stored(self, doc: dict[str, Any], *, parent_id: str = "") -> StoredObject:
        """The row for a document."""
        return StoredObject(
            collection=self.collection,
            id=str(doc["id"]),
            doc=doc,
            parent_id=parent_id,
            status=self.status_of(doc),
            type=text_at(doc, "type"),
            product_id=self.product_of(doc) or (parent_id if parent_id.startswith("PRD-") else None),
            hub_id=self.hub_of(doc),
            connection_id=text_at(doc, self.connection),
            created=text_at(doc, ("created", "events.created.at", "created_at")),
            updated=text_at(doc, ("updated", "events.updated.at")),
        )


_ASSET_TYPES: Final = ("purchase", "change", "suspend", "resume", "cancel", "adjustment", "renew", "transfer")

ASSET_REQUESTS: Final = Kind(
    "requests",
    "asset request",
    product=("asset.product.id",),
    hub=("asset.connection.hub.id",),
    connection=("asset.connection.id",),
    accounts=("asset.connection.vendor.id", "asset.connection.provider.id"),
    events={kind: (f"asset_{kind}_request_processing",) for kind in _ASSET_TYPES},
)
ASSETS: Final = Kind("assets", "asset", accounts=("connection.vendor.id", "connection.provider.id"))
TIER_CONFIG_REQUESTS: Final = Kind(
    "tier/config-requests",
    "tier configuration request",
    product=("configuration.product.id",),
    hub=("configuration.connection.hub.id", "configuration.account.hub.id"),
    connection=("configuration.connection.id",),
    accounts=("configuration.connection.vendor.id", "configuration.connection.provider.id"),
    events={
        "setup": ("tier_config_setup_request_processing",),
        "update": ("tier_config_change_request_processing",),
        "change": ("tier_config_change_request_processing",),
        "adjustment": ("tier_config_adjustment_request_processing",),
    },
)
TIER_CONFIGS: Final = Kind(
    "tier/configs", "tier configuration", accounts=("connection.vendor.id", "connection.provider.id")
)
TIER_ACCOUNTS: Final = Kind("tier/accounts", "tier account")
TIER_ACCOUNT_REQUESTS: Final = Kind(
    "tier/account-requests",
    "tier account request",
    hub=("account.hub.id",),
    events={"*": ("tier_account_update_request_processing",)},
)
LISTING_REQUESTS: Final = Kind(
    "listing-requests",
    "listing request",
    status_field="state",
    product=("listing.product.id", "product.id"),
    hub=(),
    marketplace=("listing.contract.marketplace.id",),
    accounts=("listing.vendor.id", "listing.provider.id"),
    events={
        "new": ("listing_new_request_processing",),
        "remove": ("listing_remove_request_processing",),
        "*": ("listing_request_processing",),
    },
)
LISTINGS: Final = Kind("listings", "listing", events={"*": ("listing_processing",)})
USAGE_FILES: Final = Kind(
    "usage/files",
    "usage file",
    marketplace=("marketplace.id",),
    events={"*": ("usage_file_request_processing",)},
)
USAGE_CHUNKS: Final = Kind(
    "usage/chunks",
    "usage chunk",
    hub=("binding.hub.id",),
    events={"*": ("part_usage_file_request_processing",)},
)
USAGE_RECORDS: Final = Kind("usage/records", "usage record", product=("product.id", "product_id"))
PRODUCTS: Final = Kind("products", "product", product=("id",), events={"*": ("product_changed",)})
PRODUCT_ITEMS: Final = Kind("products/items", "item")
PRODUCT_PARAMETERS: Final = Kind("products/parameters", "parameter")
PRODUCT_TEMPLATES: Final = Kind("products/templates", "template")
PRODUCT_ACTIONS: Final = Kind("products/actions", "action")
MARKETPLACES: Final = Kind("marketplaces", "marketplace")
HUBS: Final = Kind("hubs", "hub", hub=("id",), accounts=("company.id",))
CONNECTIONS: Final = Kind("connections", "connection", accounts=("vendor.id", "provider.id"))
CONTRACTS: Final = Kind("contracts", "contract", accounts=("owner.id", "issuer.id"))
BILLING_REQUESTS: Final = Kind(
    "billing/requests",
    "billing transformation request",
    product=("stream.context.product.id",),
    hub=(),
    accounts=("stream.owner.id",),
)
PRICING_REQUESTS: Final = Kind(
    "pricing/requests",
    "pricing transformation request",
    product=("stream.context.product.id",),
    hub=(),
    accounts=("stream.owner.id",),
)
BILLING_BATCHES: Final = Kind("billing/batches", "billing batch", product=("stream.context.product.id",), hub=())
PRICING_BATCHES: Final = Kind("pricing/batches", "pricing batch", product=("stream.context.product.id",), hub=())
BILLING_STREAMS: Final = Kind("billing/streams", "billing stream", product=("context.product.id",), hub=())
PRICING_STREAMS: Final = Kind("pricing/streams", "pricing stream", product=("context.product.id",), hub=())
TRANSFORMATION_FUNCTIONS: Final = Kind("devops/transformations", "transformation function", product=(), hub=())
MEDIA_FILES: Final = Kind("media/files", "file", product=(), hub=())
CONVERSATIONS: Final = Kind("conversations", "conversation")
MESSAGES: Final = Kind("conversations/messages", "message")
TRANSLATIONS: Final = Kind(
    "localization/translations", "translation", product=(), hub=(), events={"*": ("translation_change",)}
)
HELPDESK_CASES: Final = Kind(
    "helpdesk/cases",
    "helpdesk case",
    status_field="state",
    hub=(),
    accounts=("issuer.account.id", "receiver.account.id"),
    events={"*": ("helpdesk_case_processing",)},
)

KINDS: Final[Mapping[str, Kind]] = {
    kind.collection: kind
    for kind in (
        ASSET_REQUESTS,
        ASSETS,
        TIER_CONFIG_REQUESTS,
        TIER_CONFIGS,
        TIER_ACCOUNTS,
        TIER_ACCOUNT_REQUESTS,
        LISTING_REQUESTS,
        LISTINGS,
        USAGE_FILES,
        USAGE_CHUNKS,
        USAGE_RECORDS,
        PRODUCTS,
        MARKETPLACES,
        HUBS,
        CONNECTIONS,
        CONTRACTS,
        BILLING_REQUESTS,
        PRICING_REQUESTS,
        BILLING_BATCHES,
        PRICING_BATCHES,
        BILLING_STREAMS,
        PRICING_STREAMS,
        CONVERSATIONS,
        TRANSLATIONS,
        HELPDESK_CASES,
    )
}
"""Kinds with a collection of their own, by its name."""
