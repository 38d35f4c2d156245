"""The catalogue of event types: what can happen to an object, and who may hear of it.

Both sides of the wire read it: the platform to match subscriptions and to answer
``GET /devops/event-definitions``, the SDK to validate declarations and to find the fixed method names of
old-style extensions. Facts: ``reference/event-types.md`` and ``reference/sdk-api.md`` section 15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

__all__ = [
    "BACKGROUND",
    "CATALOGUE",
    "EXTENSION_TYPES",
    "INTERACTIVE",
    "SCHEDULED",
    "TRANSFORMATION",
    "Category",
    "EventType",
    "ExtensionType",
    "legacy_method",
]

Category = Literal["background", "interactive", "scheduled", "transformation"]
ExtensionType = Literal["products", "hub", "multiaccount", "transformations"]

BACKGROUND: Final = "background"
INTERACTIVE: Final = "interactive"
SCHEDULED: Final = "scheduled"
TRANSFORMATION: Final = "transformation"

EXTENSION_TYPES: Final[Mapping[ExtensionType, str]] = MappingProxyType(
    {
        "products": "Fulfillment Automation",
        "hub": "Hub Integration",
        "multiaccount": "Multi-Account Installation",
        "transformations": "Commerce Transformations",
    }
)


@dataclass(frozen=True)
class EventType:
    """One type of event.

    ``collection``, ``resource`` and ``filter`` are the texts of an event definition on the wire: endpoints relative
    to ``/public/v1``, with ``{pk}``, ``${_object_id_}`` and ``${_statuses_}`` as placeholders. They are None for
    events whose argument travels in the task itself.
    """

    type: str
    category: Category
    group: str
    name: str
    description: str
    statuses: tuple[str, ...] = ()
    collection: str | None = None
    filter: str | None = None
    status_field: str = "status"
    legacy_method: str | None = None
    extension_types: tuple[ExtensionType, ...] = ("products",)

    @property
    def resource(self) -> str | None:
        """The endpoint of one object, with ``{pk}`` for its id."""
        return None if self.collection is None else f"{self.collection}/{{pk}}"


_EVERYONE: Final[tuple[ExtensionType, ...]] = ("products", "hub", "multiaccount", "transformations")
_WITH_INSTALLATIONS: Final[tuple[ExtensionType, ...]] = ("multiaccount", "transformations")

_REQUEST_STATUSES: Final = (
    "draft",
    "tiers_setup",
    "pending",
    "inquiring",
    "approved",
    "failed",
    "scheduled",
    "revoking",
    "revoked",
)
_TIER_CONFIG_STATUSES: Final = ("draft", "tiers_setup", "pending", "inquiring", "approved", "failed")
_LISTING_STATES: Final = ("draft", "reviewing", "deploying", "canceled", "completed")
_USAGE_FILE_STATUSES: Final = (
    "draft",
    "uploading",
    "uploaded",
    "invalid",
    "processing",
    "processed",
    "ready",
    "rejected",
    "pending",
    "accepted",
    "closed",
)
_PRODUCT_STATUSES: Final = (
    "draft",
    "indevelopment",
    "oncertification",
    "published",
    "initializationfailed",
    "deleted",
    "endofsale",
)


def _by(field: str) -> str:
    return f"and(eq(id,${{_object_id_}}),in({field},${{_statuses_}}))"


def _background(
    type_: str,
    group: str,
    name: str,
    statuses: tuple[str, ...],
    collection: str,
    method: str | None,
    *,
    field: str = "status",
    extension_types: tuple[ExtensionType, ...] = _EVERYONE,
) -> EventType:
    return EventType(
        type=type_,
        category="background",
        group=group,
        name=name,
        description=f"{group}: {name} entered one of the chosen statuses.",
        statuses=statuses,
        collection=collection,
        filter=_by(field) if statuses else "eq(id,${_object_id_})",
        status_field=field,
        legacy_method=method,
        extension_types=extension_types,
    )


def _validation(type_: str, group: str, name: str, statuses: tuple[str, ...], method: str) -> EventType:
    return EventType(
        type=type_,
        category="interactive",
        group=group,
        name=name,
        description=f"{group}: {name} is being filled in and can be checked while the customer waits.",
        statuses=statuses,
        legacy_method=method,
    )


def _asset(kind: str, name: str) -> EventType:
    return _background(
        f"asset_{kind}_request_processing",
        "Subscription",
        name,
        _REQUEST_STATUSES,
        "requests",
        f"process_asset_{kind}_request",
    )


def _tier_config(kind: str, name: str) -> EventType:
    return _background(
        f"tier_config_{kind}_request_processing",
        "Tier Config",
        name,
        _TIER_CONFIG_STATUSES,
        "tier/config-requests",
        f"process_tier_config_{kind}_request",
    )


def _transformation(namespace: str) -> EventType:
    return EventType(
        type=f"{namespace}_transformation_request",
        category="transformation",
        group="Transformation",
        name=f"{namespace.capitalize()} Transformation Request",
        description=f"A {namespace} spreadsheet waits to be transformed.",
        statuses=("pending",),
        collection=f"{namespace}/requests",
        filter="and(eq(id,${_object_id_}),eq(status,pending))",
        extension_types=("transformations",),
    )


_EVENTS: Final = (
    _asset("purchase", "Purchase Request"),
    _asset("change", "Change Request"),
    _asset("suspend", "Suspend Request"),
    _asset("resume", "Resume Request"),
    _asset("cancel", "Cancellation Request"),
    _asset("adjustment", "Adjustment Request"),
    _asset("renew", "Renew Request"),
    _asset("transfer", "Transfer Request"),
    _tier_config("setup", "Setup Request"),
    _tier_config("change", "Change Request"),
    _tier_config("adjustment", "Adjustment Request"),
    _background(
        "listing_new_request_processing",
        "Listing",
        "New Request",
        _LISTING_STATES,
        "listing-requests",
        "process_new_listing_request",
        field="state",
    ),
    _background(
        "listing_remove_request_processing",
        "Listing",
        "Remove Request",
        _LISTING_STATES,
        "listing-requests",
        "process_remove_listing_request",
        field="state",
    ),
    _background(
        "tier_account_update_request_processing",
        "Tier Account",
        "Update Request",
        ("pending", "accepted", "ignored"),
        "tier/account-requests",
        "process_tier_account_update_request",
    ),
    _background(
        "usage_file_request_processing",
        "Usage",
        "Usage File",
        _USAGE_FILE_STATUSES,
        "usage/files",
        "process_usage_file",
    ),
    _background(
        "part_usage_file_request_processing",
        "Usage",
        "Usage Chunk File",
        ("draft", "ready", "closed", "failed"),
        "usage/chunks",
        "process_usage_chunk_file",
    ),
    _background(
        "installation_status_change",
        "Installation",
        "Status Change",
        ("installed", "uninstalled"),
        "devops/installations",
        None,
        extension_types=_WITH_INSTALLATIONS,
    ),
    _background(
        "listing_processing",
        "Listing",
        "Listing",
        ("listed", "unlisted"),
        "listings",
        None,
        extension_types=_WITH_INSTALLATIONS,
    ),
    _background(
        "listing_request_processing",
        "Listing",
        "Request",
        _LISTING_STATES,
        "listing-requests",
        None,
        field="state",
        extension_types=_WITH_INSTALLATIONS,
    ),
    _background(
        "product_changed",
        "Product",
        "Product Changed",
        _PRODUCT_STATUSES,
        "products",
        None,
        extension_types=_WITH_INSTALLATIONS,
    ),
    _background(
        "translation_change",
        "Localization",
        "Translation Change",
        (),
        "localization/translations",
        None,
        extension_types=_WITH_INSTALLATIONS,
    ),
    _background(
        "helpdesk_case_processing",
        "Helpdesk",
        "Case",
        ("pending", "inquiring", "resolved", "closed"),
        "helpdesk/cases",
        None,
        field="state",
        extension_types=_WITH_INSTALLATIONS,
    ),
    _validation(
        "asset_purchase_request_validation",
        "Subscription",
        "Purchase Request Validation",
        _REQUEST_STATUSES,
        "validate_asset_purchase_request",
    ),
    _validation(
        "asset_change_request_validation",
        "Subscription",
        "Change Request Validation",
        _REQUEST_STATUSES,
        "validate_asset_change_request",
    ),
    _validation(
        "asset_renew_request_validation",
        "Subscription",
        "Renew Request Validation",
        _REQUEST_STATUSES,
        "validate_asset_renew_request",
    ),
    _validation(
        "asset_transfer_request_validation",
        "Subscription",
        "Transfer Request Validation",
        _REQUEST_STATUSES,
        "validate_asset_transfer_request",
    ),
    _validation(
        "tier_config_setup_request_validation",
        "Tier Config",
        "Setup Request Validation",
        _TIER_CONFIG_STATUSES,
        "validate_tier_config_setup_request",
    ),
    _validation(
        "tier_config_change_request_validation",
        "Tier Config",
        "Change Request Validation",
        _TIER_CONFIG_STATUSES,
        "validate_tier_config_change_request",
    ),
    EventType(
        type="product_action_execution",
        category="interactive",
        group="Product",
        name="Action Execution",
        description="Product: somebody pressed a product action and waits for the answer.",
        legacy_method="execute_product_action",
    ),
    EventType(
        type="product_custom_event_processing",
        category="interactive",
        group="Product",
        name="Custom Event Processing",
        description="Product: an external system called the extension's custom event address.",
        legacy_method="process_product_custom_event",
    ),
    EventType(
        type="scheduled_execution",
        category="scheduled",
        group="Schedule",
        name="Scheduled Execution",
        description="A schedule of the environment is due.",
        extension_types=_EVERYONE,
    ),
    _transformation("billing"),
    _transformation("pricing"),
)

CATALOGUE: Final[Mapping[str, EventType]] = MappingProxyType({event.type: event for event in _EVENTS})
"""Every known event type by its name. The platform may define more; the runner accepts those too."""


def legacy_method(event_type: str) -> str:
    """Return the fixed method name by which an old-style extension handles ``event_type``.

    Raises:
        KeyError: the type is unknown, or has no fixed name (it exists for decorated handlers only).
    """
    method = CATALOGUE[event_type].legacy_method
    if method is None:
        raise KeyError(event_type)
    return method
