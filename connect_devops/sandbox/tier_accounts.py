"""Tier accounts, their versions, and the requests to take over their changes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.sandbox import body
from connect_devops.sandbox.kinds import ASSETS, PRODUCTS, TIER_ACCOUNT_REQUESTS, TIER_ACCOUNTS, TIER_CONFIGS
from connect_devops.sandbox.machines import TIER_ACCOUNT_REQUEST
from connect_devops.sandbox.world import World

__all__ = ["VERSIONS", "act", "create_account", "create_request", "delete_account", "update_account", "version"]

VERSIONS: Final = "tier/accounts/versions"
"""Collection of the former states of accounts; parent is the account, id the version's number."""

_CHANGEABLE: Final = ("name", "external_id", "external_uid", "tax_id", "contact_info", "type", "parent")


def create_account(world: World, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make a tier account.

    Raises:
        ValidationError: the name or the contact data is missing.
    """
    name = body.text(sent, "name", required=True)
    contact = body.require_object(sent, "contact_info")
    with world.services.store.transaction():
        now = world.now()
        account = {
            "id": world.new_id(TIER_ACCOUNTS, "TA", 4, 4, 4),
            "version": 1,
            "name": name,
            "type": body.text(sent, "type") or "customer",
            "external_id": body.text(sent, "external_id") or "",
            "external_uid": body.text(sent, "external_uid") or world.services.ids.uuid(),
            "tax_id": body.text(sent, "tax_id") or "",
            "parent": sent.get("parent") or {},
            "scopes": sent.get("scopes") or [],
            "hub": sent.get("hub") or {},
            "owner": {"id": by.account.id, "name": by.account.name} if by else {},
            "events": {"created": {"at": now}, "updated": {"at": now}},
            "environment": body.text(sent, "environment") or "preview",
            "contact_info": contact,
        }
        _keep_version(world, account)
        return world.store(TIER_ACCOUNTS, account)


def update_account(world: World, account_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Change an account; its version counts up.

    Raises:
        NotFoundError: there is no such account.
    """
    with world.services.store.transaction():
        account = world.get(TIER_ACCOUNTS, account_id)
        account.update({name: sent[name] for name in _CHANGEABLE if name in sent})
        return _new_version(world, account, by)


def delete_account(world: World, account_id: str) -> None:
    """Delete an account that nothing refers to.

    Raises:
        NotFoundError: there is no such account.
        RuleError: an asset or a configuration uses it.
    """
    with world.services.store.transaction():
        world.get(TIER_ACCOUNTS, account_id)
        for asset in world.objects.all(ASSETS.collection):
            if any((tier or {}).get("id") == account_id for tier in (asset.get("tiers") or {}).values()):
                raise RuleError(f"id: {account_id} is used by {asset['id']}.")
        for config in world.objects.all(TIER_CONFIGS.collection):
            if (config.get("account") or {}).get("id") == account_id:
                raise RuleError(f"id: {account_id} is used by {config['id']}.")
        world.objects.delete(TIER_ACCOUNTS.collection, account_id)


def version(world: World, account_id: str, number: str) -> dict[str, Any]:
    """A former (or the present) state of an account.

    Raises:
        NotFoundError: there is no such account or version.
    """
    account = world.get(TIER_ACCOUNTS, account_id)
    if str(account.get("version")) == number:
        return account
    found = world.objects.get(VERSIONS, number, parent_id=account_id)
    if found is None:
        raise NotFoundError("version", f"{number} of {account_id}")
    return found


def create_request(world: World, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make a request to take over a changed account.

    Raises:
        ValidationError: the account is missing or unknown.
    """
    asked = body.require_object(sent, "account")
    account_id = body.text(asked, "id")
    with world.services.store.transaction():
        account = world.find(TIER_ACCOUNTS, account_id) if account_id else None
        if account is None:
            raise ValidationError.of("account.id", f"There is no tier account {account_id}.")
        product_id = body.reference_id(sent, "product")
        product = world.find(PRODUCTS, product_id) if product_id else next(iter(_products_of(world, account_id)), None)
        shown = copy.deepcopy(account)
        shown.update({name: asked[name] for name in _CHANGEABLE if name in asked})
        shown["version"] = int(account.get("version") or 1) + 1
        request: dict[str, Any] = {
            "id": world.next_id(
                TIER_ACCOUNT_REQUESTS, f"TAR-{str(account['id']).partition('-')[2]}-{shown['version']:03d}"
            ),
            "type": "update",
            "status": "pending",
            "account": shown,
            "vendor": (product or {}).get("owner", {}),
            "provider": account.get("owner", {}),
            "product": {name: product[name] for name in ("id", "icon", "name", "status") if name in product}
            if product
            else {},
            "events": {},
        }
        return world.change(TIER_ACCOUNT_REQUESTS, request, by=by, event="created")


def _products_of(world: World, account_id: str | None) -> list[dict[str, Any]]:
    for asset in world.objects.all(ASSETS.collection):
        if any((tier or {}).get("id") == account_id for tier in (asset.get("tiers") or {}).values()):
            product = world.find(PRODUCTS, ASSETS.product_of(asset) or "")
            return [product] if product else []
    return []


def act(world: World, request_id: str, action: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Accept a request (the account takes over the new data) or ignore it (a reason is needed).

    Raises:
        NotFoundError, ValidationError; RuleError: the request is not pending.
    """
    with world.services.store.transaction():
        request = world.get(TIER_ACCOUNT_REQUESTS, request_id)
        status = TIER_ACCOUNT_REQUEST.next_status(action, request.get("status"))
        if action == "ignore":
            request["reason"] = body.text(sent, "reason", required=True, at_most=255)
        request["status"] = status
        if status == "accepted":
            account = world.find(TIER_ACCOUNTS, str(request["account"]["id"])) or {}
            account.update(copy.deepcopy(request["account"]))
            _keep_version(world, account)
            world.stamp(account, "updated", by)
            world.store(TIER_ACCOUNTS, account)
        return world.change(TIER_ACCOUNT_REQUESTS, request, by=by, event=status)


def _new_version(world: World, account: dict[str, Any], by: Identity | None) -> dict[str, Any]:
    account["version"] = int(account.get("version") or 1) + 1
    world.stamp(account, "updated", by)
    _keep_version(world, account)
    return world.store(TIER_ACCOUNTS, account)


def _keep_version(world: World, account: Mapping[str, Any]) -> None:
    number = str(account.get("version") or 1)
    row = TIER_ACCOUNTS.stored(copy.deepcopy(dict(account)))
    world.objects.put(
        type(row)(collection=VERSIONS, id=number, doc=row.doc, parent_id=str(account["id"]), updated=row.updated)
    )
