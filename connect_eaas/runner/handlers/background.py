"""Background tasks: the object is read over REST, if it still has a status that the extension wants.

Facts: ``reference/websocket-protocol.md`` section 6.1.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from connect_eaas.declarations import Declarations
from connect_eaas.protocol.messages import EventDefinition, Task, TaskOutput
from connect_eaas.runner import outcome
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.handlers.call import Call, CallPlan, Settled
from connect_eaas.runner.platform_api import PlatformApi

__all__ = ["plan"]


async def plan(task: Task, declarations: Declarations, configuration: Configuration, api: PlatformApi) -> CallPlan:
    """Find the method and read its argument, with the task's own key where it has one.

    Raises:
        ApiCallError: a REST call failed.
    """
    event_type = task.input.event_type
    handler = declarations.handler_of(event_type)
    if handler is None:
        name = declarations.application.__name__
        return Settled(outcome.refused(event_type, f"{name} has no handler for {event_type}"))
    definition = configuration.definition(event_type)
    if definition is None:
        text = f"{event_type}: neither the platform nor the SDK knows where its objects are read"
        return Settled(outcome.failed("background", event_type, text))
    key = task.options.api_key
    query = _query(definition, task.input.object_id, handler.statuses)
    resource = definition.api_resource_endpoint.replace("{pk}", quote(task.input.object_id, safe="-_.~"))
    # Both calls at the same time: nearly always both are needed.
    fetching = asyncio.ensure_future(api.fetch(resource, api_key=key))
    try:
        if await api.count(definition.api_collection_endpoint, query, api_key=key):
            return Call(handler.method, await fetching)
    finally:
        if not fetching.done():
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)
        elif not fetching.cancelled():
            # Looked at, lest the loop complain that nobody did.
            fetching.exception()
    wanted = ", ".join(handler.statuses) or "any"
    text = f"{task.input.object_id} is no longer in a status that {handler.method} supports ({wanted})"
    return Settled(TaskOutput(result="skip", message=text))


def _query(definition: EventDefinition, object_id: str, statuses: tuple[str, ...]) -> str:
    """The definition's filter with its placeholders filled in; a handler without statuses takes any."""
    template = definition.api_collection_filter
    if not statuses and "${_statuses_}" in template:
        return f"eq(id,{quote(object_id, safe='-_.~')})"
    return template.replace("${_object_id_}", quote(object_id, safe="-_.~")).replace(
        "${_statuses_}", f"({','.join(statuses)})"
    )
