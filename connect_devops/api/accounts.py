"""``/accounts``: who the caller is. Runners read the platform's version from its answer before they connect."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from connect_devops.api.calls import Call, ok, route
from connect_devops.api.lists import fields, list_documents
from connect_devops.domain.account import Account
from connect_devops.domain.errors import NotFoundError
from connect_devops.services.container import Services

__all__ = ["account_routes"]

_FIELDS: Final = fields("id:str?^ name:str^~ type:str^")


def account_routes(services: Services) -> list[BaseRoute]:
    """Return the routes."""

    def list_accounts(call: Call) -> Response:
        return list_documents(call.list_request(), [_document(call.identity.account)], _FIELDS)

    def get(call: Call) -> Response:
        if call.path["account"] != call.owner_id:
            raise NotFoundError("account", call.path["account"])
        return ok(_document(call.identity.account))

    return [
        route(services, "/accounts", get=list_accounts),
        route(services, "/accounts/{account}", get=get),
    ]


def _document(account: Account) -> dict[str, Any]:
    """An account in the shape of ``GET /accounts``: vendors are ``vendor``, all others ``provider``."""
    return {
        "id": account.id,
        "name": account.name,
        "type": "vendor" if account.role == "vendor" else "provider",
        "role": account.role,
        "brand": None,
        "external_id": None,
        "sourcing": False,
    }
