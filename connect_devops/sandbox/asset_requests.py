"""Asset requests: making, changing and acting on them.

Bodies and answers: ``reference/devops-api.md`` section 6; transitions: ``machines.ASSET_REQUEST``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import RuleError, ValidationError
from connect_devops.sandbox import assets, body, parameters, purchase, templates
from connect_devops.sandbox.kinds import ASSET_REQUESTS, ASSETS
from connect_devops.sandbox.machines import ASSET_REQUEST
from connect_devops.sandbox.paths import value_at
from connect_devops.sandbox.world import World

__all__ = ["ACTIONS", "act", "assign", "create", "unassign", "update"]

Prepare = Callable[[World, dict[str, Any], Mapping[str, Any]], None]


def create(world: World, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make a request; its asset follows.

    Raises:
        ValidationError: a field is missing or wrong.
        RuleError: the asset's status does not allow it, or another request of it is open.
        NotFoundError: there is no such asset.
    """
    kind = body.text(sent, "type", required=True)
    if kind not in assets.REQUEST_TYPES:
        raise ValidationError.of("type", f"'{kind}' is none of {', '.join(assets.REQUEST_TYPES)}.")
    status = body.text(sent, "status") or "pending"
    if status not in ASSET_REQUEST.statuses:
        raise ValidationError.of("status", f"'{status}' is none of {', '.join(ASSET_REQUEST.statuses)}.")
    asked = body.require_object(sent, "asset")
    with world.services.store.transaction():
        asset = purchase.new_asset(world, sent, asked) if kind == "purchase" else _asset_for(world, kind, asked)
        now = world.now()
        request: dict[str, Any] = {
            "id": world.next_id(ASSET_REQUESTS, f"PR-{str(asset['id']).partition('-')[2]}"),
            "type": kind,
            "note": body.text(sent, "note") or "",
            "asset": asset,
            "reason": body.text(sent, "reason") or "",
            "created": now,
            "updated": now,
            "answered": False,
            "assignee": "",
            "activation_key": "",
            "external_attributes": sent.get("external_attributes") or {},
            "marketplace": asset.get("marketplace", {}),
            "contract": asset.get("contract", {}),
            "status": status,
        }
        if status == "pending":
            world.stamp(request, "pended", by)
        assets.follow(world, request)
        return world.change(ASSET_REQUESTS, request, by=by, event="created")


