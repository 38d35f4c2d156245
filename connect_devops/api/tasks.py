"""``…/environments/{ENV}/tasks``: the queue, as people see it (``reference/devops-api.md`` 4.5).

Ours: attempts, the calls that the handler made, the object as it was, and a try now.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response
from starlette.routing import BaseRoute

from connect_devops.api import render
from connect_devops.api.bodies import mapping, text
from connect_devops.api.calls import Call, column_fields, created, ok, paged, route
from connect_devops.api.paging import Page, list_response
from connect_devops.domain.errors import NotFoundError, ValidationError
from connect_devops.services.container import Services
from connect_devops.services.environments import Environment
from connect_devops.services.queue import NewTask, Task
from connect_eaas.events import CATALOGUE

__all__ = ["task_routes"]

_BASE: Final = "/devops/services/{extension}/environments/{environment}/tasks"
_ONE: Final = _BASE + "/{task}"
_LIST_FIELDS: Final = (
    "assignee:str?^ events.created.at:num^ events.rescheduled.at:num?^ id:str? object.category:str^ object.id:str"
    " object.type:str^ rescheduled_count:num^ runtime_total:num?^ status:str^"
)


def task_routes(services: Services) -> list[BaseRoute]:
    """Return the routes."""
    queue = services.queue
    listed = column_fields(queue.columns, _LIST_FIELDS)

    def documents(environment: Environment, *tasks: Task) -> list[dict[str, Any]]:
        owner = services.accounts.get(environment.owner_id)
        reference = render.environment_reference(environment, owner)
        return [render.task(task, reference, owner) for task in tasks]

    def list_tasks(call: Call) -> Response:
        environment = call.environment()
        owner = services.accounts.get(environment.owner_id)
        reference = render.environment_reference(environment, owner)
        return paged(
            call,
            listed,
            lambda refine, limit, offset: queue.page(environment.id, refine=refine, limit=limit, offset=offset),
            lambda task: render.task(task, reference, owner),
        )

    def create(call: Call) -> Response:
        environment = call.environment()
        body = call.object()
        subject = mapping(body, "object")
        if subject is None:
            raise ValidationError.of("object", "This field is required.")
        event = CATALOGUE.get(text(subject, "type"))
        if event is None:
            raise ValidationError.of("object.type", f"There is no event type {subject['type']}.")
        if subject.get("category", event.category) != event.category:
            raise ValidationError.of("object.category", f"Tasks of {event.type} are {event.category}.")
        new = NewTask(environment.id, event.category, event.type, text(subject, "id"), subject.get("data"))
        return created(documents(environment, queue.submit(new).task)[0])

    def get(call: Call) -> Response:
        environment = call.environment()
        return ok(documents(environment, queue.get(call.path["task"], environment_id=environment.id))[0])

    def resubmit(call: Call) -> Response:
        environment = call.environment()
        task = queue.get(call.path["task"], environment_id=environment.id)
        return ok(documents(environment, queue.resubmit(task.id))[0])

    def retry(call: Call) -> Response:
        environment = call.environment()
        task = queue.get(call.path["task"], environment_id=environment.id)
        return ok(documents(environment, queue.retry(task.id))[0])

    def attempts(call: Call) -> Response:
        environment = call.environment()
        task = queue.get(call.path["task"], environment_id=environment.id)
        wanted = call.list_request()
        page = Page(wanted.limit, wanted.offset)
        found = [render.attempt(attempt) for attempt in queue.timeline(task.id).attempts]
        return list_response(page.cut(found), len(found), page)

    def calls(call: Call) -> Response:
        environment = call.environment()
        task = queue.get(call.path["task"], environment_id=environment.id)
        wanted = call.list_request()
        page = Page(wanted.limit, wanted.offset)
        found = [render.task_call(item) for item in services.task_calls.of(task.id)]
        return list_response(page.cut(found), len(found), page)

    def subject(call: Call) -> Response:
        environment = call.environment()
        task = queue.get(call.path["task"], environment_id=environment.id)
        found = services.task_objects.of(task.id)
        if found is None:
            raise NotFoundError("object of task", task.id)
        return ok(render.task_object(found))

    return [
        route(services, _BASE, get=list_tasks, post=create),
        route(services, _ONE, get=get),
        route(services, _ONE + "/resubmit", post=resubmit),
        route(services, _ONE + "/retry", post=retry),
        route(services, _ONE + "/attempts", get=attempts),
        route(services, _ONE + "/calls", get=calls),
        route(services, _ONE + "/object", get=subject),
    ]
