"""``…/environments/{ENV}/schedules`` (``reference/devops-api.md`` 4.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from connect_devops.api import render
from connect_devops.api.calls import Call, column_fields, created, no_content, ok, paged, route
from connect_devops.services.container import Services
from connect_devops.services.environments import Environment
from connect_devops.services.schedules import Schedule

__all__ = ["schedule_routes"]

_BASE: Final = "/devops/services/{extension}/environments/{environment}/schedules"
_ONE: Final = _BASE + "/{schedule}"
_LIST_FIELDS: Final = (
    "description:str?^ events.created.at:num^ events.last_triggered.at:num?^ events.next_trigger.at:num?^"
    " events.updated.at:num^ id:str? method:str^ name:str^ status:str^ type:str^"
)


def schedule_routes(services: Services) -> list[BaseRoute]:
    """Return the routes."""
    schedules = services.schedules
    listed = column_fields(schedules.columns, _LIST_FIELDS)

    def reference(environment: Environment) -> dict[str, Any]:
        return render.environment_reference(environment, services.accounts.get(environment.owner_id))

    def list_schedules(call: Call) -> Response:
        environment = call.environment()
        shown = reference(environment)
        return paged(
            call,
            listed,
            lambda refine, limit, offset: schedules.page(environment.id, refine=refine, limit=limit, offset=offset),
            lambda schedule: render.schedule(schedule, shown),
        )

    def create(call: Call) -> Response:
        environment = call.environment()
        return created(render.schedule(schedules.create(environment.id, call.object()), reference(environment)))

    def get(call: Call) -> Response:
        environment = call.environment()
        return ok(render.schedule(schedules.get(environment.id, call.path["schedule"]), reference(environment)))

    def update(call: Call) -> Response:
        environment = call.environment()
        schedule = schedules.update(environment.id, call.path["schedule"], call.object())
        return ok(render.schedule(schedule, reference(environment)))

    def delete(call: Call) -> Response:
        schedules.delete(call.environment().id, call.path["schedule"])
        return no_content()

    def action(act: Callable[[str, str], Schedule]) -> Callable[[Call], Response]:
        def handle(call: Call) -> Response:
            environment = call.environment()
            return ok(render.schedule(act(environment.id, call.path["schedule"]), reference(environment)))

        return handle

    def trigger(environment_id: str, schedule_id: str) -> Schedule:
        schedules.trigger(environment_id, schedule_id)
        return schedules.get(environment_id, schedule_id)

    return [
        route(services, _BASE, get=list_schedules, post=create),
        route(services, _ONE, get=get, put=update, delete=delete),
        route(services, _ONE + "/enable", post=action(schedules.enable)),
        route(services, _ONE + "/disable", post=action(schedules.disable)),
        route(services, _ONE + "/trigger", post=action(trigger)),
    ]
