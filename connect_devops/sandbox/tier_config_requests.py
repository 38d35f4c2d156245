"""Tier configuration requests and the configurations that they set up.

Bodies and answers: ``reference/devops-api.md`` section 6; transitions: ``machines.TIER_CONFIG_REQUEST``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import RuleError, ValidationError
from connect_devops.sandbox import body, parameters, templates
from connect_devops.sandbox.kinds import (
    CONNECTIONS,
    PRODUCT_PARAMETERS,
    PRODUCTS,
    TIER_ACCOUNTS,
    TIER_CONFIG_REQUESTS,
    TIER_CONFIGS,
)
from connect_devops.sandbox.machines import TIER_CONFIG_REQUEST
from connect_devops.sandbox.world import World

__all__ = ["ACTIONS", "act", "assign", "create", "follow", "unassign", "update"]

_TYPES: Final = ("setup", "update", "adjustment")
_SHOWN: Final = (
    "id",
    "name",
    "account",
    "product",
    "tier_level",
    "connection",
    "events",
    "params",
    "template",
    "status",
    "configuration",
    "contract",
    "marketplace",
)

Prepare = Callable[[World, dict[str, Any], Mapping[str, Any]], None]


def create(world: World, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make a request: a setup for a new configuration, otherwise an update or adjustment of an existing one.

    Raises:
        ValidationError: a field is missing or wrong.
        NotFoundError: there is no such configuration.
        RuleError: the configuration has an open request.
    """
    asked = body.require_object(sent, "configuration")
    status = body.text(sent, "status") or "pending"
    if status not in TIER_CONFIG_REQUEST.statuses:
        raise ValidationError.of("status", f"'{status}' is none of {', '.join(TIER_CONFIG_REQUEST.statuses)}.")
    with world.services.store.transaction():
        config_id = body.text(asked, "id")
        config = world.get(TIER_CONFIGS, config_id) if config_id else _new_configuration(world, asked)
        kind = body.text(sent, "type") or ("update" if config_id else "setup")
        if kind not in _TYPES:
            raise ValidationError.of("type", f"'{kind}' is none of {', '.join(_TYPES)}.")
        if (open_request := config.get("open_request")) and open_request.get("id"):
            raise RuleError(f"configuration: {config['id']} has an open request, {open_request['id']}.")
        params = copy.deepcopy(config.get("params") or [])
        parameters.merge(params, body.objects_in(sent, "params"), path="params")
        request: dict[str, Any] = {
            "id": world.next_id(TIER_CONFIG_REQUESTS, f"TCR-{str(config['id']).partition('-')[2]}"),
            "type": kind,
            "status": status,
            "configuration": {name: config[name] for name in _SHOWN if name in config},
            "events": {},
            "params": params,
            "assignee": {},
            "template": config.get("template", {}),
            "environment": (config.get("connection") or {}).get("type", "preview"),
            "tiers": config.get("tiers") or {"tier1": config.get("account", {}), "tier2": {}},
        }
        if status == "pending":
            world.stamp(request, "pended", by)
        follow(world, request)
        return world.change(TIER_CONFIG_REQUESTS, request, by=by, event="created")


def _new_configuration(world: World, asked: Mapping[str, Any]) -> dict[str, Any]:
    product_id = body.reference_id(asked, "product", path="configuration.product")
    if product_id is None:
        raise ValidationError.of("configuration.product.id", "This field is required.")
    product = world.find(PRODUCTS, product_id)
    if product is None:
        raise ValidationError.of("configuration.product.id", f"There is no product {product_id}.")
    account_id = body.reference_id(asked, "account", path="configuration.account")
    if account_id is None:
        raise ValidationError.of("configuration.account.id", "This field is required.")
    account = world.find(TIER_ACCOUNTS, account_id)
    if account is None:
        raise ValidationError.of("configuration.account.id", f"There is no tier account {account_id}.")
    level = asked.get("tier_level", 1)
    if level not in (1, 2) or isinstance(level, bool):
        raise ValidationError.of("configuration.tier_level", "This field is 1 or 2.")
    for config in world.objects.all(TIER_CONFIGS.collection, product_id=product_id):
        if config.get("tier_level") == level and (config.get("account") or {}).get("id") == account_id:
            raise ValidationError.of("configuration", f"{config['id']} exists for this account, product and level.")
    connections = world.objects.all(CONNECTIONS.collection, product_id=product_id)
    connection = connections[0] if connections else {}
    config_id = world.new_id(TIER_CONFIGS, "TC", 3, 3, 3)
    shown_account = {
        name: account[name] for name in ("id", "external_id", "external_uid", "name", "contact_info") if name in account
    }
    return {
        "id": config_id,
        "name": f"Configuration of {account_id}",
        "account": shown_account,
        "product": {name: product[name] for name in ("id", "icon", "name", "status") if name in product},
        "tier_level": level,
        "connection": {
            name: connection[name]
            for name in ("id", "type", "status", "provider", "vendor", "hub", "created_at")
            if name in connection
        },
        "events": {"created": {"at": world.now()}, "updated": {"at": world.now()}},
        "params": _parameters(world, product_id, level),
        "template": {},
        "status": "processing",
        "contract": connection.get("contract", {}),
        "marketplace": connection.get("marketplace", {}),
        "tiers": {"tier1": shown_account, "tier2": {}},
    }


