"""``…/environments``: settings and actions of an extension's environments (``reference/devops-api.md`` 4.2)."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from connect_devops.api import render
from connect_devops.api.bodies import mapping, optional_text
from connect_devops.api.calls import Call, column_fields, ok, paged, route
from connect_devops.domain.errors import NotFoundError, ValidationError
from connect_devops.services.container import Services
from connect_devops.services.environments import Environment

__all__ = ["environment_routes"]

_BASE: Final = "/devops/services/{extension}/environments"
_ONE: Final = _BASE + "/{environment}"
_LIST_FIELDS: Final = (
    "events.created.at:num^ events.updated.at:num^ external_id:str^ id:str? runtime:str^ status:str^ type:str^"
)
_TEXTS: Final = ("runtime", "jwt_secret", "error_output")


def environment_routes(services: Services) -> list[BaseRoute]:
    """Return the routes."""
    listed = column_fields(services.environments.columns, _LIST_FIELDS)

    def document(environment: Environment) -> dict[str, Any]:
        return render.environment(
            environment,
            services.accounts.get(environment.owner_id),
            sessions=services.environments.sessions(environment.id),
            variables=services.variables.page(environment.id).items,
        )

    def list_environments(call: Call) -> Response:
        extension = call.extension()
        return paged(
            call,
            listed,
            lambda refine, limit, offset: services.environments.page(
                extension.id, refine=refine, limit=limit, offset=offset
            ),
            document,
        )

    def get(call: Call) -> Response:
        return ok(document(call.environment()))

    def update(call: Call) -> Response:
        environment = call.environment()
        body = call.object()
        changes: dict[str, Any] = {name: optional_text(body, name) for name in _TEXTS if name in body}
        if "git" in body:
            changes["git"] = mapping(body, "git")
        return ok(document(services.environments.update(environment.id, changes)))

    def update_configuration(call: Call) -> Response:
        return ok(document(services.environments.apply_configuration(call.environment().id)))

    def set_level(call: Call) -> Response:
        level = call.path["level"].upper()
        return ok(document(services.environments.set_log_level(call.environment().id, level)))

    def start(call: Call) -> Response:
        return ok(document(services.environments.start(call.environment().id)))

    def stop(call: Call) -> Response:
        return ok(document(services.environments.stop(call.environment().id)))

    def logs(call: Call) -> Response:
        environment = call.environment()
        return ok({"id": environment.id, "type": environment.type, "runtime": environment.runtime, "logs": []})

    def report_instance(call: Call) -> Response:
        environment = call.environment()
        instance = call.path["instance"]
        sessions = services.environments.sessions(environment.id)
        if instance not in {session.instance_id for session in sessions}:
            raise NotFoundError("instance", instance)
        error = optional_text(call.object(), "error_output")
        if error is None:
            raise ValidationError.of("error_output", "This field is required.")
        services.environments.update(environment.id, {"error_output": error})
        return ok({"id": instance, "error_output": error})

    return [
        route(services, _BASE, get=list_environments),
        route(services, _ONE, get=get, put=update),
        route(services, _ONE + "/update-config", post=update_configuration),
        route(services, _ONE + "/logs/set-level/{level}", post=set_level),
        route(services, _ONE + "/logs", get=logs),
        route(services, _ONE + "/start", post=start),
        route(services, _ONE + "/stop", post=stop),
        route(services, _ONE + "/event-subscriptions", get=get),
        route(services, _ONE + "/instances/{instance}", put=report_instance),
    ]
