"""The routes of the business objects (``reference/devops-api.md`` section 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from connect_devops.domain.account import Identity
from connect_devops.sandbox import (
    asset_requests,
    conversations,
    helpdesk,
    kinds,
    listings,
    product_actions,
    tier_accounts,
    tier_config_requests,
    usage,
)
from connect_devops.sandbox.catalogue_routes import catalogue_routes
from connect_devops.sandbox.endpoints import Call, Work, asynchronous, documents, endpoint, guarded, markdown, one
from connect_devops.sandbox.filters import VERSIONS, fields_for
from connect_devops.sandbox.kinds import Kind
from connect_devops.sandbox.local import trigger
from connect_devops.sandbox.machines import HELPDESK_CASE, LISTING_REQUEST
from connect_devops.sandbox.media_routes import media_routes
from connect_devops.sandbox.transformation_routes import transformation_routes
from connect_devops.sandbox.validation import VALIDATED_STATUSES, validate
from connect_devops.sandbox.world import World

__all__ = ["API", "routes"]

API: Final = "/public/v1"

Action = Callable[[World, str, Mapping[str, Any], Identity | None], dict[str, Any]]


def routes(world: World) -> list[BaseRoute]:
    """All routes of the sandbox; those under ``/public/v1`` rely on the caller's identity being checked already."""
    return [
        *_asset_routes(world),
        *_tier_routes(world),
        *_listing_routes(world),
        *_usage_routes(world),
        *_conversation_routes(world),
        *_collection(world, kinds.TRANSLATIONS),
        *_helpdesk_routes(world),
        *catalogue_routes(world),
        *media_routes(world),
        *transformation_routes(world),
        Route(f"{API}/devops/local/trigger", asynchronous(world, trigger), methods=["POST"]),
        Route(f"{product_actions.LINK_PATH}/{{token}}", _link(world), methods=["GET", "POST"]),
    ]


def _link(world: World) -> Any:
    async def open_link(request: Request) -> Response:
        return await product_actions.open_link(world, request.path_params["token"])

    return guarded(open_link)


def _get(world: World, path: str, work: Work) -> Route:
    return Route(f"{API}/{path}", endpoint(world, work), methods=["GET"])


def _post(world: World, path: str, work: Work, *, status: int = 200) -> Route:
    return Route(f"{API}/{path}", endpoint(world, work, status=status), methods=["POST"])


def _put(world: World, path: str, work: Work) -> Route:
    return Route(f"{API}/{path}", endpoint(world, work), methods=["PUT"])


def _delete(world: World, path: str, work: Work) -> Route:
    return Route(f"{API}/{path}", endpoint(world, work), methods=["DELETE"])


def _collection(world: World, kind: Kind) -> list[BaseRoute]:
    """List and look at the objects of a kind."""
    return [
        _get(world, kind.collection, documents(kind, lambda: fields_for(kind.collection))),
        _get(world, f"{kind.collection}/{{id}}", one(kind)),
    ]


def _creating(action: Callable[[World, Mapping[str, Any], Identity | None], dict[str, Any]]) -> Work:
    return lambda call: action(call.world, call.body, call.by)


def _on_object(action: Action) -> Work:
    return lambda call: action(call.world, call.path["id"], call.body, call.by)


def _named(act: Callable[[World, str, str, Mapping[str, Any], Identity | None], dict[str, Any]], action: str) -> Work:
    return lambda call: act(call.world, call.path["id"], action, call.body, call.by)


def _asset_routes(world: World) -> list[BaseRoute]:
    requests, assets = kinds.ASSET_REQUESTS, kinds.ASSETS

    def of_asset(call: Call) -> Response:
        call.world.get(assets, call.path["id"])
        listed = documents(
            requests,
            lambda: fields_for(requests.collection),
            narrow=lambda call, wanted: wanted.and_eq("asset.id", call.path["id"]),
        )
        response: Response = listed(call)
        return response

    def render_asset(call: Call) -> Response:
        asset = call.world.get(assets, call.path["id"])
        return markdown(str(asset.get("activation_key") or ""))

    def render_request(call: Call) -> Response:
        return markdown(str(call.world.get(requests, call.path["id"]).get("activation_key") or ""))

    return [
        *_validated_collection(world, requests, asset_requests.create, asset_requests.update),
        _get(world, "requests/{id}/render", render_request),
        *(
            _post(world, f"requests/{{id}}/{action}", _named(asset_requests.act, action))
            for action in asset_requests.ACTIONS
        ),
        _post(world, "requests/{id}/assign", _on_object(asset_requests.assign)),
        _post(world, "requests/{id}/unassign", _on_object(asset_requests.unassign)),
        *_collection(world, assets),
        _get(world, "assets/{id}/requests", of_asset),
        _get(world, "assets/{id}/render", render_asset),
        _get(world, "subscriptions/assets", documents(assets, lambda: fields_for("subscriptions/assets"))),
        _get(world, "subscriptions/assets/{id}", one(assets)),
    ]


