"""Sessions of events applications: background work (with schedules), and interactive work."""

from __future__ import annotations

from typing import cast

from connect_eaas.client import task_headers
from connect_eaas.declarations import Declarations
from connect_eaas.protocol.messages import Repository, Schedulable, SetupRequest, Task
from connect_eaas.runner.channel import Channel, ChannelKind
from connect_eaas.runner.dispatch import Dispatcher
from connect_eaas.runner.results import Results
from connect_eaas.runner.sessions import Session, SessionContext

__all__ = ["open_session", "setup_request"]


def setup_request(declarations: Declarations, version: str) -> SetupRequest:
    """What an events application tells the platform about itself."""
    descriptor = declarations.descriptor
    return SetupRequest(
        event_subscriptions=declarations.subscriptions,
        schedulables=[
            Schedulable(method=item.method, name=item.name, description=item.description)
            for item in declarations.schedulables
        ],
        variables=[variable.as_dict() for variable in declarations.variables],
        audience=descriptor.audience,
        repository=Repository(readme_url=descriptor.readme_url, changelog_url=descriptor.changelog_url),
        runner_version=version,
    )


def open_session(context: SessionContext) -> Session:
    """Make the session; the context's kind is ``background`` or ``interactive``.

    Results of interactive work are kept in memory only: nobody waits for them after a restart.
    """
    kind = cast("ChannelKind", context.kind)
    results = Results(journal=context.journal() if kind == "background" else None, meter=context.meter)

    def headers(task: Task) -> dict[str, str]:
        return task_headers(
            agent=context.agent,
            extension_id=context.configuration.service_id or None,
            task_id=task.options.task_id,
            event_type=task.input.event_type,
            correlation_id=task.options.connect_correlation_id,
        )

    dispatcher = Dispatcher(
        kind,
        declarations=context.declarations,
        configuration=context.configuration,
        api=context.api,
        clients=context.clients,
        headers=headers,
        results=results,
        limits=context.settings.limits,
        clock=context.clock,
        ready=context.ready,
        meter=context.meter,
        spans=context.spans,
    )
    channel = Channel(
        kind,
        settings=context.settings,
        instance_id=context.instance_id,
        setup=setup_request(context.declarations, context.version),
        dispatcher=dispatcher,
        results=results,
        configured=context.configured,
        stop=context.stop,
        clock=context.clock,
    )
    return Session(channel, dispatcher, results)
