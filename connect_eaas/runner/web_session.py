"""The session of a web application: its ASGI application is built and called in this process."""

from __future__ import annotations

import asyncio

import anyio

from connect_eaas.declarations import Declarations
from connect_eaas.protocol.messages import Repository, SetupRequest
from connect_eaas.protocol.session_events import Configured
from connect_eaas.runner.errors import RunnerError
from connect_eaas.runner.handlers.web import WebCalls, use_threads
from connect_eaas.runner.handlers.web_frames import InternalHeaders
from connect_eaas.runner.sessions import Session, SessionContext
from connect_eaas.runner.web_channel import WebAnswers, WebChannel
from connect_eaas.web.application import build_app
from connect_eaas.web.inject.connections import trace_calls
from connect_eaas.web.lifespan import Life

__all__ = ["open_session", "setup_request"]


def setup_request(declarations: Declarations, version: str) -> SetupRequest:
    """What a web application tells the platform about itself (``reference/websocket-protocol.md`` section 4)."""
    descriptor = declarations.descriptor
    return SetupRequest(
        ui_modules=dict(declarations.ui_modules),
        icon=descriptor.icon,
        proxied_connect_api=declarations.proxied_connect_api or [],
        variables=[variable.as_dict() for variable in declarations.variables],
        audience=descriptor.audience,
        repository=Repository(readme_url=descriptor.readme_url, changelog_url=descriptor.changelog_url),
        runner_version=version,
    )


def open_session(context: SessionContext) -> Session:
    """Make the session."""
    limits = context.settings.limits
    use_threads(limits)
    headers = InternalHeaders(context.configuration, api_url=context.settings.api_url, agent=context.agent)

    def configured(event: Configured) -> None:
        context.configured(event)
        headers.refresh()

    trace_calls(context.spans.call_span)
    application = context.declarations.application
    life, serving = Life(build_app(application)), asyncio.Event()

    async def live() -> None:
        """Start the application after ``on_startup``, before its first call; it ends after its last one."""
        await context.ready.wait()
        async with anyio.create_task_group() as group:
            group.start_soon(life.run)
            await life.started.wait()
            if life.failure is None:
                serving.set()
            else:
                text = f"{application.__name__}: the web application could not start: {life.failure}"
                context.stop.fail(RunnerError(text))

    answers = WebAnswers(clock=context.clock, kept_s=limits.web_s)
    calls = WebCalls(
        life.call,
        headers=headers,
        limits=limits,
        answered=answers.put,
        ready=serving,
        meter=context.meter,
        spans=context.spans,
    )
    channel = WebChannel(
        settings=context.settings,
        instance_id=context.instance_id,
        setup=setup_request(context.declarations, context.version),
        calls=calls,
        answers=answers,
        configured=configured,
        stop=context.stop,
        clock=context.clock,
        live=live,
    )
    return Session(channel, calls, answers)
