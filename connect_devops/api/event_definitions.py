"""``/devops/event-definitions`` (``reference/event-types.md`` section 5)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from connect_devops.api.calls import Call, ok, route
from connect_devops.api.lists import fields, list_documents
from connect_devops.domain.errors import NotFoundError
from connect_devops.services.container import Services

__all__ = ["event_definition_routes"]

_FIELDS: Final = fields("id:num^ type:str^~ name:str^~ category:str^ group:str^ extension_type:str^ source:str^")


def event_definition_routes(services: Services) -> list[BaseRoute]:
    """Return the routes."""

    def list_definitions(call: Call) -> Response:
        return list_documents(call.list_request(), services.events.definitions(), _FIELDS)

    def get(call: Call) -> Response:
        wanted = call.path["definition"]
        for definition in services.events.definitions():
            if str(definition["id"]) == wanted:
                return ok(definition)
        raise NotFoundError("event definition", wanted)

    return [
        route(services, "/devops/event-definitions", get=list_definitions),
        route(services, "/devops/event-definitions/{definition}", get=get),
    ]
