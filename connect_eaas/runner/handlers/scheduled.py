"""Scheduled tasks: the schedule is read over REST and names the method.

Facts: ``reference/websocket-protocol.md`` section 6.3.
"""

from __future__ import annotations

from connect_eaas.declarations import Declarations
from connect_eaas.protocol.messages import Task
from connect_eaas.runner import outcome
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.handlers.call import Call, CallPlan, Settled
from connect_eaas.runner.platform_api import PlatformApi

__all__ = ["plan"]


async def plan(task: Task, declarations: Declarations, configuration: Configuration, api: PlatformApi) -> CallPlan:
    """Read the schedule; it is the argument, so that the method sees its ``parameter``.

    Raises:
        ApiCallError: the call failed.
    """
    event_type, schedule_id = task.input.event_type, task.input.object_id
    schedule = await api.schedule(configuration.service_id, configuration.environment_id, schedule_id)
    method = schedule.get("method") if isinstance(schedule, dict) else None
    if not isinstance(method, str) or not method:
        return Settled(outcome.refused(event_type, f"schedule {schedule_id} names no method"))
    if declarations.schedulable_of(method) is None:
        name = declarations.application.__name__
        text = f"schedule {schedule_id} calls {method!r}, which {name} does not declare as schedulable"
        return Settled(outcome.refused(event_type, text))
    return Call(method, schedule)
