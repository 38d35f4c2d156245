"""Interactive tasks: the argument travels in the task, no REST call is made.

Facts: ``reference/websocket-protocol.md`` section 6.2.
"""

from __future__ import annotations

import marshal

from connect_eaas.declarations import Declarations
from connect_eaas.protocol.messages import Task
from connect_eaas.runner import outcome
from connect_eaas.runner.handlers.call import Call, CallPlan, Settled

__all__ = ["plan"]


def plan(task: Task, declarations: Declarations) -> CallPlan:
    """Find the method; the argument is a copy, as handlers change it and the result carries the original."""
    event_type = task.input.event_type
    handler = declarations.handler_of(event_type)
    if handler is None:
        name = declarations.application.__name__
        return Settled(outcome.refused(event_type, f"{name} has no handler for {event_type}"))
    if not task.input.data:
        return Settled(outcome.refused(event_type, f"{event_type}: the task came without data"))
    # The data came as JSON, so it is plain and a tree: this copies it several times faster than `copy.deepcopy`.
    return Call(handler.method, marshal.loads(marshal.dumps(task.input.data)))  # noqa: S302  # our own bytes