def _asset_for(world: World, kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    asset_id = body.text(asked, "id")
    if asset_id is None:
        raise ValidationError.of("asset.id", "This field is required.")
    asset = world.get(ASSETS, asset_id)
    assets.check_can_request(asset, kind)
    pending = asset.get("pending_request")
    if isinstance(pending, dict) and pending.get("id"):
        raise RuleError(f"asset: {asset_id} has an open request, {pending['id']}.")
    shown = assets.copy_for_request(asset)
    if kind in ("change", "adjustment", "renew"):
        purchase.change_items(world, shown, body.objects_in(asked, "items", path="asset.items"))
        parameters.merge(
            shown.setdefault("params", []), body.objects_in(asked, "params", path="asset.params"), path="asset.params"
        )
    if kind == "transfer" and isinstance(asked.get("tiers"), dict):
        shown["tiers"] = purchase.tiers(world, asked["tiers"], shown)
    return shown


def update(world: World, request_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Change parameters of an open request; in a draft also items and the note.

    Raises:
        NotFoundError, ValidationError; RuleError: the request is closed.
    """
    with world.services.store.transaction():
        request = world.get(ASSET_REQUESTS, request_id)
        if ASSET_REQUEST.is_final(request.get("status")):
            raise RuleError(f"status: a request that is {request.get('status')} cannot be changed.")
        asked = sent.get("asset")
        if asked is not None and not isinstance(asked, dict):
            raise ValidationError.of("asset", "This field must be an object.")
        asset = request.setdefault("asset", {})
        changes = body.objects_in(asked or {}, "params", path="asset.params")
        changed = parameters.merge(asset.setdefault("params", []), changes, path="asset.params")
        if "note" in sent and sent["note"] != request.get("note"):
            request["note"] = body.text(sent, "note") or ""
            changed = True
        items = body.objects_in(asked or {}, "items", path="asset.items")
        if items and request.get("status") == "draft":
            purchase.change_items(world, asset, items)
            changed = True
        # Saying the same again is no change, hence no event: a handler that saves what it found would wake itself.
        return world.change(ASSET_REQUESTS, request, by=by) if changed else request


def act(world: World, request_id: str, action: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Carry out one of ``ACTIONS``.

    Raises:
        NotFoundError, ValidationError; RuleError: not possible in the request's status.
    """
    with world.services.store.transaction():
        request = world.get(ASSET_REQUESTS, request_id)
        status = ASSET_REQUEST.next_status(action, request.get("status"))
        prepare, event = ACTIONS[action]
        if prepare is not None:
            prepare(world, request, sent)
        request["status"] = status
        assets.follow(world, request)
        return world.change(ASSET_REQUESTS, request, by=by, event=event)


def _approve(world: World, request: dict[str, Any], sent: Mapping[str, Any]) -> None:
    _show(world, request, sent, type_="fulfillment")
    request["effective_date"] = body.moment(sent, "effective_date") or world.now()
    billing = value_at(sent, "asset.billing")
    if isinstance(billing, dict):
        request["asset"]["billing"] = {**(request["asset"].get("billing") or {}), **billing}
    request["reason"] = ""


def _inquire(world: World, request: dict[str, Any], sent: Mapping[str, Any]) -> None:
    if sent.get("template_id") or sent.get("activation_tile") or sent.get("template"):
        _show(world, request, sent, type_="inquire")


def _show(world: World, request: dict[str, Any], sent: Mapping[str, Any], *, type_: str) -> None:
    """Put the text that the customer sees into the request: from a template, or given as it is."""
    template_id = body.text(sent, "template_id") or body.reference_id(sent, "template")
    tile = body.text(sent, "activation_tile")
    if template_id is None and tile is None:
        raise ValidationError.of("template_id", "Either template_id or activation_tile is required.")
    params = request["asset"].get("params") or []
    if template_id is None:
        request["activation_key"] = tile
        return
    template = templates.choose(
        world,
        ASSET_REQUESTS.product_of(request),
        template_id,
        type_=type_,
        scope="asset",
        field="template_id",
    )
    request["template"] = {"id": template["id"], "name": template.get("name", template["id"])}
    request["activation_key"] = templates.render(template.get("body") or "", params)


def _fail(world: World, request: dict[str, Any], sent: Mapping[str, Any]) -> None:
    request["reason"] = body.text(sent, "reason", required=True)


def _revoke(world: World, request: dict[str, Any], sent: Mapping[str, Any]) -> None:
    request["reason"] = body.text(sent, "reason") or ""


def _schedule(world: World, request: dict[str, Any], sent: Mapping[str, Any]) -> None:
    request["planned_date"] = body.moment(sent, "planned_date", required=True)


ACTIONS: Final[Mapping[str, tuple[Prepare | None, str]]] = {
    "purchase": (None, "pended"),
    "submit": (None, "pended"),
    "approve": (_approve, "approved"),
    "fail": (_fail, "failed"),
    "inquire": (_inquire, "inquired"),
    "pend": (None, "pended"),
    "schedule": (_schedule, "scheduled"),
    "revoke": (_revoke, "revoked"),
    "confirm": (None, "confirmed"),
}
"""Actions by their names in the URL: what each does with the body, and the name of its time stamp."""


def assign(world: World, request_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make somebody (the caller, if the body names nobody) responsible for a request. No change of status."""
    who = body.text(sent, "id") or body.text(sent, "email") or (by.key_name if by else "")
    return _set_assignee(world, request_id, who or "", by)


def unassign(world: World, request_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make nobody responsible for a request."""
    return _set_assignee(world, request_id, "", by)


def _set_assignee(world: World, request_id: str, who: str, by: Identity | None) -> dict[str, Any]:
    with world.services.store.transaction():
        request = world.get(ASSET_REQUESTS, request_id)
        request["assignee"] = who
        return world.change(ASSET_REQUESTS, request, by=by)
