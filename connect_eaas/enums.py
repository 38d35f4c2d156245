"""Names of results, task categories and event types, as plain strings (reference/sdk-api.md section 3)."""

from __future__ import annotations

from typing import Final

__all__ = ["EventType", "ResultType", "TaskCategory"]


class ResultType:
    """How a task ended, in the wire's words."""

    SUCCESS: Final = "success"
    RESCHEDULE: Final = "reschedule"
    SKIP: Final = "skip"
    RETRY: Final = "retry"
    FAIL: Final = "fail"
    DELETE: Final = "delete"


class TaskCategory:
    """Which of the four ways of working a task belongs to."""

    BACKGROUND: Final = "background"
    INTERACTIVE: Final = "interactive"
    SCHEDULED: Final = "scheduled"
    TRANSFORMATION: Final = "transformation"


class EventType:
    """Event types that have a constant; ``connect_eaas.events.CATALOGUE`` knows some more."""

    ASSET_PURCHASE_REQUEST_PROCESSING: Final = "asset_purchase_request_processing"
    ASSET_CHANGE_REQUEST_PROCESSING: Final = "asset_change_request_processing"
    ASSET_SUSPEND_REQUEST_PROCESSING: Final = "asset_suspend_request_processing"
    ASSET_RESUME_REQUEST_PROCESSING: Final = "asset_resume_request_processing"
    ASSET_CANCEL_REQUEST_PROCESSING: Final = "asset_cancel_request_processing"
    ASSET_ADJUSTMENT_REQUEST_PROCESSING: Final = "asset_adjustment_request_processing"
    ASSET_RENEW_REQUEST_PROCESSING: Final = "asset_renew_request_processing"
    ASSET_TRANSFER_REQUEST_PROCESSING: Final = "asset_transfer_request_processing"
    ASSET_PURCHASE_REQUEST_VALIDATION: Final = "asset_purchase_request_validation"
    ASSET_CHANGE_REQUEST_VALIDATION: Final = "asset_change_request_validation"
    ASSET_RENEW_REQUEST_VALIDATION: Final = "asset_renew_request_validation"
    ASSET_TRANSFER_REQUEST_VALIDATION: Final = "asset_transfer_request_validation"
    PRODUCT_ACTION_EXECUTION: Final = "product_action_execution"
    PRODUCT_CUSTOM_EVENT_PROCESSING: Final = "product_custom_event_processing"
    TIER_CONFIG_SETUP_REQUEST_PROCESSING: Final = "tier_config_setup_request_processing"
    TIER_CONFIG_CHANGE_REQUEST_PROCESSING: Final = "tier_config_change_request_processing"
    TIER_CONFIG_ADJUSTMENT_REQUEST_PROCESSING: Final = "tier_config_adjustment_request_processing"
    TIER_CONFIG_SETUP_REQUEST_VALIDATION: Final = "tier_config_setup_request_validation"
    TIER_CONFIG_CHANGE_REQUEST_VALIDATION: Final = "tier_config_change_request_validation"
    SCHEDULED_EXECUTION: Final = "scheduled_execution"
    LISTING_NEW_REQUEST_PROCESSING: Final = "listing_new_request_processing"
    LISTING_REMOVE_REQUEST_PROCESSING: Final = "listing_remove_request_processing"
    TIER_ACCOUNT_UPDATE_REQUEST_PROCESSING: Final = "tier_account_update_request_processing"
    USAGE_FILE_REQUEST_PROCESSING: Final = "usage_file_request_processing"
    PART_USAGE_FILE_REQUEST_PROCESSING: Final = "part_usage_file_request_processing"