def _validated_collection(
    world: World,
    kind: Kind,
    create: Callable[[World, Mapping[str, Any], Identity | None], dict[str, Any]],
    update: Action,
) -> list[BaseRoute]:
    """List, make and change requests; drafts are shown to the extension, which may find errors in them."""

    async def validated(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        # A handler that saves parameters while it validates must not be asked again.
        return request if call.from_runner else (await validate(world, kind, request)).request

    async def make(call: Call) -> dict[str, Any]:
        return await validated(call, await anyio.to_thread.run_sync(create, world, call.body, call.by))

    async def change(call: Call) -> dict[str, Any]:
        request = await anyio.to_thread.run_sync(update, world, call.path["id"], call.body, call.by)
        return await validated(call, request) if request.get("status") == "draft" else request

    async def check(call: Call) -> dict[str, Any]:
        def merged() -> dict[str, Any]:
            request = world.get(kind, call.path["id"])
            if request.get("status") in VALIDATED_STATUSES:
                return update(world, call.path["id"], call.body, call.by)
            return request

        return (await validate(world, kind, await anyio.to_thread.run_sync(merged))).request

    path = f"{API}/{kind.collection}"
    return [
        *_collection(world, kind),
        Route(path, asynchronous(world, make, status=201), methods=["POST"]),
        Route(f"{path}/{{id}}", asynchronous(world, change), methods=["PUT"]),
        Route(f"{path}/{{id}}/validate", asynchronous(world, check), methods=["POST"]),
    ]


def _tier_routes(world: World) -> list[BaseRoute]:
    requests, configs, accounts = kinds.TIER_CONFIG_REQUESTS, kinds.TIER_CONFIGS, kinds.TIER_ACCOUNTS

    def silent(work: Work) -> Work:
        # These actions answer without a body (reference/devops-api.md section 6, remark 5).
        def quiet(call: Call) -> None:
            work(call)

        return quiet

    def approve(call: Call) -> dict[str, Any]:
        request = tier_config_requests.act(world, call.path["id"], "approve", call.body, call.by)
        template = {name: request["template"].get(name, "") for name in ("id", "representation")}
        return {"template": template, "effective_date": request["effective_date"]}

    def rendered(kind: Kind) -> Work:
        def render(call: Call) -> Response:
            template = call.world.get(kind, call.path["id"]).get("template") or {}
            return markdown(str(template.get("representation") or ""))

        return render

    def change_account(call: Call) -> dict[str, Any]:
        return tier_accounts.update_account(world, call.path["id"], call.body, call.by)

    def delete_account(call: Call) -> None:
        tier_accounts.delete_account(world, call.path["id"])

    return [
        *_validated_collection(world, requests, tier_config_requests.create, tier_config_requests.update),
        _post(world, "tier/config-requests/{id}/approve", approve),
        _post(world, "tier/config-requests/{id}/submit", _named(tier_config_requests.act, "submit")),
        *(
            _post(world, f"tier/config-requests/{{id}}/{action}", silent(_named(tier_config_requests.act, action)))
            for action in ("fail", "inquire", "pend")
        ),
        _post(world, "tier/config-requests/{id}/assign", silent(_on_object(tier_config_requests.assign))),
        _post(world, "tier/config-requests/{id}/unassign", silent(_on_object(tier_config_requests.unassign))),
        _get(world, "tier/config-requests/{id}/render", rendered(requests)),
        *_collection(world, configs),
        _get(world, "tier/configs/{id}/render", rendered(configs)),
        *_collection(world, accounts),
        _post(world, accounts.collection, _creating(tier_accounts.create_account), status=201),
        _put(world, "tier/accounts/{id}", change_account),
        _delete(world, "tier/accounts/{id}", delete_account),
        _get(
            world,
            "tier/accounts/{id}/versions",
            documents(VERSIONS, lambda: fields_for(VERSIONS), parent=lambda call: call.path["id"]),
        ),
        _get(
            world,
            "tier/accounts/{id}/versions/{version}",
            lambda call: tier_accounts.version(world, call.path["id"], call.path["version"]),
        ),
        *_collection(world, kinds.TIER_ACCOUNT_REQUESTS),
        _post(world, kinds.TIER_ACCOUNT_REQUESTS.collection, _creating(tier_accounts.create_request), status=201),
        *(
            _post(world, f"tier/account-requests/{{id}}/{action}", _named(tier_accounts.act, action))
            for action in ("accept", "ignore")
        ),
    ]


def _listing_routes(world: World) -> list[BaseRoute]:
    return [
        *_collection(world, kinds.LISTING_REQUESTS),
        _post(world, kinds.LISTING_REQUESTS.collection, _creating(listings.create), status=201),
        *(
            _post(world, f"listing-requests/{{id}}/{action}", _named(listings.act, action))
            for action in LISTING_REQUEST.actions
        ),
        _post(world, "listing-requests/{id}/assign", _on_object(listings.assign)),
        _post(world, "listing-requests/{id}/unassign", _on_object(listings.unassign)),
        *_collection(world, kinds.LISTINGS),
        _put(world, "listings/{id}", _on_object(listings.update_listing)),
    ]


def _usage_routes(world: World) -> list[BaseRoute]:
    def upload(call: Call) -> dict[str, Any]:
        name, content = call.upload or ("", b"")
        return usage.upload(world, call.path["id"], name, len(content), call.by)

    return [
        *_collection(world, kinds.USAGE_FILES),
        _post(world, kinds.USAGE_FILES.collection, _creating(usage.create_file), status=201),
        _put(world, "usage/files/{id}", _on_object(usage.update_file)),
        _post(world, "usage/files/{id}/upload", upload),
        *(
            _post(world, f"usage/files/{{id}}/{action}", _named(usage.act_on_file, action))
            for action in ("reprocess", "submit", "accept", "reject", "close", "delete")
        ),
        *_collection(world, kinds.USAGE_CHUNKS),
        _put(world, "usage/chunks/{id}", _on_object(usage.update_chunk)),
        *(
            _post(world, f"usage/chunks/{{id}}/{action}", _named(usage.act_on_chunk, action))
            for action in ("close", "regenerate")
        ),
        *_collection(world, kinds.USAGE_RECORDS),
        _put(world, "usage/records/{id}", _on_object(usage.update_record)),
        _post(world, "usage/records/{id}/close", _on_object(usage.close_record)),
    ]


def _helpdesk_routes(world: World) -> list[BaseRoute]:
    return [
        *_collection(world, kinds.HELPDESK_CASES),
        *(
            _post(world, f"helpdesk/cases/{{id}}/{action}", _named(helpdesk.act, action))
            for action in HELPDESK_CASE.actions
        ),
    ]


def _conversation_routes(world: World) -> list[BaseRoute]:
    def conversation(call: Call) -> dict[str, Any]:
        return conversations.resolve(world, call.path["id"], call.by)

    def change_message(call: Call) -> dict[str, Any]:
        return conversations.update_message(world, call.path["id"], call.path["message"], call.body, call.by)

    def close(call: Call) -> dict[str, Any]:
        return conversations.close(world, call.path["id"], call.by)

    def delete(call: Call) -> None:
        conversations.delete(world, call.path["id"])

    messages = documents(
        kinds.MESSAGES,
        lambda: fields_for(kinds.MESSAGES.collection),
        parent=lambda call: str(conversation(call)["id"]),
    )
    return [
        _get(
            world,
            "conversations",
            documents(kinds.CONVERSATIONS, lambda: fields_for(kinds.CONVERSATIONS.collection)),
        ),
        _get(world, "conversations/{id}", conversation),
        _post(world, "conversations", _creating(conversations.create), status=201),
        _delete(world, "conversations/{id}", delete),
        _post(world, "conversations/{id}/close", close),
        _get(world, "conversations/{id}/messages", messages),
        _post(world, "conversations/{id}/messages", _on_object(conversations.add_message), status=201),
        _put(world, "conversations/{id}/messages/{message}", change_message),
    ]