def _parameters(world: World, product_id: str, level: int) -> list[dict[str, Any]]:
    return [
        {
            "id": parameter["name"],
            "title": parameter.get("title", parameter["name"]),
            "description": parameter.get("description", ""),
            "type": parameter.get("type", "text"),
            "scope": parameter["scope"],
            "phase": parameter.get("phase", "ordering"),
            "constraints": parameter.get("constraints") or {},
            "value": "",
            "value_error": "",
        }
        for parameter in world.objects.all(PRODUCT_PARAMETERS.collection, parent_id=product_id)
        if parameter.get("scope") == f"tier{level}" and parameter.get("phase") != "configuration"
    ]


def update(world: World, request_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Change parameters or notes of an open request.

    Raises:
        NotFoundError, ValidationError; RuleError: the request is closed.
    """
    with world.services.store.transaction():
        request = world.get(TIER_CONFIG_REQUESTS, request_id)
        if TIER_CONFIG_REQUEST.is_final(request.get("status")):
            raise RuleError(f"status: a request that is {request.get('status')} cannot be changed.")
        changed = parameters.merge(request.setdefault("params", []), body.objects_in(sent, "params"), path="params")
        if "notes" in sent and sent["notes"] != request.get("notes"):
            request["notes"] = body.text(sent, "notes") or ""
            changed = True
        return world.change(TIER_CONFIG_REQUESTS, request, by=by) if changed else request


def act(world: World, request_id: str, action: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Carry out one of ``ACTIONS``.

    Returns:
        the request; which part of it is answered is the endpoint's business.

    Raises:
        NotFoundError, ValidationError; RuleError: not possible in the request's status.
    """
    with world.services.store.transaction():
        request = world.get(TIER_CONFIG_REQUESTS, request_id)
        status = TIER_CONFIG_REQUEST.next_status(action, request.get("status"))
        prepare, event = ACTIONS[action]
        if prepare is not None:
            prepare(world, request, sent)
        request["status"] = status
        follow(world, request)
        return world.change(TIER_CONFIG_REQUESTS, request, by=by, event=event)


def _approve(world: World, request: dict[str, Any], sent: Mapping[str, Any]) -> None:
    template_id = body.reference_id(sent, "template") or body.text(sent, "template_id")
    if template_id is None:
        raise ValidationError.of("template.id", "This field is required.")
    template = templates.choose(
        world,
        TIER_CONFIG_REQUESTS.product_of(request),
        template_id,
        type_=None,
        scope=f"tier{(request.get('configuration') or {}).get('tier_level', 1)}",
        field="template.id",
    )
    request["template"] = {
        "id": template["id"],
        "name": template.get("name", template["id"]),
        "representation": templates.render(template.get("body") or "", request.get("params") or []),
    }
    asked = sent.get("template")
    effective = sent if "effective_date" in sent or not isinstance(asked, dict) else asked
    request["effective_date"] = body.moment(effective, "effective_date") or world.now()


def _fail(world: World, request: dict[str, Any], sent: Mapping[str, Any]) -> None:
    request["reason"] = body.text(sent, "reason", required=True, at_most=500)


ACTIONS: Final[Mapping[str, tuple[Prepare | None, str]]] = {
    "submit": (None, "pended"),
    "approve": (_approve, "approved"),
    "fail": (_fail, "failed"),
    "inquire": (None, "inquired"),
    "pend": (None, "pended"),
}
"""Actions by their names in the URL: what each does with the body, and the name of its time stamp."""


def follow(world: World, request: dict[str, Any]) -> None:
    """Bring the configuration to what the request's status means, and save it."""
    shown = request.get("configuration")
    if not isinstance(shown, dict) or not shown.get("id"):
        return
    config = world.find(TIER_CONFIGS, str(shown["id"])) or copy.deepcopy(shown)
    if TIER_CONFIG_REQUEST.is_final(request.get("status")):
        config.pop("open_request", None)
    else:
        config["open_request"] = {"id": request["id"]}
    if request.get("status") == "approved":
        config["params"] = copy.deepcopy(request.get("params") or [])
        config["template"] = request.get("template") or config.get("template", {})
        config["status"] = "active"
    elif request.get("status") != "failed":
        config["status"] = (
            "draft" if request.get("status") == "draft" and request.get("type") == "setup" else "processing"
        )
    elif request.get("type") != "setup":
        config["status"] = "active"
    config.setdefault("tiers", request.get("tiers") or {})
    world.stamp(config, "updated", None)
    shown["status"] = config["status"]
    shown["params"] = copy.deepcopy(config.get("params") or [])
    world.store(TIER_CONFIGS, config)


def assign(world: World, request_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make somebody (the caller, if the body names nobody) responsible for a request."""
    name = body.text(sent, "email") or (by.key_name if by else "")
    return _set_assignee(
        world, request_id, {"id": body.text(sent, "id") or (by.key_id if by else ""), "name": name}, by
    )


def unassign(world: World, request_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make nobody responsible for a request."""
    return _set_assignee(world, request_id, {}, by)


def _set_assignee(world: World, request_id: str, who: dict[str, Any], by: Identity | None) -> dict[str, Any]:
    with world.services.store.transaction():
        request = world.get(TIER_CONFIG_REQUESTS, request_id)
        request["assignee"] = who
        return world.change(TIER_CONFIG_REQUESTS, request, by=by)
