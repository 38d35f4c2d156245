"""What requests do to their assets.

The states: ``reference/event-types.md`` section 7. A request holds a copy of its asset; the asset itself changes when
the request is made, approved or failed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from connect_devops.domain.errors import RuleError
from connect_devops.sandbox.kinds import ASSETS
from connect_devops.sandbox.world import World

__all__ = ["REQUEST_TYPES", "check_can_request", "copy_for_request", "follow"]

REQUEST_TYPES: Final = ("purchase", "change", "suspend", "resume", "cancel", "adjustment", "renew", "transfer")

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "change": ("active",),
    "suspend": ("active",),
    "resume": ("suspended",),
    "cancel": ("active", "suspended"),
    "adjustment": ("active", "suspended"),
    "renew": ("active",),
    "transfer": ("active",),
}
# Status of the asset once its request is approved; the others leave it as it is.
_APPROVED: Final[Mapping[str, str]] = {
    "purchase": "active",
    "suspend": "suspended",
    "resume": "active",
    "cancel": "terminated",
}
_COPIED: Final = ("params", "items", "tiers", "external_id", "external_uid")


def check_can_request(asset: Mapping[str, Any], request_type: str) -> None:
    """Raise RuleError if an asset in this status cannot have a request of this type."""
    needed = _NEEDS[request_type]
    if asset.get("status") not in needed:
        raise RuleError(
            f"asset: a {request_type} request needs an asset that is {' or '.join(needed)}, "
            f"{asset.get('id')} is {asset.get('status')}."
        )


def copy_for_request(asset: Mapping[str, Any]) -> dict[str, Any]:
    """The asset as a new request shows it: the present quantities are the old ones now."""
    shown = copy.deepcopy(dict(asset))
    for name in ("pending_request", "template"):
        shown.pop(name, None)
    for item in shown.get("items") or []:
        item["old_quantity"] = item.get("quantity", "0")
    return shown


def follow(world: World, request: dict[str, Any]) -> None:
    """Bring the asset, and the request's copy of it, to what the request's status means; saves the asset."""
    shown = request["asset"]
    if not isinstance(shown, dict) or not shown.get("id"):
        return
    asset = world.find(ASSETS, str(shown["id"])) or {}
    status = request.get("status")
    kind = str(request.get("type"))
    before = asset.get("status") or shown.get("status")
    after = _status_after(kind, str(status), before)
    if kind == "purchase" or status == "approved":
        previous: dict[str, Any] = {name: asset[name] for name in ("created", "events") if name in asset}
        kept = {name: copy.deepcopy(shown[name]) for name in shown if kind == "purchase" or name in _COPIED}
        asset = {**asset, **kept, **previous}
    if not asset:
        asset = copy.deepcopy(shown)
    asset["status"] = shown["status"] = after
    world.stamp(asset, "created" if "created" not in asset.get("events", {}) else "updated", None)
    if "updated" not in asset["events"]:
        world.stamp(asset, "updated", None)
    if status in ("approved", "failed", "revoked"):
        asset.pop("pending_request", None)
    else:
        asset["pending_request"] = {"id": request["id"], "type": kind, "status": status}
    if status == "approved" and isinstance(request.get("template"), dict):
        asset["template"] = {name: request["template"][name] for name in ("id", "name") if name in request["template"]}
    world.store(ASSETS, asset)


def _status_after(kind: str, status: str, before: str | None) -> str:
    if status == "approved":
        return _APPROVED.get(kind, before or "active")
    if kind == "purchase":
        return {"draft": "draft", "failed": "terminated", "revoked": "terminated"}.get(status, "processing")
    if kind == "cancel" and before in ("active", "terminating"):
        return "active" if status in ("failed", "revoked", "draft") else "terminating"
    return before or "active"
