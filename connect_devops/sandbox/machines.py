"""State machines of the business objects, as tables (``reference/event-types.md`` section 7).

An action that is not in the table of the object's status is refused; nothing else decides about status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connect_devops.domain.errors import RuleError

__all__ = [
    "ASSET_REQUEST",
    "HELPDESK_CASE",
    "LISTING_REQUEST",
    "TIER_ACCOUNT_REQUEST",
    "TIER_CONFIG_REQUEST",
    "TRANSFORMATION_REQUEST",
    "USAGE_CHUNK",
    "USAGE_FILE",
    "USAGE_RECORD",
    "Machine",
]


@dataclass(frozen=True)
class Machine:
    """Statuses of a kind of objects, and where each action leads from each status."""

    noun: str
    statuses: tuple[str, ...]
    final: frozenset[str]
    actions: Mapping[str, Mapping[str, str]]

    def next_status(self, action: str, status: str | None) -> str:
        """The status after an action.

        Raises:
            RuleError: the action is not possible in this status.
        """
        targets = self.actions[action]
        if status is None or status not in targets:
            possible = " or ".join(sorted(targets))
            raise RuleError(f"status: '{action}' is possible for a {self.noun} that is {possible}, not {status}.")
        return targets[status]

    def is_final(self, status: str | None) -> bool:
        """Nothing leads out of this status."""
        return status in self.final


ASSET_REQUEST: Final = Machine(
    "request",
    statuses=(
        "draft",
        "tiers_setup",
        "pending",
        "inquiring",
        "approved",
        "failed",
        "scheduled",
        "revoking",
        "revoked",
    ),
    final=frozenset({"approved", "failed", "revoked"}),
    actions={
        "purchase": {"draft": "pending"},
        "submit": {"draft": "pending"},
        "approve": {"pending": "approved"},
        "fail": {"pending": "failed", "tiers_setup": "failed"},
        "inquire": {"pending": "inquiring"},
        "pend": {"inquiring": "pending"},
        "schedule": {"pending": "scheduled"},
        "revoke": {"scheduled": "revoking"},
        # Nobody public says what confirms: here it stands for what the platform does by itself when the planned date
        # has come, or when the revocation is through.
        "confirm": {"scheduled": "pending", "revoking": "revoked", "tiers_setup": "pending"},
    },
)

TIER_CONFIG_REQUEST: Final = Machine(
    "tier configuration request",
    statuses=("draft", "tiers_setup", "pending", "inquiring", "approved", "failed"),
    final=frozenset({"approved", "failed"}),
    actions={
        "submit": {"draft": "pending"},
        "approve": {"pending": "approved"},
        "fail": {"pending": "failed", "inquiring": "failed", "tiers_setup": "failed"},
        "inquire": {"pending": "inquiring", "tiers_setup": "inquiring"},
        "pend": {"inquiring": "pending", "tiers_setup": "pending"},
    },
)

TIER_ACCOUNT_REQUEST: Final = Machine(
    "tier account request",
    statuses=("pending", "accepted", "ignored", "unsupported"),
    final=frozenset({"accepted", "ignored", "unsupported"}),
    actions={"accept": {"pending": "accepted"}, "ignore": {"pending": "ignored"}},
)

LISTING_REQUEST: Final = Machine(
    "listing request",
    statuses=("draft", "reviewing", "deploying", "canceled", "completed"),
    final=frozenset({"canceled", "completed"}),
    actions={
        "submit": {"draft": "reviewing"},
        "refine": {"reviewing": "draft"},
        "deploy": {"reviewing": "deploying"},
        "complete": {"deploying": "completed"},
        "cancel": {"reviewing": "canceled", "deploying": "canceled"},
    },
)

USAGE_FILE: Final = Machine(
    "usage file",
    statuses=(
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
        "deleted",
    ),
    final=frozenset({"closed", "deleted"}),
    actions={
        # Uploading and processing take no time here.
        "upload": {"draft": "ready", "uploading": "ready", "invalid": "ready", "ready": "ready", "rejected": "ready"},
        "reprocess": {"ready": "ready", "invalid": "ready", "uploaded": "ready", "processing": "ready"},
        "submit": {"ready": "pending"},
        "accept": {"pending": "accepted"},
        "reject": {"pending": "rejected"},
        "close": {"accepted": "closed"},
        "delete": {"draft": "deleted", "invalid": "deleted", "ready": "deleted", "rejected": "deleted"},
    },
)

USAGE_CHUNK: Final = Machine(
    "usage chunk",
    statuses=("draft", "ready", "closed", "failed"),
    final=frozenset({"closed"}),
    actions={"close": {"ready": "closed"}, "regenerate": {"ready": "ready", "failed": "ready", "draft": "ready"}},
)

USAGE_RECORD: Final = Machine(
    "usage record",
    statuses=("valid", "invalid", "approved", "rejected", "closed"),
    final=frozenset({"closed"}),
    actions={"close": {"valid": "closed", "approved": "closed"}},
)

HELPDESK_CASE: Final = Machine(
    "helpdesk case",
    statuses=("pending", "inquiring", "resolved", "closed"),
    final=frozenset({"closed"}),
    actions={
        "inquire": {"pending": "inquiring"},
        "pend": {"inquiring": "pending", "resolved": "pending"},
        "resolve": {"pending": "resolved"},
        "close": {"resolved": "closed"},
    },
)

TRANSFORMATION_REQUEST: Final = Machine(
    "transformation request",
    statuses=("scheduled", "pending", "completed", "published", "failed", "canceled"),
    final=frozenset({"published", "failed", "canceled"}),
    actions={"process": {"pending": "completed"}, "fail": {"pending": "failed", "scheduled": "failed"}},
)
