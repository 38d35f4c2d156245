"""``…/environments/{ENV}/variables`` (``reference/devops-api.md`` 4.3)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from connect_devops.api import render
from connect_devops.api.bodies import boolean, optional_text, text
from connect_devops.api.calls import Call, column_fields, created, no_content, ok, paged, route
from connect_devops.services.container import Services

__all__ = ["variable_routes"]

_BASE: Final = "/devops/services/{extension}/environments/{environment}/variables"
_LIST_FIELDS: Final = "events.created.at:num^ events.updated.at:num^ id:str? name:str^"


def variable_routes(services: Services) -> list[BaseRoute]:
    """Return the routes."""
    variables = services.variables
    listed = column_fields(variables.columns, _LIST_FIELDS)

    def list_variables(call: Call) -> Response:
        environment = call.environment()
        return paged(
            call,
            listed,
            lambda refine, limit, offset: variables.page(environment.id, refine=refine, limit=limit, offset=offset),
            render.variable,
        )

    def create(call: Call) -> Response:
        environment = call.environment()
        body = call.object()
        variable = variables.create(
            environment.id,
            name=text(body, "name"),
            value=text(body, "value"),
            secure=bool(boolean(body, "secure")),
        )
        return created(render.variable(variable))

    def get(call: Call) -> Response:
        return ok(render.variable(variables.get(call.environment().id, call.path["variable"])))

    def update(call: Call) -> Response:
        environment = call.environment()
        body = call.object()
        variable = variables.update(
            environment.id,
            call.path["variable"],
            value=optional_text(body, "value"),
            secure=boolean(body, "secure"),
        )
        return ok(render.variable(variable))

    def delete(call: Call) -> Response:
        variables.delete(call.environment().id, call.path["variable"])
        return no_content()

    return [
        route(services, _BASE, get=list_variables, post=create),
        route(services, _BASE + "/{variable}", get=get, put=update, delete=delete),
    ]
